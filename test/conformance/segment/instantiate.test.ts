// Modules in an attachment's memory, on every pair of host and core: what fits works beside the window, and what does not is
// refused before a byte of the memory has changed.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as assert from "uvu/assert";
import type { Attachment, AttachOptions, ModuleImports, ModuleSource } from "wasm-shm";
import { type Built, built } from "../../module/built.js";
import { suite } from "../../suite.js";
import { inFolder } from "../../support/folder.js";
import { code, nativePairs, pairs } from "../../support/pairs.js";

const PAGE = 65_536;
const SIZE = 100_000;
const RESERVE = 4 * PAGE;

interface Exports {
  get(at: number): number;
  put(at: number, value: number): void;
  pages(): number;
  more(pages: number): number;
  push(value: number): number;
  memory?: WebAssembly.Memory;
}

const run = async (attachment: Attachment, module: ModuleSource, imports?: ModuleImports): Promise<Exports> =>
  (await attachment.instantiate(module, imports)).exports as unknown as Exports;

async function rejects(use: () => Promise<unknown>, expected: (error: unknown) => boolean): Promise<void> {
  await use().then(
    () => assert.unreachable("it was not refused"),
    (error: unknown) => assert.ok(expected(error)),
  );
}

/** All of the memory but the core's page. */
const outside = ({ memory }: Attachment): Uint8Array => new Uint8Array(memory.buffer).slice(PAGE);

const fitting: Record<string, Built> = {
  "a plain import": { imports: "plain" },
  "a plain import with a maximum below the memory's": { imports: "plain", maximum: 2 },
  "a plain import of more pages than there are": { imports: "plain", initial: 1000 },
  "a shared import": { imports: "shared", maximum: 1 },
  "a memory of its own": {},
  "a memory of its own with a maximum": { maximum: 1 },
  "static data behind the core's page": { imports: "plain", initial: 2, data: [[PAGE, 1000]] },
  "data to the last byte before the window": { initial: 5, data: [[PAGE + RESERVE - 10, 10]] },
  "data that its code copies": { imports: "shared", initial: 2, copied: [PAGE + 16, 100] },
  "a stack behind its data": { imports: "plain", data: [[PAGE, 100]], globals: { __stack_pointer: 2 * PAGE } },
};

