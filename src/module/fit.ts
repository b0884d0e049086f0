// Fits what a module declares into what is free of a memory, and changes the module so that it stays there: the stack may
// move, and the size of the memory that the module sees ends before what is not its own.
import { type Body, type ModuleBinary, section } from "./binary.js";
import type { Declared, Region, Stack } from "./declared.js";
import type { Scan } from "./instructions.js";
import type { Found } from "./resize.js";
import { appended, type Contents, type Part, signed, unsigned } from "./rewrite.js";
import { I32 } from "./types.js";

const PAGE = 65_536;
const ALIGNMENT = 16; // of a stack, by the ABI

export interface Room {
  /** What the module must not touch. */
  readonly taken: readonly Region[];
  /** Bytes of the memory. */
  readonly size: number;
  /** Whether it may grow at its end. */
  readonly grows: boolean;
}

export interface Fit {
  /** Where the stack is to begin; undefined: it stays. */
  readonly stackEnd: number | undefined;
  /** The memory that the module's heap sees: pages at first, and at most. Undefined: the real one. */
  readonly heap: { readonly initial: number; readonly most: number } | undefined;
  /** All that is the module's from now on. */
  readonly claimed: readonly Region[];
}

export const overlaps = (one: Region, other: Region): boolean => one.start < other.end && other.start < one.end;

/** What is free, in order. */
function gapsOf({ taken, size }: Room): { start: number; end: number }[] {
  const gaps: { start: number; end: number }[] = [];
  let start = 0;
  for (const region of [...taken].sort((one, other) => one.start - other.start)) {
    if (region.start > start) gaps.push({ start, end: Math.min(region.start, size) });
    start = Math.max(start, region.end);
  }
  if (start < size) gaps.push({ start, end: size });
  return gaps;
}

/** Refuses a module: `reason` has the numbers, `hint` the cure. */
export type RefuseLayout = (reason: string, hint: string) => Error;

const upTo = (bytes: number): number => Math.ceil(bytes / PAGE) * PAGE;
const shown = ({ start, end }: { start: number; end: number }): string => `bytes ${start} to ${end - 1}`;

/** The reserve that has room for what ends at `end`, and for a stack that is moved behind it. */
function moreRoom({ top, stack }: Declared, room: Room, usesSize: boolean, end = 0): string {
  if (room.grows) return "attach the window at another place of the memory (into.byteOffset)";
  const moved = (stack?.movable ? stack.size : 0) + (usesSize ? PAGE : 0); // a heap needs a page at least
  return `attach({ reserve: ${upTo(Math.max(top, end, PAGE) + moved) - PAGE} }) leaves room`;
}

/** The cure for a region that lies where another is. */
function cureFor(region: Region, other: Region, declared: Declared, room: Room, usesSize: boolean): string {
  if (other.what !== CORE_PAGE) return moreRoom(declared, room, usesSize, region.end);
  return "link it for 65536 and up: -Wl,--global-base=65536, asc --memoryBase 65536";
}

/** What the first 64 KiB of an attachment's memory are called: see segment/lifetime.ts. */
const CORE_PAGE = "the core's page";

/** @throws what `refuse` makes: the module cannot be placed */
export function fit(declared: Declared, room: Room, usesSize: boolean, initial: number, refuse: RefuseLayout): Fit {
  for (const region of declared.regions) {
    const other = room.taken.find((taken) => overlaps(region, taken));
    if (other)
      throw refuse(
        `${region.what} is to lie at ${shown(region)}, and ${other.what} is at ${shown(other)}`,
        cureFor(region, other, declared, room, usesSize),
      );
    if (region.end > room.size)
      throw refuse(
        `${region.what} is to lie at ${shown(region)}, and the memory has ${room.size} bytes`,
        moreRoom(declared, room, usesSize, region.end),
      );
  }
  const gaps = gapsOf(room);
  const zone = gaps.find(({ start, end }) => declared.top > start && declared.top <= end) ??
    gaps[0] ?? { start: 0, end: 0 };
  const bottom = Math.max(zone.start, declared.top);
  const stack = declared.stack?.movable
    ? place(declared.stack, declared, room, usesSize, { start: bottom, end: zone.end }, refuse)
    : undefined;
  const isMoved = stack !== undefined && stack.end !== declared.stack?.end;
  const heapEnd = isMoved ? stack.start : zone.end;
  const isOpen = heapEnd === room.size && room.grows;
  const most = Math.floor(heapEnd / PAGE);
  const heap =
    usesSize && !isOpen ? { initial: Math.min(Math.max(initial, Math.ceil(bottom / PAGE)), most), most } : undefined;
  const claimed = [...declared.regions];
  if (stack) claimed.push(stack);
  if (usesSize && heapEnd > bottom) claimed.push({ start: bottom, end: heapEnd, what: "a module's heap" });
  return { stackEnd: isMoved ? stack.end : undefined, heap, claimed };
}

/** A place for a stack: its own, or the end of what is free. */
function place(
  stack: Stack,
  declared: Declared,
  room: Room,
  usesSize: boolean,
  free: { start: number; end: number },
  refuse: RefuseLayout,
): Region {
  const what = "a module's stack";
  const own = { start: stack.end - stack.size, end: stack.end, what };
  if (own.start >= free.start && own.end <= free.end) return own;
  const end = free.end - (free.end % ALIGNMENT);
  if (end - stack.size >= free.start) return { start: end - stack.size, end, what };
  throw refuse(
    `its stack of ${stack.size} bytes is to end at ${stack.end}, and ${free.end - free.start} bytes are free for it`,
    `${moreRoom(declared, room, usesSize)}, or -Wl,-z,stack-size=N makes it smaller`,
  );
}

