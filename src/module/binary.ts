// A module's bytes, section by section: what it imports, declares and exports. Read before the engine runs any of it.
// https://webassembly.github.io/spec/core/binary/modules.html
import { type Constant, constant } from "./constant.js";
import { type Counts, Reader, type Refuse } from "./reader.js";
import {
  type FunctionType,
  type GlobalType,
  globalType,
  type Limits,
  limits,
  most,
  type TableType,
  tableType,
  tagType,
  typeSection,
  valueType,
} from "./types.js";

/** Ids of sections. */
export const section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** The sections in the order that the format has them in. Custom ones may be anywhere. */
export const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

export interface Section {
  readonly id: number;
  /** A custom section's name; else empty. */
  readonly name: string;
  /** Where its id is, where its content begins (a custom one's behind its name), and where it ends: bytes. */
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

export type ImportedType =
  /** `type` is the index of a type. */
  | { readonly kind: "function" | "tag"; readonly type: number }
  | { readonly kind: "table"; readonly table: TableType }
  | { readonly kind: "memory"; readonly memory: Limits }
  | { readonly kind: "global"; readonly global: GlobalType };

/** Where the entry is in the module, and its type behind the names and the kind: bytes. */
export type Import = ImportedType & {
  readonly module: string;
  readonly name: string;
  readonly start: number;
  readonly typeAt: number;
  readonly end: number;
};

export interface Export {
  readonly name: string;
  readonly kind: "function" | "table" | "memory" | "global" | "tag";
  /** Among all of its kind, the imported ones first. */
  readonly index: number;
}

export interface Global extends GlobalType {
  readonly constant: Constant;
}

export interface Table extends TableType {
  /** Undefined: it begins with null references. */
  readonly constant: Constant | undefined;
}

/** A data segment. */
export interface Data {
  /** Undefined: it is passive, and copied by instructions only. */
  readonly offset: Constant | undefined;
  readonly memory: number;
  /** Where its bytes are in the module. */
  readonly start: number;
  readonly end: number;
}

/** An element segment. */
export interface Elements {
  readonly mode: "active" | "passive" | "declared";
  readonly table: number;
  readonly offset: Constant | undefined;
  readonly count: number;
}

export interface Body {
  /** The locals that it declares, in addition to its parameters. */
  readonly locals: number;
  /** Where its locals, its instructions and its end are in the module: bytes. */
  readonly start: number;
  readonly code: number;
  readonly end: number;
}

const kinds = ["function", "table", "memory", "global", "tag"] as const;

function kindOf(reader: Reader): (typeof kinds)[number] {
  const kind = kinds[reader.byte()];
  if (kind === undefined) throw reader.wrong("an unknown kind of import or export");
  return kind;
}

function importedType(reader: Reader): ImportedType {
  const kind = kindOf(reader);
  if (kind === "function") return { kind, type: reader.index("types") };
  if (kind === "tag") return { kind, type: tagType(reader) };
  if (kind === "table") return { kind, table: tableType(reader) };
  return kind === "memory" ? { kind, memory: limits(reader) } : { kind, global: globalType(reader) };
}

function importEntry(reader: Reader): Import {
  const start = reader.position;
  const module = reader.name();
  const name = reader.name();
  const typeAt = reader.position + 1;
  return { module, name, ...importedType(reader), start, typeAt, end: reader.position };
}

const TABLE_WITH_INITIALIZER = 0x40;

function tableEntry(reader: Reader): Table {
  if (reader.peek() !== TABLE_WITH_INITIALIZER) return { ...tableType(reader), constant: undefined };
  reader.byte();
  if (reader.byte() !== 0) throw reader.wrong("an unknown kind of table");
  return { ...tableType(reader), constant: constant(reader) };
}

const PASSIVE = 1;
const WITH_INDEX = 2;

function dataEntry(reader: Reader): Data {
  const flags = reader.u32();
  if (flags > WITH_INDEX) throw reader.wrong("an unknown kind of data segment");
  const memory = flags === WITH_INDEX ? reader.u32() : 0;
  const offset = flags === PASSIVE ? undefined : constant(reader);
  const length = reader.u32();
  const start = reader.position;
  reader.skip(length);
  return { offset, memory, start, end: reader.position };
}

const EXPRESSIONS = 4;

function elementEntry(reader: Reader): Elements {
  const flags = reader.u32();
  if (flags > 7) throw reader.wrong("an unknown kind of element segment");
  const mode = (flags & PASSIVE) === 0 ? "active" : (flags & WITH_INDEX) === 0 ? "passive" : "declared";
  const table = mode === "active" && (flags & WITH_INDEX) !== 0 ? reader.u32() : 0;
  const offset = mode === "active" ? constant(reader) : undefined;
  const isTyped = (flags & (PASSIVE | WITH_INDEX)) !== 0;
  if (isTyped && (flags & EXPRESSIONS) !== 0) valueType(reader);
  else if (isTyped && reader.byte() !== 0) throw reader.wrong("an unknown kind of element");
  const count = reader.count("elements", most.elements);
  for (let rest = count; rest > 0; rest--)
    if (flags & EXPRESSIONS) constant(reader);
    else reader.index("functions");
  return { mode, table, offset, count };
}

function exportEntry(reader: Reader): Export {
  const name = reader.name();
  const kind = kindOf(reader);
  const counted = kind === "function" ? "functions" : kind === "global" ? "globals" : undefined;
  return { name, kind, index: counted ? reader.index(counted) : reader.u32() };
}

/** Of `locals`, runs of one type, the number of all. */
function localsOf(reader: Reader): number {
  let locals = 0;
  for (let runs = reader.count("runs of locals", most.locals); runs > 0; runs--) {
    locals += reader.u32();
    valueType(reader);
    if (locals > most.locals) throw reader.wrong(`more than ${most.locals} locals`);
  }
  return locals;
}

/**
 * A module. Its sections are found by the constructor, and each is read when it is first asked for. Types are not checked:
 * that is for the engine. Nothing is trusted either: a length, a count or a number that does not fit the bytes, or the index of a
 * type, a function or a global that the module lacks, is the caller's error.
 */
export class ModuleBinary {
  readonly sections: readonly Section[];
  /** Imported ones included. */
  readonly counts: Counts = new LazyCounts(this);
  readonly #read = new Map<number, unknown>();

