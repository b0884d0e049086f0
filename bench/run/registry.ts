// The suites that this run has: bench/suites/suites.ts, or the module that a test names, whose suites it alone uses.
import type { Suite } from "../suites/suites.js";

const module = process.env["WASM_SHM_BENCH_SUITES"] ?? new URL("../suites/suites.js", import.meta.url).href;

export const { suites } = (await import(module)) as { suites: Readonly<Record<string, Suite>> };
