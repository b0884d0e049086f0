// A module whose imported tables, globals and tags are its own: as declared, and empty. Imported ones have the first indices,
// so the new definitions are put before those that the module has, and no index changes.
import { type Import, type ModuleBinary, section } from "./binary.js";
import { type Part, unsigned, withContents } from "./rewrite.js";
import { F32, F64, I32, I64, V128, type ValueType } from "./types.js";

const END = 0x0b;

/** The constant that a global or a table of this type begins with: zero, or a null reference. Undefined: it has none. */
function zero(type: ValueType): number[] | undefined {
  if (type === I32) return [0x41, 0, END];
  if (type === I64) return [0x42, 0, END];
  if (type === F32) return [0x43, 0, 0, 0, 0, END];
  if (type === F64) return [0x44, ...new Array<number>(8).fill(0), END];
  if (type === V128) return [0xfd, 12, ...new Array<number>(16).fill(0), END];
  return typeof type === "number" ? [0xd0, type, END] : undefined; // of the longer forms, one cannot be null
}

/** Places that a linker chooses. With a stack at 0 the first push is at the end of 4 GiB. https://github.com/WebAssembly/tool-conventions */
const PLACES = /^__(stack_pointer|memory_base|table_base|tls_base)$/;

const kinds = [
  ["table", section.table],
  ["global", section.global],
  ["tag", section.tag],
] as const;

/**
 * The module without imports of tables, globals and tags; itself if it has none.
 *
 * @throws what `refuse` makes: one is of a type that has no zero
 */
export function withDefinitions(module: ModuleBinary, refuse: (reason: string) => Error): Uint8Array<ArrayBuffer> {
  const { bytes, imports, sections } = module;
  const isMade = ({ kind }: Import): boolean => kinds.some(([made]) => made === kind);
  if (!imports.some(isMade)) return bytes as Uint8Array<ArrayBuffer>; // as its caller gave them
  const kept = imports.filter((imported) => !isMade(imported));
  const contents = new Map<number, Part[]>([
    [section.import, [unsigned(kept.length), ...kept.map(({ start, end }) => bytes.subarray(start, end))]],
  ]);
  for (const [kind, id] of kinds) {
    const made = imports.filter((imported) => imported.kind === kind);
    if (made.length === 0) continue;
    const definitions = made.flatMap((imported): Part[] => {
      const type = bytes.subarray(imported.typeAt, imported.end);
      if (imported.kind !== "global" && imported.kind !== "table") return [type];
      if (PLACES.test(imported.name))
        throw refuse(
          `it imports ${imported.module}.${imported.name}, a place that is chosen as it is linked; link it as a program, not as a shared library`,
        );
      const value = zero(imported.kind === "global" ? imported.global.type : imported.table.element);
      if (value === undefined)
        throw refuse(`it imports ${imported.module}.${imported.name}, a ${kind} of references that cannot be null`);
      return imported.kind === "global" ? [type, value] : [type];
    });
    const found = sections.find((each) => each.id === id);
    const reader = module.reader(found);
    const count = reader?.u32() ?? 0;
    const rest = reader && found ? bytes.subarray(reader.position, found.end) : [];
    contents.set(id, [unsigned(made.length + count), ...definitions, rest]);
  }
  return withContents(module, contents);
}
