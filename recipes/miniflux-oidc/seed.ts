import { seed } from "cc-ci";
import { logIn } from "./account.ts";

/** Who logs in has an account from then on, which is called as the run's marker is. */
seed(async (marker) => void await logIn(marker));
