import { seed } from "cc-ci";
import { Client } from "./chat.ts";

seed(async (marker) => await (await Client.logIn()).keepNote("seeded", marker));
