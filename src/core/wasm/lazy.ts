// The core's functions by their names. The binary exports one table of them, which tools/embed.js makes: of each export an
// engine makes a JS function whenever it instantiates, and of a table's when it is first asked for. With 77 exports the first
// cursor of a second attachment took 140 to 190 us, with the table 75 to 85 (Node 20 and 26, x86-64).
import { functions } from "../binary.js";
import type { Exports } from "./exports.js";

/** What the binary exports. */
export interface Table {
  readonly functions: { get(index: number): unknown };
  readonly fault: Exports["fault"];
}

type Call = (...values: unknown[]) => unknown;
type Made = Record<string, unknown> & { table: unknown; fault: unknown };

/** In the table's order. */
export const functionNames: readonly string[] = functions.split(" ");

/**
 * Each function as it is before its first call, which puts the real one in its place. It is called as a method: `this` has the
 * table. JSON.parse gives the object, and so its copies, one shape with a place for each name: V8 inlines a call of a
 * function that it finds in such a place, and does not if a getter returns it.
 */
const unmade = JSON.parse(`{"table":null,"fault":null,"${functionNames.join('":null,"')}":null}`) as Made;
for (const [index, name] of functionNames.entries())
  unmade[name] = function (this: Made, ...values: unknown[]): unknown {
    const made = (this.table as Table["functions"]).get(index) as Call;
    this[name] = made;
    return made(...values);
  };

/** The functions of one instance, each made when it is first called. */
export function lazyExports({ functions: table, fault }: Table): Exports {
  const made = { ...unmade };
  made.table = table;
  made.fault = fault;
  return made as unknown as Exports;
}
