// How V8 replaces its first, quickly compiled code of a function by optimized code. On Node 20 a guest could crash the
// process through that.
import { nodeV8 } from "../host/builtin.js";

export const NO_TIER_UP = "--no-wasm-dynamic-tiering";

/** Whether this engine is one that can crash so. */
export const tierUpCrashes = Number.parseInt(process.versions.v8, 10) < 12;

/**
 * Turns V8's dynamic tiering off in versions in which it can crash the process.
 *
 * Before V8 12 a loop in baseline code that has run for a while calls Runtime_WasmTriggerTierUp. That call first serves
 * interrupts, such as a garbage collection, and then reads the instance at its old address. If the collection moved it,
 * the process crashes. A guest can bring that about if it fills the heap from such a loop, by table.grow.
 *
 * Without dynamic tiering no code has that call: each function gets optimized code in the background after its first
 * call, not once it has proved hot. The flag applies to the whole process, and V8 reads it when it compiles a module;
 * modules compiled before keep their code. A process that was started with it need not load node:v8: 2 ms.
 */
export function avoidTierUpCalls(): void {
  if (tierUpCrashes && !process.execArgv.includes(NO_TIER_UP)) nodeV8().setFlagsFromString(NO_TIER_UP);
}