const refused: Record<string, [Built, RegExp]> = {
  "data in the core's page": [
    { data: [[1024, 10]] },
    /data segment 0 .* 1024 to 1033.*core's page.*--global-base=65536/,
  ],
  "one byte in the core's page": [{ data: [[PAGE - 1, 1]] }, /core's page/],
  "one byte in the window": [{ data: [[PAGE + RESERVE, 1]] }, /327680 to 327680.*reserve: 393216/],
  "data around the window": [{ data: [[PAGE, 600_000]] }, /reserve: 720896/],
  "data past the memory": [{ data: [[0xfffffff0, 8]] }, /4294967280 to 4294967287/],
  "data that its code copies into the core's page": [{ imports: "shared", copied: [1024, 8] }, /its code.*core's page/],
  "data that its code copies into the window": [{ imports: "shared", copied: [PAGE + RESERVE, 8] }, /its code/],
  "a stack behind its data that reaches the window": [
    { data: [[PAGE, 100]], globals: { __stack_pointer: PAGE + RESERVE + 16 } },
    /its stack \(global 0\).*reserve: 393216/,
  ],
  "zeros that its data end tells": [
    { data: [[PAGE, 4]], globals: { __data_end: PAGE + RESERVE + 4 } },
    /its static data .* 65536 to 327683/,
  ],
  "a heap base in the window": [{ data: [[PAGE, 4]], globals: { __heap_base: PAGE + RESERVE + 8 } }, /__heap_base/],
};

/** (import "env" "base" (global i32)) (import "env" "memory" (memory 1)) (data (global.get 0) "abcd") */
const dataAtImport = Uint8Array.from(
  Buffer.from(
    "0061736d01000000021b0203656e760462617365037f0003656e76066d656d6f72790200010b0a010023000b0461626364",
    "hex",
  ),
);

for (const { name, native, withSegment } of pairs) {
  const instantiate = suite(`Attachment.instantiate [${name}]`);
  const kinds: AttachOptions[] = native
    ? [{}, { memory: "plain" }, { access: "copy-on-write" }, { access: "read-only" }]
    : [{}, { access: "copy-on-write" }];

  for (const [what, wanted] of Object.entries(fitting))
    instantiate(`${what}: works on the window, and keeps out of it`, async () => {
      for (const options of kinds)
        await withSegment(SIZE, async (segment) => {
          const attachment = segment.attach({ ...options, reserve: RESERVE });
          const { byteOffset, memory } = attachment;
          const writer = options.access === "read-only" ? undefined : attachment;
          writer?.fill(9);
          const before = attachment.checksum("crc32");
          const exports = await run(attachment, built(wanted));
          assert.is(exports.get(byteOffset + 1), writer ? 9 : 0);
          if (exports.memory) assert.is(exports.memory, memory);
          for (let count = 0; count < 100; count++) {
            const at = exports.push(count);
            if (wanted.globals) assert.ok(at >= PAGE && at < byteOffset);
          }
          assert.is(attachment.checksum("crc32"), before);
          if (writer) {
            exports.put(byteOffset + SIZE - 1, 5);
            assert.is(attachment.bytes[SIZE - 1], 5);
          }
          attachment.cursor().readUint8(); // the core's page is as it was
        });
    });

  for (const [what, [wanted, message]] of Object.entries(refused))
    instantiate(`${what}: is refused, and nothing has changed`, () =>
      withSegment(SIZE, async (segment) => {
        const attachment = segment.attach({ reserve: RESERVE });
        attachment.fill(9);
        const before = outside(attachment);
        await rejects(() => run(attachment, built(wanted)), code("ERR_SHM_MODULE_LAYOUT", message));
        assert.ok(Buffer.compare(outside(attachment), before) === 0);
        attachment.cursor().readUint8();
        await run(attachment, built()); // and nothing is claimed
      }),
    );

  instantiate("moves a stack that would lie in the core's page or in the window", async () => {
    for (const [end, told, data] of [
      [66_560, "names", []], // wasm-ld's default: all of it, as there is no data
      [66_560, "stripped", []],
      [PAGE, "names", [[PAGE, 100]]], // --stack-first
      [PAGE, "exports", [[PAGE, 100]]],
      [2 * PAGE, "names", [[2 * PAGE, 100]]],
    ] as const)
      await withSegment(SIZE, async (segment) => {
        const attachment = segment.attach({ reserve: RESERVE });
        const imports = "plain";
        const exports = await run(attachment, built({ imports, data, told, globals: { __stack_pointer: end } }));
        assert.is(exports.push(1), attachment.byteOffset - 16);
        for (let count = 1; count < end / 16 && count < 4000; count++) assert.ok(exports.push(count) >= PAGE + 100);
        assert.is(attachment.sum(Uint8Array), 0);
        attachment.cursor();
      });
  });

  instantiate("a stack that fits nowhere is refused with the reserve that it needs", () =>
    withSegment(SIZE, async (segment) => {
      const module = built({ data: [[PAGE, 100]], globals: { __stack_pointer: PAGE } });
      const attachment = segment.attach({ reserve: PAGE });
      await rejects(
        () => run(attachment, module),
        code("ERR_SHM_MODULE_LAYOUT", /65436 bytes are free.*reserve: 196608/),
      );
      attachment.detach();
      await run(segment.attach({ reserve: 131_072 }), module);
    }),
  );

  instantiate("a heap sees a memory that ends before the window", () =>
    withSegment(SIZE, async (segment) => {
      const attachment = segment.attach({ reserve: RESERVE });
      const exports = await run(attachment, built({ imports: "plain", initial: 2, data: [[PAGE, 10]] }));
      assert.is(exports.pages(), 2);
      assert.is(exports.more(0), 2);
      assert.is(exports.more(3), 2);
      assert.is(exports.pages(), 5);
      assert.is(exports.pages() * PAGE, attachment.byteOffset);
      assert.is(exports.more(1), -1);
      assert.is(exports.more(-1), -1);
      assert.is(exports.more(0), 5);
    }),
  );

  instantiate("reads each import once: the engine gets what was checked", () =>
    withSegment(SIZE, async (segment) => {
      const attachment = segment.attach({ reserve: RESERVE });
      for (const source of [dataAtImport, new WebAssembly.Module(dataAtImport)]) {
        let reads = 0;
        const env = {
          get base(): number {
            return reads++ === 0 ? PAGE : attachment.byteOffset;
          },
        };
        const isBytes = source === dataAtImport;
        await attachment.instantiate(source, { env }).catch(isBytes ? undefined : () => {}); // it imports a plain memory
        assert.is(reads, 1);
        assert.ok(attachment.bytes.every((byte) => byte === 0));
        if (isBytes) assert.is(outside(attachment)[0], 0x61);
      }
    }),
  );

  instantiate("a second instance is refused where the first is, and placed elsewhere", () =>
    withSegment(SIZE, async (segment) => {
      const attachment = segment.attach({ reserve: RESERVE });
      const at = (start: number): Uint8Array<ArrayBuffer> => built({ data: [[start, 100]], heap: false });
      await run(attachment, at(PAGE));
      await rejects(() => run(attachment, at(PAGE + 99)), code("ERR_SHM_MODULE_LAYOUT", /another instance/));
      await run(attachment, at(PAGE + 100));
      const both = [run(attachment, at(PAGE + 200)), run(attachment, at(PAGE + 250))];
      const [first, second] = await Promise.allSettled(both);
      assert.equal([first?.status, second?.status].sort(), ["fulfilled", "rejected"]);
    }),
  );

  instantiate("takes bytes of every kind, URLs, responses and compiled modules", () =>
    inFolder((folder) =>
      withSegment(SIZE, async (segment) => {
        const attachment = segment.attach({ reserve: RESERVE });
        const bytes = built({ imports: native ? "shared" : "plain" });
        const file = join(folder, "module.wasm");
        writeFileSync(file, bytes);
        const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
        shared.set(bytes);
        const sources: ModuleSource[] = [
          bytes,
          bytes.buffer,
          new DataView(bytes.buffer),
          shared,
          shared.buffer,
          Buffer.from(bytes),
          pathToFileURL(file),
          new URL(`data:application/wasm;base64,${Buffer.from(bytes).toString("base64")}`),
          new Response(bytes),
          Promise.resolve(new Response(bytes)),
          new WebAssembly.Module(bytes),
        ];
        attachment.fill(3);
        for (const source of sources) {
          const other = segment.attach({ reserve: RESERVE });
          assert.is((await run(other, source)).get(other.byteOffset), 3);
          other.detach();
        }
        attachment.bytes.set(bytes);
        assert.is((await run(attachment, attachment.bytes.subarray(0, bytes.length))).get(attachment.byteOffset), 0);
      }),
    ),
  );

  instantiate("refuses what is not a module, and says why", () =>
    withSegment(SIZE, async (segment) => {
      const attachment = segment.attach();
      const invalid = (message: RegExp) => code("ERR_SHM_MODULE_INVALID", message);
      for (const value of [undefined, null, 5, "module.wasm", {}, []])
        await rejects(() => run(attachment, value as unknown as ModuleSource), code("ERR_INVALID_ARG_TYPE", /a URL/));
      await rejects(() => run(attachment, new Uint8Array(3)), invalid(/cannot be read/));
      await rejects(() => run(attachment, new Response("", { status: 404 })), invalid(/404/));
      await rejects(() => run(attachment, new URL("http://127.0.0.1:1/")), invalid(/127.0.0.1:1\/ was not answered/));
      const broken = built().slice(0, -5);
      await rejects(() => run(attachment, broken), invalid(/./));
      await rejects(() => run(attachment, new WebAssembly.Module(built())), invalid(/imports 0 memories.*bytes/));
      const wrong = new WebAssembly.Module(built({ imports: native ? "plain" : "shared" }));
      await rejects(() => run(attachment, wrong), code("ERR_SHM_MODULE_IMPORT", /give the module's bytes/));
      await rejects(
        () => run(attachment, built(), 5 as unknown as ModuleImports),
        code("ERR_INVALID_ARG_TYPE", /imports/),
      );
      const { memory } = attachment;
      await run(attachment, built({ imports: "plain" }), { env: { memory } });
      const other = { env: { memory: new WebAssembly.Memory({ initial: 1 }) } };
      await rejects(
        () => run(attachment, built({ imports: "plain" }), other),
        code("ERR_INVALID_ARG_VALUE", /env\.memory/),
      );
      attachment.detach();
      await rejects(() => run(attachment, built()), code("ERR_SHM_DETACHED"));
      const late = segment.attach();
      const pending = run(late, built());
      late.detach();
      await rejects(() => pending, code("ERR_SHM_DETACHED"));
    }),
  );

  instantiate.run();
}

for (const { name, withSegment } of nativePairs) {
  const into = suite(`Attachment.instantiate in a memory of the caller's [${name}]`);

  into("keeps out of every window there, and may grow behind the last", () =>
    withSegment(SIZE, async (segment) => {
      const memory = new WebAssembly.Memory({ initial: 10, maximum: 20 });
      const attachment = segment.attach({ into: { memory, byteOffset: 4096 } });
      segment.attach({ into: { memory, byteOffset: 5 * PAGE } });
      for (const at of [4096, 4096 + SIZE - 1, 5 * PAGE, 5 * PAGE + SIZE - 1])
        await rejects(
          () => run(attachment, built({ data: [[at, 1]] })),
          code("ERR_SHM_MODULE_LAYOUT", /into\.byteOffset/),
        );
      const exports = await run(attachment, built({ data: [[8 * PAGE, 10]], initial: 9 }));
      assert.is(exports.pages(), 10);
      assert.is(exports.more(3), 10);
      assert.is(memory.buffer.byteLength, 13 * PAGE);
      attachment.fill(1);
      assert.is(exports.get(4096), 1);
      const low = await run(attachment, built({ data: [[1024, 10]] }));
      assert.is(low.more(5), -1);
    }),
  );

  into.run();
}
