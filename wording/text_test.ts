import assert from "node:assert/strict";
import stringWidth from "string-width";
import { shorten, truncate, wrap } from "./text.ts";

Deno.test("truncate() leaves what fits, and cuts the rest to an ellipsis in the last column", () => {
  assert.equal(truncate("abcd", 4), "abcd");
  assert.equal(truncate("abcde", 4), "abc…");
  assert.equal(truncate("", 4), "");
  assert.equal(truncate("abc", 1), "…");
});

Deno.test("truncate() counts columns: wide characters are two, marks and joined signs none of their own", () => {
  assert.equal(truncate("日本語", 6), "日本語");
  assert.equal(truncate("日本語", 5), "日本…");
  assert.equal(truncate("日本語", 4), "日…");
  assert.equal(truncate("e\u0301e\u0301e\u0301", 3), "e\u0301e\u0301e\u0301");
  assert.equal(truncate("👩‍👩‍👧‍👦 ok", 5), "👩‍👩‍👧‍👦 ok");
  assert.equal(truncate("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3), "👩‍👩‍👧‍👦…", "a family is not taken apart");
});

Deno.test("truncate() never gives more columns than asked for", () => {
  const text = "a日e\u0301👩‍👩‍👧‍👦🇩🇪한글ｱﾊﾞ✅❌⚠️1️⃣ end";
  for (let width = 1; width < 40; width++) {
    assert.ok(stringWidth(truncate(text, width)) <= width, String(width));
  }
});

Deno.test("wrap() breaks lines at spaces where the next word does not fit any more", () => {
  assert.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrap("日本 日本 日本", 9), ["日本 日本", "日本"]);
  assert.deepEqual(wrap("unbreakable words", 5), ["unbreakable", "words"]);
  assert.deepEqual(wrap("a\n\nb", 5), ["a", "", "b"]);
});

Deno.test("shorten() counts letters, whatever their width", () => {
  assert.equal(shorten("日本語", 3), "日本語");
  assert.equal(shorten("日本語日", 3), "日本…");
});
