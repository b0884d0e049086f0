// Preloaded into a process of an engine that cannot be started as `node FILE` is: Deno, and a processor that qemu emulates.
// Children are started by the script that started this process.
const executable = process.env["WASM_SHM_EXECUTABLE"];
if (executable !== undefined) process.execPath = executable;

export {};
