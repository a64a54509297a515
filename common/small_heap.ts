/**
 * Options of Deno for a program that mostly waits: a small young generation costs it no time that could be measured,
 * where the one V8 takes by itself grows to several times what the program has in use. A compiled binary gets this
 * when it is compiled.
 */
export const SMALL_HEAP = "--v8-flags=--max-semi-space-size=1,--optimize-for-size";
