import { read } from "cc-ci";
import { accounts } from "./account.ts";

read(() => accounts());
