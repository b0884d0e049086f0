// The suites of this run: those of bench/suites/suites.ts, or only those of the module that a test names.
import type { Suite } from "../suites/suites.js";

const module = process.env["WASM_SHM_BENCH_SUITES"] ?? new URL("../suites/suites.js", import.meta.url).href;

export const { suites } = (await import(module)) as { suites: Readonly<Record<string, Suite>> };
