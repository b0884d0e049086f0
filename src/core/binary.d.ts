// The release build of assembly/, in hexadecimal, and its constants. tools/embed.js writes the module beside the compiled files.
export const core: string;

/** Where the limits of its memory import are: five bytes from here. */
export const memoryLimits: number;

/** The names of its functions, in the order of the table that it exports. */
export const functions: string;

/** The numbers that both sides must agree on, as the binary exports them. */
export const constants: Readonly<
  Record<
    "RECORD_COUNT" | "SCRATCH" | "SCRATCH_SIZE" | "STATE" | "WINDOW_START" | "MALFORMED" | "UNSAFE" | "FOREIGN",
    number
  >
>;
