// Hashes over a window, in place, and those of hash-wasm, which only read a buffer of their own. Each is compared with its package's
// own API, with node:crypto or with another package.
import { createHash, pbkdf2Sync, randomBytes, scryptSync } from "node:crypto";
import * as assert from "uvu/assert";
import { api, embeddedIn, imports, lettersOf, textOf } from "./packages.js";
import { equal, jobs, over, type Windows } from "./windows.js";

const message = new Uint8Array(randomBytes(100_003));
const hashes = jobs("Hashes of npm", ["process"]);
const everywhere = jobs("Hashes of npm, everywhere", ["process", "thread", "inline"]);

interface XxHash {
  h32Raw(bytes: Uint8Array, seed: number): number;
  h64Raw(bytes: Uint8Array, seed: bigint): bigint;
}
everywhere("xxhash-wasm", "xxhash-wasm/workerd/xxhash.wasm", async (kind, wasm) => {
  const own = await api<() => Promise<XxHash>>("xxhash-wasm")();
  await over(kind, wasm, { message }, {}, async ({ sandbox, place, number }) => {
    assert.is((await number("xxh32", ...place("message"), 7)) >>> 0, own.h32Raw(message, 7));
    const found = (await sandbox.call("xxh64", ...place("message"), 7n)) as bigint;
    assert.is(BigInt.asUintN(64, found), own.h64Raw(message, 7n));
  });
});

for (const [name, script] of [
  ["libsodium", "libsodium/dist/modules/libsodium.js"],
  ["libsodium-sumo", "libsodium-sumo/dist/modules-sumo/libsodium-sumo.js"],
] as const)
  everywhere(
    name,
    () => embeddedIn(script)[0] as Uint8Array<ArrayBuffer>,
    async (kind, wasm) => {
      const letter = lettersOf(script);
      const key = new Uint8Array(randomBytes(32));
      await over(
        kind,
        wasm,
        { message, key, room: { bytes: 64 } },
        { imports: imports(wasm, {}, () => 0) },
        async (windows) => {
          const { number, place, contents } = windows;
          const [room] = place("room");
          const [at, length] = place("message");
          const HIGH = 0; // a 64-bit length comes in two halves
          assert.is(await number(letter("crypto_hash_sha3256"), room, at, length, HIGH), 0);
          equal(contents("room").subarray(0, 32), createHash("sha3-256").update(message).digest());
          assert.is(await number(letter("crypto_generichash"), room, 64, at, length, HIGH, 0, 0), 0);
          equal(contents("room"), createHash("blake2b512").update(message).digest());
        },
      );
    },
  );

interface HashWasm extends Record<string, (bytes: Uint8Array, ...more: unknown[]) => Promise<string>> {
  argon2id(options: object): Promise<string>;
}

for (const file of ["argon2", "argon2-simd"])
  hashes(`argon2-browser's ${file}`, `argon2-browser/dist/${file}.wasm`, async (kind, wasm) => {
    const letter = lettersOf("argon2-browser/dist/argon2.js");
    const [password, salt] = [message.subarray(0, 500), message.subarray(500, 516)];
    const expected = await api<HashWasm>("hash-wasm").argon2id({
      ...{ password, salt, iterations: 2, memorySize: 64, parallelism: 1, hashLength: 32, outputType: "hex" },
    });
    const inputs = { password, salt, room: { bytes: 32 } };
    let windows: Windows | undefined;
    // Its import a is emscripten_memcpy_big, which its host does. Its import b would grow the memory.
    const given = {
      async a(target: number, source: number, length: number) {
        const { sandbox } = windows as Windows;
        await sandbox.write(await sandbox.bytes(source, length), { pointer: target });
      },
    };
    await over(kind, wasm, inputs, { imports: imports(wasm, given) }, async (all) => {
      windows = all;
      const [ARGON2ID, VERSION] = [2, 0x13];
      const out = [...all.place("room"), 0, 0, ARGON2ID, VERSION];
      const passed = [...all.place("password"), ...all.place("salt")];
      assert.is(await all.number(letter("argon2_hash"), 2, 64, 1, ...passed, ...out), 0);
      assert.is(Buffer.from(all.contents("room")).toString("hex"), expected);
    });
  });

