import { halves, playMatrix } from "./play_matrix.ts";

playMatrix(halves[1]);
