// Long campaigns: in `npm test` each takes a short turn; `npm run test:long` (WASM_SHM_LONG=1) runs all of it.

/** The count for this run. Only repetition may depend on it, never which cases are tried or what is asserted. */
export const campaign = (turn: number, whole: number): number => (process.env["WASM_SHM_LONG"] === "1" ? whole : turn);