/** Its modules by name, out of its script. */
function hashWasm(name: string): Uint8Array<ArrayBuffer> {
  const text = textOf("hash-wasm/dist/index.umd.js");
  const found = new RegExp(`name\\S* = "${name}";\\s*(?:const|let|var) data\\S* = "([^"]+)"`).exec(text)?.[1];
  if (found === undefined) throw new Error(`hash-wasm has no ${name}`);
  return Uint8Array.from(Buffer.from(found, "base64"));
}

/** Of what it reads at once. */
const CHUNK = 16_384;
const XXH_SEED = new Uint8Array(8);
const ECMA = Uint8Array.from(Buffer.from("c96c5795d7870f42", "hex").reverse());

/** The API's name, the module's, what Hash_Init and Hash_Final take, the digest's bytes, and what is in the buffer before. */
const digests: [name: string, module: string, init: number, final: number, bytes: number, first?: Uint8Array][] = [
  ["adler32", "adler32", 0, 0, 4],
  ["blake2b", "blake2b", 512, 0, 64],
  ["blake2s", "blake2s", 256, 0, 32],
  ["blake3", "blake3", 0, 32, 32],
  ["crc32", "crc32", 0xedb88320, 0, 4],
  ["crc64", "crc64", 0, 0, 8, ECMA],
  ["md4", "md4", 0, 0, 16],
  ["md5", "md5", 0, 0, 16],
  ["ripemd160", "ripemd160", 0, 0, 20],
  ["sha1", "sha1", 0, 0, 20],
  ["sha3", "sha3", 512, 6, 64],
  ["keccak", "sha3", 512, 1, 64],
  ["sha256", "sha256", 256, 0, 32],
  ["sha512", "sha512", 512, 0, 64],
  ["sm3", "sm3", 0, 0, 32],
  ["whirlpool", "whirlpool", 0, 0, 64],
  ["xxhash32", "xxhash32", 0, 0, 4],
  ["xxhash64", "xxhash64", 0, 0, 8, XXH_SEED],
  ["xxhash3", "xxhash3", 0, 0, 8, XXH_SEED],
  ["xxhash128", "xxhash128", 0, 0, 16, XXH_SEED],
];

for (const [name, module, init, final, bytes, first] of digests)
  hashes(
    `hash-wasm's ${name}`,
    () => hashWasm(module),
    async (kind, wasm) => {
      const expected = await (api<HashWasm>("hash-wasm")[name] as HashWasm[string])(message);
      await over(kind, wasm, { message }, {}, async ({ sandbox, number }) => {
        const pointer = await number("Hash_GetBuffer");
        if (first) await sandbox.write(first, { pointer });
        await sandbox.call("Hash_Init", init);
        for (let start = 0; start < message.length; start += CHUNK) {
          const chunk = message.subarray(start, start + CHUNK);
          await sandbox.write(chunk, { pointer });
          await sandbox.call("Hash_Update", chunk.length);
        }
        await sandbox.call("Hash_Final", final);
        assert.is(Buffer.from(await sandbox.bytes(pointer, bytes)).toString("hex"), expected);
      });
    },
  );

hashes(
  "hash-wasm's scrypt, which grows its memory",
  () => hashWasm("scrypt"),
  (kind, wasm) =>
    over(kind, wasm, { message }, {}, async ({ sandbox, number }) => {
      const [N, r, p] = [1024, 8, 2];
      const salt = "salt";
      const blocks = pbkdf2Sync(message, salt, 1, 128 * r * p, "sha256");
      await sandbox.call("Hash_GetBuffer"); // which it makes
      await sandbox.call("Hash_SetMemorySize", blocks.length + 128 * r * N + 256 * r);
      const pointer = await number("Hash_GetBuffer");
      await sandbox.write(blocks, { pointer });
      await sandbox.call("scrypt", r, N, p);
      const found = pbkdf2Sync(message, await sandbox.bytes(pointer, blocks.length), 1, 64, "sha256");
      equal(found, scryptSync(message, salt, 64, { N, r, p }));
      assert.ok(sandbox.memory.used > 128 * r * N);
    }),
);

hashes.run();
everywhere.run();