const I32_TO_I32 = [0x60, 1, I32, 1, I32];

/**
 * What makes a module see another size of its memory: `initial` pages, and at most `most`. Without `heap` it sees the real one. In
 * both cases the calls that have its host grow it are answered in the module.
 */
export const heapContents = (module: ModuleBinary, scan: Scan, heap: Fit["heap"]): Contents =>
  fitContents(module, NOTHING, { stackEnd: undefined, heap, claimed: [] }, scan);

const NOTHING: Declared = { regions: [], stack: undefined, top: 0 };

/** What makes a module stay where it was fitted, besides the changes of its memory. */
export function fitContents(module: ModuleBinary, declared: Declared, { stackEnd, heap }: Fit, scan: Scan): Contents {
  const contents: Contents = new Map();
  const [resizer] = scan.resizers.size === 1 ? scan.resizers : [];
  const isResized = heap !== undefined && scan.bodies.size > 0;
  const globals = globalsWith(module, declared.stack, stackEnd, isResized ? heap.initial : undefined);
  if (globals) contents.set(section.global, globals);
  if (!isResized && resizer === undefined) return contents;
  const { types, functions } = module;
  const { globals: pages, functions: first } = module.counts;
  const size = isResized ? [0x23, ...unsigned(pages)] : [0x3f, 0];
  const grow = isResized ? [0x10, ...unsigned(first)] : [0x40, 0];
  const added = isResized ? [growBody(size, pages, heap.most)] : [];
  const instead = { size, grow, resize: [0x10, ...unsigned(first + added.length)] };
  if (resizer !== undefined) added.push(resizeBody(resizer, size, grow));
  contents.set(section.type, appended(module, section.type, I32_TO_I32));
  const typed = added.map(() => unsigned(types.length));
  contents.set(section.function, appended(module, section.function, ...typed));
  const bodies = [...module.bodies()].map((body) => changed(module, body, scan, instead));
  contents.set(section.code, [unsigned(functions.length + added.length), ...bodies.flat(), ...added.flatMap(sized)]);
  return contents;
}

const sized = (content: readonly number[]): readonly number[][] => [unsigned(content.length), [...content]];

/** The globals, with the stack's start changed, and behind them one for the pages that the heap sees. */
function globalsWith(
  module: ModuleBinary,
  stack: Stack | undefined,
  stackEnd: number | undefined,
  pages: number | undefined,
): Part[] | undefined {
  if (stackEnd === undefined && pages === undefined) return undefined;
  const { bytes, globals } = module;
  const found = module.sections.find(({ id }) => id === section.global);
  const reader = module.reader(found);
  reader?.u32();
  const start = reader?.position ?? 0;
  const end = found?.end ?? 0;
  const pointer = stack && globals[stack.global - module.imported("global")]?.constant;
  const parts: Part[] = [unsigned(globals.length + (pages === undefined ? 0 : 1))];
  if (stackEnd === undefined || pointer === undefined) parts.push(bytes.subarray(start, end));
  else
    parts.push(
      bytes.subarray(start, pointer.start),
      [0x41, ...signed(BigInt.asIntN(32, BigInt(stackEnd)))],
      bytes.subarray(pointer.end, end),
    );
  if (pages !== undefined) parts.push([I32, 1, 0x41, ...signed(BigInt(pages)), 0x0b]);
  return parts;
}

/** A function with other instructions in the place of those that ask for the memory's size, or for more of it. */
function changed(module: ModuleBinary, body: Body, scan: Scan, instead: Readonly<Record<Found["kind"], Part>>): Part[] {
  const found = scan.bodies.get(body.code) ?? [];
  const parts: Part[] = [];
  let position = body.start;
  for (const { kind, start, end } of found) {
    parts.push(module.bytes.subarray(position, start), instead[kind]);
    position = end;
  }
  parts.push(module.bytes.subarray(position, body.end));
  return [unsigned(parts.reduce((length, part) => length + part.length, 0)), ...parts];
}

/** memory.grow on a number of pages: their number before, or -1 if there would be more than `most`. */
function growBody(get: readonly number[], pages: number, most: number): number[] {
  const more = [0x20, 0];
  return [
    0, // no locals
    ...[...more, 0x41, ...signed(BigInt(most)), ...get, 0x6b, 0x4b], // more > most - pages, unsigned
    ...[0x04, 0x40, 0x41, 0x7f, 0x0f, 0x0b], // if: return -1
    ...get,
    ...[...get, ...more, 0x6a, 0x24, ...unsigned(pages)], // pages += more
    0x0b,
  ];
}

/** What a host does that is asked for a memory of so many bytes: 1, or 0 if it cannot grow. For less, the import is called. */
function resizeBody(resizer: number, size: readonly number[], grow: readonly number[]): number[] {
  const [bytes, wanted] = [
    [0x20, 0],
    [0x20, 1],
  ] as const;
  return [
    ...[1, 1, I32], // a local: the pages that are wanted, which are bytes / 64 KiB, rounded up
    ...[...bytes, 0x41, 16, 0x76, ...bytes, 0x41, ...signed(0xffffn), 0x71, 0x41, 0, 0x47, 0x6a, 0x22, 1],
    ...[...size, 0x4d], // wanted <= size, unsigned
    ...[0x04, I32, ...bytes, 0x10, ...unsigned(resizer)],
    ...[0x05, ...wanted, ...size, 0x6b, ...grow, 0x41, 0x7f, 0x47, 0x0b],
    0x0b,
  ];
}
