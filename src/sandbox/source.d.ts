// What a guest's thread or process runs: main.ts and all that it imports, as one script. tools/bundle.js writes the module
// beside the compiled files.
export const source: string;
