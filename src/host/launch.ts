// How a process is started that will confine itself: native/confine/launch.cc.
import { basename, dirname } from "node:path";
import type { Host } from "./host.js";
import { addonFileOf } from "./sysv.js";

export interface Launch {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** LD_PRELOAD splits at these, and has no way to quote them. */
const SEPARATORS = /[\s:]/;

/**
 * The folder and the environment for `spawn`. The process then has no inherited descriptor past 3, no environment, and
 * namespaces of its own if the system allows them; it dies with the thread that starts it.
 *
 * @param host whose addon is loaded first; without one the process gets nothing but an empty environment
 */
export function launch(host: Host): Launch {
  const file = addonFileOf(host);
  // io_uring's kernel threads would work past every filter: libuv made them unasked in Node 20.3 to 20.5.
  const env = { UV_USE_IO_URING: "0" };
  if (file === undefined || SEPARATORS.test(basename(file))) return { cwd: "/", env };
  // The folder's name may have separators.
  return {
    cwd: dirname(file),
    env: { ...env, LD_PRELOAD: `./${basename(file)}`, WASM_SHM_RUNNER_OF: String(process.pid) },
  };
}
