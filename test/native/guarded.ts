// What the tests of the write guard share: windows by the sysv host alone, and a wasm module that stores in every way.

import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import binaryen from "binaryen";
import type { Access, MemoryKind } from "wasm-shm";
import type { Host, Mapping, MapRequest } from "#src/host/host.js";
import { sysvHost } from "#src/host/sysv.js";
import { root, run } from "../support/child.js";
import { toolNode } from "../support/engine.js";

export const PAGE = 4096;

/** Bytes of a module with one export for each kind of store, over an imported memory. */
export function storesModule(shared: boolean): Uint8Array {
  const module = binaryen.parseText(`(module
    (import "env" "memory" (memory 0${shared ? " 65536 shared" : ""}))
    (data $bytes "\\aa\\aa\\aa\\aa")
    (func (export "store8") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
    (func (export "store32") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "load32") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store128") (param i32 i32) (v128.store (local.get 0) (i32x4.splat (local.get 1))))
    (func (export "atomicStore") (param i32 i32) (i32.atomic.store (local.get 0) (local.get 1)))
    (func (export "add") (param i32 i32) (result i32) (i32.atomic.rmw.add (local.get 0) (local.get 1)))
    (func (export "exchange") (param i32 i32 i32) (result i32)
      (i32.atomic.rmw.cmpxchg (local.get 0) (local.get 1) (local.get 2)))
    (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
    (func (export "init") (param i32) (memory.init $bytes (local.get 0) (i32.const 0) (i32.const 4)))
  )`);
  module.setFeatures(binaryen.Features.All);
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

export type Stores = Record<
  "store8" | "store32" | "load32" | "store128" | "atomicStore" | "add" | "exchange" | "fill" | "copy" | "init",
  (...numbers: number[]) => number
>;

export function storesOf(memory: WebAssembly.Memory, bytes: Uint8Array): Stores {
  const module = new WebAssembly.Module(bytes as BufferSource);
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Stores;
}

/** Maps by the host; throws if it refuses. */
export function map(host: Host, id: number, length: number, access: Access, more: Partial<MapRequest> = {}): Mapping {
  const mapping = host.map({
    id,
    offset: 0,
    length,
    access,
    into: undefined,
    memory: undefined,
    reserve: undefined,
    ...more,
  });
  if (typeof mapping === "number") throw new Error(`map: ${mapping}`);
  return mapping;
}

/** A view of a mapping's window. */
export function bytesOf({ memory, byteOffset, byteLength }: Mapping): Uint8Array {
  return new Uint8Array(memory.buffer, byteOffset, byteLength);
}

export interface Guarded {
  host: Host;
  id: number;
  mapping: Mapping;
  bytes: Uint8Array;
  /** The segment itself. */
  seen: Uint8Array;
}

/** A segment of `size` bytes that is mapped once with `access` and once to be read and written; both end with `use`. */
export function withGuarded(
  size: number,
  access: Access,
  use: (guarded: Guarded) => void,
  host = sysvHost(),
  flags = 0,
  memory: MemoryKind = "shared",
): void {
  const id = host.get(0, size, 0o1600 | flags);
  if (id < 0) throw new Error(`get: ${id}`);
  try {
    const writable = map(host, id, size, "read-write");
    const mapping = map(host, id, size, access, { memory });
    use({ host, id, mapping, bytes: bytesOf(mapping), seen: bytesOf(writable) });
    host.unmap(mapping);
    host.unmap(writable);
  } finally {
    host.remove(id);
  }
}

/** The start of a child's module: a host, a segment of `pages` pages, and a guarded mapping of it. */
export const guardedChild = (pages: number, access: Access = "read-only"): string => `
  import { sysvHost } from "#src/host/sysv.js";
  import { createRequire } from "node:module";
  import { once } from "node:events";
  import { readFileSync } from "node:fs";
  import { Worker } from "node:worker_threads";
  const probe = createRequire(process.cwd() + "/package.json")("./test/native/build/Release/wasm_shm_test.node");
  const host = sysvHost();
  const length = ${pages * PAGE};
  const id = host.get(0, length, 0o1600);
  const map = (access = "${access}", more = {}) => host.map({ id, offset: 0, length, access, into: undefined, memory: undefined, reserve: undefined, ...more });
  const bytesOf = ({ memory, byteOffset, byteLength }) => new Uint8Array(memory.buffer, byteOffset, byteLength);
  const writable = map("read-write");
  globalThis.kept = writable; // it keeps the segment; V8 13 collects a module's constant that nothing uses any more
  host.remove(id);
  const seen = bytesOf(writable);
  const mapLines = () => readFileSync("/proc/self/maps", "latin1").split("\\n").length;
`;

/** Builds the addon in a folder, without what this process preloads: Python does not start with ThreadSanitizer in it. */
export function buildAddon(folder: string): void {
  const env = { ...process.env, LD_PRELOAD: undefined };
  const { code, stderr } = run(toolNode, ["tools/addon.js", folder], { env, timeout: 240_000 });
  if (code !== 0) throw new Error(`${folder} was not built: ${stderr}`);
}

/** Builds test/native: crashes, and signal handlers that are not the addon's. */
export const buildProbe = (): void => alone("probe", () => buildAddon("test/native"));

const LONGEST_BUILD_MS = 5 * 60_000;

/** Runs the build while no other test file, each a process of its own, runs the one of that name. */
export function alone<T>(name: string, build: () => T): T {
  const lock = join(root, `build/${name}.lock`);
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > LONGEST_BUILD_MS)
      rmSync(lock, { recursive: true, force: true }); // its process was ended
    else Atomics.wait(sleep, 0, 0, 50);
  }
  try {
    return build();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
