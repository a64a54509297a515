/**
 * Options of Deno for a program that waits most of the time. V8's young generation, which holds new objects, would by
 * itself grow to several times what such a program has in use; a small one costs no time that could be measured. A
 * compiled binary takes no such options at its start: they have to be given to `deno compile`.
 */
export const SMALL_HEAP = "--v8-flags=--max-semi-space-size=1,--optimize-for-size";
