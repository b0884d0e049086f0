// Compressors over a window, in place. What each makes of it, another implementation takes back, or the package's own API makes
// the same.
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import type { Isolation } from "wasm-shm";
import { rejects } from "../sandbox/sandboxes.js";
import { api, imports, lettersOf } from "./packages.js";
import { bindgen, equal, jobs, over, text, type Windows } from "./windows.js";

const plain = text(200_000);

/** Runs `use` over the plain bytes and packed ones. */
const codec = (
  kind: Isolation,
  wasm: Uint8Array<ArrayBuffer>,
  packed: Uint8Array,
  use: (windows: Windows) => Promise<void>,
): Promise<void> => {
  const given = {
    __wbindgen_is_undefined: () => 1,
    __wbindgen_is_object: () => 0,
    __wbindgen_object_drop_ref: () => 0,
  };
  return over(kind, wasm, { plain, packed, room: { bytes: 400_000 } }, { imports: imports(wasm, given) }, use);
};

const compressors = jobs("Compressors of npm", ["process"]);

compressors("brotli-wasm", "brotli-wasm/pkg.node/brotli_wasm_bg.wasm", (kind, wasm) =>
  codec(kind, wasm, brotliCompressSync(plain), async (windows) => {
    equal(await bindgen(windows, "decompress", ...windows.place("packed")), plain);
    const NO_OPTIONS = 0;
    const [at, length] = windows.place("plain");
    equal(brotliDecompressSync(await bindgen(windows, "compress", at, length, NO_OPTIONS)), plain);
  }),
);

compressors("brotli-dec-wasm", "brotli-dec-wasm/pkg/brotli_dec_wasm_bg.wasm", (kind, wasm) =>
  codec(kind, wasm, brotliCompressSync(plain), async ({ sandbox, place }) => {
    const [pointer, length] = (await sandbox.call("decompress", ...place("packed"))) as [number, number];
    equal(await sandbox.bytes(pointer, length), plain);
  }),
);

interface Lz4 {
  compress(bytes: Uint8Array): Uint8Array;
}
compressors("lz4-wasm-nodejs", "lz4-wasm-nodejs/lz4_wasm_nodejs_bg.wasm", (kind, wasm) => {
  const packed = api<Lz4>("lz4-wasm-nodejs").compress(plain);
  return codec(kind, wasm, packed, async (windows) => {
    equal(await bindgen(windows, "compress", ...windows.place("plain")), packed);
    equal(await bindgen(windows, "decompress", ...windows.place("packed")), plain);
  });
});

interface Snappy {
  compress_raw(bytes: Uint8Array): Uint8Array;
}
compressors("snappy-wasm", "snappy-wasm/cjs/snappy_bg.wasm", (kind, wasm) => {
  const packed = api<Snappy>("snappy-wasm").compress_raw(plain);
  return codec(kind, wasm, packed, async (windows) => {
    equal(await bindgen(windows, "compress_raw", ...windows.place("plain")), packed);
    equal(await bindgen(windows, "decompress_raw", ...windows.place("packed")), plain);
  });
});

/** An older wasm-bindgen returns by a fixed place. */
const RETURNED = 8;
// Its allocator is wee_alloc, which stores into what it is given to free.
compressors(
  "wasm-flate, over bytes of its own as it frees what it is given",
  "wasm-flate/wasm_flate_bg.wasm",
  (kind, wasm) =>
    codec(kind, wasm, gzipSync(plain), async ({ sandbox, place }) => {
      await rejects(() => sandbox.call("gzip_decode_raw", RETURNED, ...place("packed")), "ERR_SHM_READ_ONLY");
      const call = async (name: string, bytes: Uint8Array): Promise<Uint8Array> => {
        await sandbox.call(name, RETURNED, ...(await sandbox.write(bytes)));
        const [pointer = 0, length = 0] = new Int32Array((await sandbox.bytes(RETURNED, 8)).slice().buffer);
        return sandbox.bytes(pointer, length);
      };
      equal(gunzipSync(await call("gzip_encode_raw", plain)), plain);
    }),
);

interface Zstd {
  init(): Promise<void>;
  compress(bytes: Uint8Array, level: number): Uint8Array;
}
compressors("@bokuweb/zstd-wasm", "@bokuweb/zstd-wasm/dist/common/zstd.wasm", async (kind, wasm) => {
  const zstd = api<Zstd>("@bokuweb/zstd-wasm");
  await zstd.init();
  const packed = zstd.compress(plain, 3);
  const letter = lettersOf("@bokuweb/zstd-wasm/dist/common/zstd.js");
  await codec(kind, wasm, packed, async ({ place, number, contents }) => {
    const [room, size] = place("room");
    // From a window into a window.
    const made = await number(letter("ZSTD_compress"), room, size, ...place("plain"), 3);
    equal(contents("room").subarray(0, made), packed);
    const got = await number(letter("ZSTD_decompress"), room, size, ...place("packed"));
    equal(contents("room").subarray(0, got), plain);
  });
});

compressors.run();
