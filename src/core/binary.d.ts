/** The release build of assembly/, in base64; assembly/embed.js writes the module beside the compiled files. */
export const base64: string;