  /**
   * @param bytes of a module. No other thread may change them: pass a copy of shared ones
   * @param refuse makes the error if they are not a module
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly refuse: Refuse,
  ) {
    const reader = new Reader(bytes, 0, bytes.length, "the module", refuse);
    for (const byte of HEADER) if (reader.byte() !== byte) throw reader.wrong("not the header of WebAssembly 1");
    const sections: Section[] = [];
    this.sections = sections;
    for (let last = -1; !reader.done; ) {
      const start = reader.position;
      const id = reader.byte();
      const content = reader.sub(reader.u32(), `section ${id}`);
      const name = id === section.custom ? content.name() : "";
      if (sections.length === most.sections) throw reader.wrong(`more than ${most.sections} sections`);
      sections.push({ id, name, start, content: content.position, end: content.end });
      if (id === section.custom) continue;
      const order = ORDER.indexOf(id);
      if (order <= last) throw reader.wrong(order < 0 ? `an unknown section, ${id},` : `section ${id} out of order`);
      last = order;
    }
  }

  get types(): readonly (FunctionType | undefined)[] {
    return this.#section(section.type, typeSection, []);
  }

  get imports(): readonly Import[] {
    return this.#list(section.import, "imports", most.imports, importEntry);
  }

  /** The type of each function that it defines: an index. */
  get functions(): readonly number[] {
    return this.#list(section.function, "functions", most.functions, (reader) => reader.index("types"));
  }

  get tables(): readonly Table[] {
    return this.#list(section.table, "tables", most.tables, tableEntry);
  }

