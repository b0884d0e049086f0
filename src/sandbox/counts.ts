// Checks how large a module is, before any engine compiles it.
import { type ModuleBinary, section } from "../module/binary.js";
import { type CheckedLimits, within } from "./limits.js";

const counted = [
  ["types", section.type, "types"],
  ["imports", section.import, "imports"],
  ["functions", section.function, "functions"],
  ["tables", section.table, "tables"],
  ["globals", section.global, "globals"],
  ["exports", section.export, "exports"],
  ["segments", section.element, "element segments"],
  ["segments", section.data, "data segments"],
] as const;

/**
 * Checks the counts of a module before they are read, as each import or export that is read takes a hundred bytes.
 *
 * @throws {ShmError} `ERR_SHM_GUEST_LIMIT`; `ERR_SHM_GUEST_INVALID` by {@link ModuleBinary.refuse}
 */
export function checkCounts(module: ModuleBinary, limits: CheckedLimits): void {
  for (const [key, id, what] of counted) {
    const found = module.sections.find((each) => each.id === id);
    within(limits, key, module.reader(found)?.u32() ?? 0, what);
  }
  // A group of types counts once in its section.
  within(limits, "types", module.types.length, "types");
}

/** @throws {ShmError} as {@link checkCounts} */
export function checkSizes(module: ModuleBinary, limits: CheckedLimits): void {
  for (const { locals, code, end } of module.bodies()) {
    within(limits, "functionBytes", end - code, "bytes of code in a function");
    within(limits, "locals", locals, "locals in a function");
  }
  const elements = module.elements.reduce((sum, { count }) => sum + count, 0);
  within(limits, "elements", elements, "elements in its segments");
}
