// The process that import.ts starts: imports one module, and tells the processor time that it took until then, from its
// start on, and whether the module exports a name. Arguments: the module, and the name.
import type { Imported } from "./import.js";

const [, , specifier, name] = process.argv as [string, string, string, string];

const module = (await import(specifier)) as Record<string, unknown>;
const { user, system } = process.cpuUsage();
const imported: Imported = { nanoseconds: (user + system) * 1000, has: name in module };
process.stdout.write(JSON.stringify(imported));