  get memories(): readonly Limits[] {
    return this.#list(section.memory, "memories", most.memories, limits);
  }

  /** The type of each tag that it defines: an index. */
  get tags(): readonly number[] {
    return this.#list(section.tag, "tags", most.tags, tagType);
  }

  get globals(): readonly Global[] {
    return this.#list(section.global, "globals", most.globals, (reader) => ({
      ...globalType(reader),
      constant: constant(reader),
    }));
  }

  get exports(): readonly Export[] {
    return this.#list(section.export, "exports", most.exports, exportEntry);
  }

  /** The index of the function that the engine calls at the instantiation. */
  get start(): number | undefined {
    return this.#section(section.start, (reader) => reader.index("functions"), undefined);
  }

  get elements(): readonly Elements[] {
    return this.#list(section.element, "element segments", most.segments, elementEntry);
  }

  get data(): readonly Data[] {
    return this.#list(section.data, "data segments", most.segments, dataEntry);
  }

  /** The bodies of its functions, one at a time: there may be a million. */
  *bodies(): Generator<Body> {
    const reader = this.reader(this.sections.find(({ id }) => id === section.code));
    if (reader === undefined) return;
    for (let count = reader.count("functions", most.functions); count > 0; count--) {
      const body = reader.sub(reader.u32());
      const start = body.position;
      const locals = localsOf(body);
      yield { locals, start, code: body.position, end: body.end };
    }
    reader.finish();
  }

  /** The custom sections of a name. */
  customs(name: string): Section[] {
    return this.sections.filter((found) => found.id === section.custom && found.name === name);
  }

  /** What is in a section. */
  reader(of: Section | undefined): Reader | undefined {
    if (of === undefined) return undefined;
    const part = of.id === section.custom ? "a custom section" : `section ${of.id}`;
    const counts = of.id === section.type ? undefined : this.counts; // which it decides
    return new Reader(this.bytes, of.content, of.end, part, this.refuse, counts);
  }

  /** The instructions of a function. */
  code({ code, end }: Body): Reader {
    return new Reader(this.bytes, code, end, "a function", this.refuse, this.counts);
  }

  /** The type of a function; undefined if it is not one of a function. */
  typeOf(index: number): FunctionType | undefined {
    const imported = this.imports.flatMap((each) => (each.kind === "function" ? [each.type] : []));
    return this.types[imported[index] ?? this.functions[index - imported.length] ?? -1];
  }

  /** How many of a kind it imports: they have the first indices. */
  imported(kind: Import["kind"]): number {
    return this.imports.reduce((count, { kind: each }) => (each === kind ? count + 1 : count), 0);
  }

  #list<T>(id: number, what: string, limit: number, entry: (reader: Reader, index: number) => T): readonly T[] {
    return this.#section(id, (reader) => reader.list(what, limit, (index) => entry(reader, index)), []);
  }

  /** A section that is there is read once, and to its end. */
  #section<T>(id: number, read: (reader: Reader) => T, absent: T): T {
    if (this.#read.has(id)) return this.#read.get(id) as T;
    const reader = this.reader(this.sections.find((each) => each.id === id));
    const value = reader === undefined ? absent : read(reader);
    reader?.finish();
    this.#read.set(id, value);
    return value;
  }
}

/** Each is counted when it is first asked for: that reads sections, in which the others are asked for. */
class LazyCounts implements Counts {
  readonly #module: ModuleBinary;
  #types: number | undefined;
  #functions: number | undefined;
  #globals: number | undefined;

  constructor(module: ModuleBinary) {
    this.#module = module;
  }

  get types(): number {
    this.#types ??= this.#module.types.length;
    return this.#types;
  }

  get functions(): number {
    this.#functions ??= this.#module.imported("function") + this.#module.functions.length;
    return this.#functions;
  }

  get globals(): number {
    this.#globals ??= this.#module.imported("global") + this.#module.globals.length;
    return this.#globals;
  }
}
