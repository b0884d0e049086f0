// The release builds of assembly/, in base64; tools/embed.js writes the module beside the compiled files.
export const plain: string;
/** With 128-bit vectors. */
export const simd: string;
