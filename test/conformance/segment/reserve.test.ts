// Private pages for a module of the caller's, between the core's page and the window, on every pair of host and core.
import * as assert from "uvu/assert";
import type { Attachment, AttachOptions } from "wasm-shm";
import { suite } from "../../suite.js";
import { code, nativePairs, pairs } from "../../support/pairs.js";

const PAGE = 4096;
const WASM_PAGE = 65_536;

/** The bytes of a part of the memory. */
const part = ({ memory }: Attachment, start: number, end: number): Uint8Array =>
  new Uint8Array(memory.buffer, start, end - start);

for (const { name, native, shm, withSegment, withAttachment } of pairs) {
  const reserve = suite(`attach({ reserve }) [${name}]`);

  for (const [bytes, rounded] of [
    [0, 0],
    [1, WASM_PAGE],
    [WASM_PAGE, WASM_PAGE],
    [WASM_PAGE + 1, 2 * WASM_PAGE],
    [4 << 20, 4 << 20],
  ] as const)
    reserve(`of ${bytes} bytes leaves ${rounded} before the window, whatever the segment's size`, () => {
      for (const size of [1, 3333, WASM_PAGE, 1_000_000])
        withAttachment(
          size,
          (attachment) => {
            assert.is(attachment.byteOffset, WASM_PAGE + rounded);
            assert.is(attachment.byteLength, size);
            assert.ok(part(attachment, WASM_PAGE, WASM_PAGE + rounded).every((byte) => byte === 0));
          },
          { reserve: bytes },
        );
    });

  reserve("is the process's own, and no part of the window", () => {
    withAttachment(
      3333,
      (attachment, segment) => {
        const cursor = attachment.cursor();
        cursor.writeAll(new Uint8Array(3333).fill(5));
        part(attachment, WASM_PAGE, attachment.byteOffset).fill(9);
        assert.is(attachment.sum(Uint8Array), 5 * 3333);
        assert.is(attachment.checksum("crc32"), segment.attach().checksum("crc32"));
        assert.throws(() => cursor.seek(-1), code("ERR_SHM_OUT_OF_BOUNDS"));
        attachment.fill(6);
        assert.ok(part(attachment, WASM_PAGE, attachment.byteOffset).every((byte) => byte === 9));
        if (!native) return;
        const other = segment.attach({ reserve: WASM_PAGE });
        assert.ok(part(other, WASM_PAGE, other.byteOffset).every((byte) => byte === 0));
        assert.is(other.sum(Uint8Array), 6 * 3333);
      },
      { reserve: 2 * WASM_PAGE },
    );
  });

  reserve("stands beside every access mode, kind of memory, offset and length", () => {
    withSegment(4 * PAGE, (segment) => {
      const first = segment.attach({ reserve: 70_000 });
      first.bytes.forEach((_, index) => {
        first.bytes[index] = index >> 12;
      });
      const others: AttachOptions[] = [
        { access: "read-only" },
        { access: "copy-on-write" },
        { memory: "plain" },
        { memory: "plain", access: "copy-on-write" },
      ];
      for (const options of others)
        for (const [offset, length] of [
          [0, 4 * PAGE],
          [PAGE, 2 * PAGE],
          [3 * PAGE, PAGE],
        ] as const) {
          const attachment = segment.attach({ ...options, offset, length, reserve: 70_000 });
          assert.ok(attachment.byteOffset >= WASM_PAGE + 2 * WASM_PAGE);
          assert.is(attachment.byteLength, length);
          assert.is(attachment.bytes[0], offset >> 12);
          assert.is(attachment.max(Uint8Array), (offset + length - 1) >> 12);
          attachment.discard();
          attachment.detach();
        }
    });
  });

  reserve("of a size that cannot be is refused, and nothing is attached", () => {
    withSegment(PAGE, (segment) => {
      for (const bytes of [-1, 0.5, Number.NaN, 2 ** 32, 2 ** 32 - 2 * WASM_PAGE + 1, 2 ** 53])
        assert.throws(() => segment.attach({ reserve: bytes }), code("ERR_OUT_OF_RANGE", /options\.reserve/));
      for (const bytes of ["1", null, 1n, true])
        assert.throws(
          () => segment.attach({ reserve: bytes as unknown as number }),
          code("ERR_INVALID_ARG_TYPE", /options\.reserve/),
        );
      const into = { memory: new WebAssembly.Memory({ initial: 4 }), byteOffset: 0 };
      assert.throws(() => segment.attach({ into, reserve: 1 }), code("ERR_INVALID_ARG_VALUE", /options\.reserve/));
      if (native) segment.attach({ into, reserve: 0 }).detach();
      assert.is(segment.stat().nattch, 0);
    });
  });

  if (!native)
    reserve("of the first attach is that of all, until none is left", () => {
      withSegment(PAGE, (segment) => {
        segment.write(Uint8Array.of(7));
        const refusal = code("EINVAL", /has 0 bytes of reserve, and 65536 are asked for.*first attach decides/);
        assert.throws(() => segment.attach({ reserve: 1 }), refusal);
        const other = shm.open(segment.id);
        segment.detach(segment.attach());
        assert.throws(() => other.attach({ reserve: 1 }), refusal);
      });
      withSegment(PAGE, (segment) => {
        const first = segment.attach();
        first.bytes[1] = 8;
        first.detach();
        const second = segment.attach({ reserve: 1 });
        assert.is(second.byteOffset, 2 * WASM_PAGE);
        assert.is(second.bytes[1], 8);
        assert.is(segment.attach().byteOffset, 2 * WASM_PAGE);
      });
    });

  reserve.run();
}

for (const { name, withSegment } of nativePairs) {
  const several = suite(`Several segments in one memory [${name}]`);

  several("a reserve has room for windows of others; the core's page and the window have not", () => {
    withSegment(PAGE, (first) =>
      withSegment(3 * PAGE, (second) => {
        const { memory, byteOffset, cursor, bytes } = Object.assign(first.attach({ reserve: WASM_PAGE }));
        assert.type(cursor, "function");
        for (const place of [0, WASM_PAGE - PAGE, WASM_PAGE + 14 * PAGE, byteOffset])
          assert.throws(
            () => second.attach({ into: { memory, byteOffset: place } }),
            code("ERR_OUT_OF_RANGE", place === byteOffset ? /so that 12288 bytes fit|a place of its own/ : /its own/),
          );
        const attachment = second.attach({ into: { memory, byteOffset: WASM_PAGE } });
        attachment.fill(3);
        assert.is(second.attach().sum(Uint8Array), 9 * PAGE);
        assert.is(bytes[0], 0);
      }),
    );
  });

  several.run();
}
