// How V8 goes from its first, quick code of a function to its best: on Node 20 a guest could crash the process by it.
import { setFlagsFromString } from "node:v8";

/**
 * Until V8 12 a loop in quick code that has run for a while calls Runtime_WasmTriggerTierUp, which serves interrupts first,
 * a garbage collection among them, and then reads the instance at its old address: it crashes where the collection moved
 * it. A guest that fills the heap from such a loop, by table.grow, can bring that about. Without dynamic tiering no code has that call:
 * each function gets its best code in the background after its first call, not once it has proved hot. The flag is the
 * process's, read when a module is compiled; modules that it had before keep theirs.
 */
export function avoidTierUpCalls(): void {
  if (Number.parseInt(process.versions.v8, 10) < 12) setFlagsFromString("--no-wasm-dynamic-tiering");
}
