import { test } from "cc-ci";
import { logIn } from "./account.ts";

test("people log in at the provider after a restore", async () => void await logIn("grace"));
