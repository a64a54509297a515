import { read } from "cc-ci";
import { Client } from "./chat.ts";

read(async () => await (await Client.logIn()).note("seeded"));
