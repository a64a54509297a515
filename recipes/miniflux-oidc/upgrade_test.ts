import { test } from "cc-ci";
import { logIn } from "./account.ts";

test("people log in at the provider after an upgrade", async () => void await logIn("grace"));
