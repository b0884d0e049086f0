// The allocators of real modules, until they have no memory left: none of their blocks lies in a window, and one that is given
// a window to free does not give it back.
import * as assert from "uvu/assert";
import { at } from "../sandbox/sandboxes.js";
import { embeddedIn, fileOf, imports, lettersOf } from "./packages.js";
import { jobs, over, type Windows } from "./windows.js";

const MIB = 2 ** 20;
const LIMIT = 32 * MIB;
const heaps = jobs("Heaps of npm", ["process"]);

interface Heap {
  readonly wasm: () => Uint8Array<ArrayBuffer>;
  /** Allocates, and frees. */
  readonly malloc: (windows: Windows, bytes: number) => Promise<number>;
  readonly free: (windows: Windows, pointer: number, bytes: number) => Promise<unknown>;
}

const c = (malloc: string, free: string): Pick<Heap, "malloc" | "free"> => ({
  malloc: ({ number }, bytes) => number(malloc, bytes),
  free: ({ sandbox }, pointer) => sandbox.call(free, pointer),
});
const bindgen: Pick<Heap, "malloc" | "free"> = {
  malloc: ({ number }, bytes) => number("__wbindgen_malloc", bytes, 1),
  free: ({ sandbox }, pointer, bytes) => sandbox.call("__wbindgen_free", pointer, bytes, 1),
};
const sodium = lettersOf("libsodium/dist/modules/libsodium.js");
const sql = lettersOf("sql.js/dist/sql-wasm.js");
const zstd = lettersOf("@bokuweb/zstd-wasm/dist/common/zstd.js");

const guests: Record<string, Heap> = {
  "emscripten: libsodium": {
    wasm: () => embeddedIn("libsodium/dist/modules/libsodium.js")[0] as Uint8Array<ArrayBuffer>,
    ...c(sodium("malloc"), sodium("free")),
  },
  "emscripten: sql.js": { wasm: () => fileOf("sql.js/dist/sql-wasm.wasm"), ...c(sql("malloc"), sql("free")) },
  "emscripten: zstd-wasm": {
    wasm: () => fileOf("@bokuweb/zstd-wasm/dist/common/zstd.wasm"),
    ...c(zstd("malloc"), zstd("free")),
  },
  "emscripten, which imports env.memory: sqlite-wasm": {
    wasm: () => fileOf("@sqlite.org/sqlite-wasm/sqlite-wasm/jswasm/sqlite3.wasm"),
    ...c("malloc", "free"),
  },
  "sqlite's own": {
    wasm: () => fileOf("@sqlite.org/sqlite-wasm/sqlite-wasm/jswasm/sqlite3.wasm"),
    ...c("sqlite3_malloc", "sqlite3_free"),
  },
  "wasi-libc: llhttp": {
    wasm: () => embeddedIn("undici/lib/llhttp/llhttp-wasm.js")[0] as Uint8Array<ArrayBuffer>,
    ...c("malloc", "free"),
  },
  "Rust: brotli-wasm": { wasm: () => fileOf("brotli-wasm/pkg.node/brotli_wasm_bg.wasm"), ...bindgen },
  "Rust: @jsquash/oxipng": { wasm: () => fileOf("@jsquash/oxipng/codec/pkg/squoosh_oxipng_bg.wasm"), ...bindgen },
};

/** Allocates until there is no memory: 0, or a trap. Stores at both ends of each block, which none may have in a window. */
async function filled(windows: Windows, { malloc }: Heap, bytes: number): Promise<number[]> {
  const { sandbox } = windows;
  const blocks: number[] = [];
  for (;;) {
    const block = (await malloc(windows, bytes).catch(() => 0)) >>> 0;
    if (block === 0) return blocks;
    for (const name of ["read", "room"]) {
      const [start, length] = windows.place(name);
      assert.ok(block + bytes <= start || block >= start + length, `the block at ${block} lies in the window ${name}`);
    }
    assert.ok(block + bytes <= at(sandbox, "read"), `the block at ${block} lies behind the windows`);
    for (const end of [block, block + bytes - 8]) await sandbox.write(new Uint8Array(8).fill(0xa5), { pointer: end });
    blocks.push(block);
  }
}

for (const [name, heap] of Object.entries(guests))
  heaps(`${name}: a full heap has no block in a window`, heap.wasm, async (kind, wasm) => {
    const read = new Uint8Array(100_003).fill(7);
    const options = { imports: imports(wasm, {}, () => -44), memoryLimit: LIMIT };
    await over(kind, wasm, { read, room: { bytes: 70_001 } }, options, async (windows) => {
      const { sandbox } = windows;
      const first = await filled(windows, heap, MIB);
      assert.ok(first.length * MIB > LIMIT / 2, `${first.length} blocks`);
      // Windows that are freed do not come back.
      const error = await heap.free(windows, ...windows.place("room")).catch(({ code }: { code: string }) => code);
      assert.ok(error === undefined || error === "ERR_SHM_GUEST_TRAP", String(error));
      for (const block of first.slice(0, first.length / 2)) await heap.free(windows, block, MIB);
      const second = await filled(windows, heap, 300_000);
      assert.ok(second.length * 300_000 > LIMIT / 5, `${second.length} blocks`);
      assert.ok(sandbox.memory.used <= LIMIT);
      assert.ok(windows.contents("room").every((byte) => byte === 0));
    });
  });
heaps.run();
