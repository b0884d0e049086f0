// What a guest's thread runs: worker.ts and all that it imports, as one script. tools/bundle.js writes the module beside the
// compiled files.
export const source: string;
