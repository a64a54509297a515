/** Version of this suite, as results name it. */
export const SUITE_VERSION = "0.1.0";
