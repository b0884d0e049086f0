// With canaries on both sides of a window: no operation, with any argument, changes one, or another cursor.
import * as assert from "uvu/assert";
import { type Attachment, type Cursor, localHost } from "wasm-shm";
import type { Core } from "#src/core/core.js";
import { jsCore } from "#src/core/js.js";
import { wasmCore } from "#src/core/wasm.js";
import { WASM_PAGE, WINDOW_START } from "#src/memory/layout.js";
import { attachments } from "#src/segment/attachment.js";
import { suite } from "../../suite.js";
import { atCursor, cursorOperations, rangeOperations } from "../../support/operations.js";
import { randomBytes } from "../../support/pairs.js";

const CANARY = 0xc5;
const CALLS = 300; // of a method, from each of the positions
const positions = [0, 1, 3320, 3333, 3334, 2 ** 32, Number.MAX_SAFE_INTEGER];
const SIZE = 3333;

const cores: [name: string, core: Core, wasm: boolean][] = [
  ["wasm", wasmCore({}), true],
  ["js", jsCore({}), false],
];

/** An attachment of a window at a place of the test's choice, which no host would choose. */
function attachmentOf(core: Core, memory: WebAssembly.Memory, byteOffset: number, byteLength: number): Attachment {
  return attachments.make(
    { id: 0, size: byteLength },
    { host: localHost(), core, engine: {}, streams: undefined },
    { memory, byteOffset, byteLength, address: 0n, pageSize: 1, memoryOf: "mapping" },
    { access: "read-write", reserve: undefined },
  );
}

/** All kinds of arguments. */
function argumentsOver(attachment: Attachment, other: Attachment): unknown[] {
  const { bytes } = attachment;
  const over = (start: number, length: number): Uint8Array => bytes.subarray(start, start + length);
  return [
    ...[
      0,
      1,
      2,
      7,
      16,
      100,
      255,
      3000,
      3325,
      SIZE - 1,
      SIZE,
      SIZE + 1,
      12_288,
      65_536,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32 - 1,
    ],
    ...[
      2 ** 32,
      2 ** 32 + 1,
      2 ** 53 - 1,
      2 ** 53,
      -1,
      -SIZE,
      -(2 ** 31),
      0.5,
      -0,
      1e300,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ],
    ...[0n, 1n, -1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n],
    ...[
      "",
      "a",
      "\0",
      "日本語",
      "\ud800",
      "x".repeat(SIZE),
      "x".repeat(20_000),
      "crc32",
      "crc32c",
      "adler32",
      "xxh64",
      "xxh3",
    ],
    ...[
      undefined,
      null,
      true,
      false,
      {},
      { fatal: true },
      [],
      [1, 2, 3],
      new Array<number>(4000).fill(2 ** 40),
      () => 1,
    ],
    ...[Uint8Array, Int16Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, Array],
    ...[
      new Uint8Array(0),
      randomBytes(1),
      randomBytes(100),
      randomBytes(SIZE),
      randomBytes(SIZE + 1),
      randomBytes(30_000),
    ],
    ...[
      new Uint16Array(50),
      new Float32Array(1666),
      new Float64Array(416),
      new BigUint64Array(417),
      new Float32Array(10_000),
    ],
    ...[over(0, 10), over(5, 3000), over(SIZE - 9, 9), bytes, attachment, other],
  ];
}

for (const [name, core, isWasm] of cores) {
  const guard = suite(`Canaries beside a window [${name}]`);
  const memory = new WebAssembly.Memory({ initial: 5 });
  const start = WINDOW_START + 4096 + 64; // no host puts one at such a place: nothing around it is whole pages
  const attachment = attachmentOf(core, memory, start, SIZE);
  const farAway = attachmentOf(core, memory, 4 * WASM_PAGE, 100);
  const all = new Uint8Array(memory.buffer);
  const cursor = attachment.cursor();
  const bystanders = [attachment, farAway, attachment].map((from, index) => {
    const bystander = from.cursor();
    bystander.seek(17 * index);
    return bystander;
  });
  const pool = argumentsOver(attachment, farAway);
  let state = 0x2545f491;
  const any = (): unknown => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return pool[(state >>> 0) % pool.length];
  };

  /** Calls a method many times with any arguments; every refusal must have a code. Returns how many calls succeeded. */
  function attack(method: string, target: Cursor | Attachment): number {
    let done = 0;
    const call = (target as unknown as Record<string, (...values: unknown[]) => unknown>)[method];
    for (const position of positions) {
      attachment.bytes.set(position === 0 ? new Uint8Array(SIZE) : randomBytes(SIZE, position + 1));
      for (let count = 0; count < CALLS; count++) {
        cursor.seek(position);
        // Seldom more than a method takes, which it refuses at once.
        const values = [any(), any(), any(), any()].slice(0, count % 50 === 0 ? 4 : count % 4);
        try {
          call?.apply(target, values);
          done++;
        } catch (error) {
          // The stack of each refusal takes Deno over 300 s in place of 9 s: only a stray error's is read.
          const stray = error as Error & { code?: string };
          if (!stray.code?.startsWith("ERR_"))
            assert.unreachable(`${method}(${values.map(String).join()}): ${stray.stack}`);
        }
      }
    }
    return done;
  }

  const beside = [all.subarray(isWasm ? WASM_PAGE : 0, start), all.subarray(start + SIZE)];
  const properties = ["position", "remaining"];

  for (const [target, methods] of [
    [cursor, cursorOperations.filter((method) => !properties.includes(method))],
    [attachment, rangeOperations],
  ] as const)
    for (const method of methods)
      guard(`${method} changes none`, () => {
        for (const bytes of beside) bytes.fill(CANARY);
        const done = attack(method, target);
        assert.ok(done > 0, "no call of it did anything");
        for (const bytes of beside)
          assert.is(
            bytes.findIndex((byte) => byte !== CANARY),
            -1,
          );
        bystanders.forEach((bystander, index) => {
          assert.is(bystander.position, 17 * index);
          assert.is(bystander.size, index === 1 ? 100 : SIZE);
        });
        assert.is(bystanders[1]?.readChunk(1)[0], CANARY);
      });

  guard("the operations that write do so between them", () => {
    for (const bytes of beside) bytes.fill(CANARY);
    const written = Object.entries(atCursor).filter(([title, use]) => {
      attachment.bytes.fill(CANARY);
      cursor.reset();
      try {
        use(cursor);
      } catch {
        assert.ok(title.startsWith("read"), title); // such bytes are not a varint, frame or text
      }
      return attachment.bytes.some((byte) => byte !== CANARY);
    });
    assert.equal(
      written.map(([title]) => title),
      Object.keys(atCursor).filter((title) => title.startsWith("write")),
    );
  });
  guard.run();
}
