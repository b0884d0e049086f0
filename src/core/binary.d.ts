// The release build of assembly/, in base64. tools/embed.js writes the module beside the compiled files.
export const core: string;
