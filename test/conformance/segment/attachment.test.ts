import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { type Attachment, type AttachOptions, createShm } from "wasm-shm";
import { suite } from "../../suite.js";
import { adlerOracle } from "../../support/oracle.js";
import { code, nativePairs, PLAIN, pairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333;
const PAGE = createShm().host.pageSize;

/** The line of /proc/self/maps that an address begins. */
const mapsLine = (address: bigint): string | undefined =>
  readFileSync("/proc/self/maps", "latin1")
    .split("\n")
    .find((line) => line.startsWith(`${address.toString(16)}-`));

for (const { name, shm, native, withSegment, withAttachment } of pairs) {
  const attach = suite(`Segment.attach [${name}]`);

  attach("gives the segment's bytes, in a memory of their own", () => {
    withAttachment(SIZE, (attachment, segment) => {
      assert.is(attachment.byteLength, SIZE);
      assert.is(attachment.bytes.length, SIZE);
      assert.ok(attachment.memory instanceof WebAssembly.Memory);
      assert.is(attachment.bytes.buffer, attachment.memory.buffer);
      assert.is(attachment.bytes.byteOffset, attachment.byteOffset);
      assert.is(attachment.byteOffset % 65536, 0);
      assert.ok(attachment.byteOffset >= 65536);
      assert.is(attachment.access, "read-write");
      assert.is(attachment.core, shm.core);
      assert.is(attachment.privatePages, 0);
      assert.is(segment.stat().nattch, 1);
    });
  });

  attach("several times: each sees the others' writes, at once", () => {
    withSegment(SIZE, (segment) => {
      const attachments = [segment.attach(), segment.attach(), shm.open(segment.id).attach()] as const;
      assert.is(segment.stat().nattch, 3);
      attachments[0].bytes[7] = 77;
      attachments[1].cursor().writeUint16(0xabcd);
      for (const { bytes } of attachments) assert.equal([bytes[0], bytes[1], bytes[7]], [0xcd, 0xab, 77]);
      const counter = (attachment: Attachment): Int32Array =>
        new Int32Array(attachment.memory.buffer, attachment.byteOffset + 64, 1);
      Atomics.add(counter(attachments[0]), 0, 5);
      assert.is(Atomics.add(counter(attachments[2]), 0, 1), 5);
      attachments[2].detach();
      assert.is(segment.stat().nattch, 2);
    });
  });

  attach("a window: page-aligned, or up to the end", () => {
    withSegment(3 * PAGE + 5, (segment) => {
      const whole = segment.attach();
      whole.bytes.set(randomBytes(whole.byteLength));
      for (const [offset, length, expected] of [
        [PAGE, undefined, 2 * PAGE + 5],
        [PAGE, PAGE, PAGE],
        [0, 2 * PAGE, 2 * PAGE],
        [3 * PAGE, 5, 5],
        [3 * PAGE, undefined, 5],
        [0, 3 * PAGE + 5, 3 * PAGE + 5],
      ] as const) {
        const window = segment.attach({ offset, ...(length === undefined ? {} : { length }) });
        assert.is(window.byteLength, expected);
        assert.equal(window.bytes, whole.bytes.subarray(offset, offset + expected));
        window.cursor().writeUint8(42);
        assert.is(whole.bytes[offset], 42);
        assert.throws(() => window.cursor().readChunk(expected + 1), code("ERR_SHM_OUT_OF_BOUNDS"));
        window.detach();
      }
      assert.is(segment.stat().nattch, 1);
    });
  });

  attach("refuses a window off a page, past the end, or of nothing, and attaches nothing", () => {
    withSegment(3 * PAGE + 5, (segment) => {
      for (const options of [
        { offset: 1 },
        { offset: PAGE + 1 },
        { offset: -PAGE },
        { offset: 4 * PAGE },
        { offset: 2 ** 53 - PAGE },
        { offset: 0.5 },
        { offset: Number.NaN },
        { length: 0 },
        { length: -1 },
        { length: 7 },
        { length: PAGE + 1 },
        { length: 3 * PAGE + 6 },
        { length: 4 * PAGE },
        { offset: PAGE, length: 3 * PAGE },
        { length: 2 ** 53 },
      ])
        assert.throws(() => segment.attach(options), code("ERR_OUT_OF_RANGE", /options\.(offset|length)/));
      for (const options of [{ offset: "0" }, { length: 1n }, { access: "write" }, { access: 1 }, 5, null, "x"])
        assert.throws(() => segment.attach(options as AttachOptions), code("ERR_INVALID_ARG_TYPE"));
      assert.is(segment.stat().nattch, 0);
    });
  });
  attach.run();

  const detach = suite(`Attachment.detach [${name}]`);

  detach("lets go, and every later use is an error", () => {
    withAttachment(SIZE, (attachment, segment) => {
      const cursor = attachment.cursor();
      const { byteOffset } = attachment;
      attachment.detach();
      assert.is(segment.stat().nattch, 0);
      for (const use of [
        () => attachment.detach(),
        () => segment.detach(attachment),
        () => attachment.bytes,
        () => attachment.address,
        () => attachment.cursor(),
        () => attachment.discard(),
        () => attachment.checksum("adler32"),
        () => cursor.position,
        () => cursor.remaining,
        () => cursor.seek(0),
        () => cursor.reset(),
        () => cursor.read(new Uint8Array(1)),
        () => cursor.read(new Uint8Array(0)),
        () => cursor.write(new Uint8Array(1)),
        () => cursor.readExactly(new Uint8Array(0)),
        () => cursor.writeAll(new Uint8Array(0)),
        () => cursor.readChunk(-1),
      ])
        assert.throws(use, code("ERR_SHM_DETACHED"));
      attachment[Symbol.dispose](); // may run twice
      attachment[Symbol.dispose]();
      cursor[Symbol.dispose]();
      assert.is(attachment.byteOffset, byteOffset);
      assert.is(attachment.byteLength, SIZE);
      assert.is(segment.stat().nattch, 0);
    });
  });

  detach("by the segment: only what it attached itself", () => {
    withSegment(SIZE, (segment) => {
      withSegment(SIZE, (other) => {
        const foreign = other.attach();
        for (const wrong of [foreign, undefined, null, {}, 5, segment])
          assert.throws(() => segment.detach(wrong as Attachment), code("ERR_INVALID_ARG_TYPE", /"attachment"/));
        assert.is(other.stat().nattch, 1);
        const own = segment.attach();
        segment.detach(own);
        assert.is(segment.stat().nattch, 0);
        assert.throws(() => segment.detach(own), code("ERR_SHM_DETACHED"));
      });
    });
  });

  detach("one attachment of several leaves the others as they were", () => {
    withSegment(SIZE, (segment) => {
      const [first, second] = [segment.attach(), segment.attach()];
      const cursor = second.cursor();
      first.bytes.fill(9);
      first.detach();
      assert.is(cursor.readUint8(), 9);
      assert.ok(second.bytes.every((byte) => byte === 9));
    });
  });
  detach.run();

  const checksum = suite(`Attachment.checksum [${name}]`);

  checksum('adler32 of "Wikipedia" is 0x11e60398', () => {
    withAttachment(9, (attachment) => {
      attachment.cursor().write(Buffer.from("Wikipedia"));
      assert.is(attachment.checksum("adler32"), 0x11e60398);
    });
  });

  checksum("agrees with zlib on random ranges, block edges and the worst bytes", () => {
    withAttachment(40_000, ({ bytes }, segment) => {
      const attachment = segment.attach();
      for (const fill of [undefined, 0xff, 0]) {
        if (fill === undefined) bytes.set(randomBytes(bytes.length));
        else bytes.fill(fill);
        for (const [start, end] of [
          [0, 0],
          [0, 1],
          [1, 8],
          [3, 16],
          [0, 5551],
          [0, 5552],
          [1, 5554],
          [7, 11_105],
          [0, 40_000],
          [39_999, 40_000],
          [40_000, 40_000],
        ] as const)
          assert.is(
            attachment.checksum("adler32", { start, end }),
            adlerOracle(bytes.subarray(start, end)),
            `${start}..${end}`,
          );
      }
    });
  });

  checksum("continues a previous one", () => {
    withAttachment(SIZE, (attachment) => {
      attachment.bytes.set(randomBytes(SIZE));
      const first = attachment.checksum("adler32", { end: 1001 });
      assert.is(attachment.checksum("adler32", { start: 1001, previous: first }), adlerOracle(attachment.bytes));
    });
  });

  checksum("refuses a range outside the window, and another algorithm", () => {
    withAttachment(SIZE, (attachment) => {
      for (const [start, end] of [
        [0, SIZE + 1],
        [-1, 5],
        [5, 4],
        [0, 2 ** 32],
        [0, Number.NaN],
        [0.5, 4],
      ] as const)
        assert.throws(
          () => attachment.checksum("adler32", { start, end }),
          code("ERR_OUT_OF_RANGE", /"options.(start|end)"/),
        );
      assert.throws(() => attachment.checksum("md5" as "adler32"), code("ERR_INVALID_ARG_TYPE", /'adler32'/));
      assert.throws(
        () => attachment.checksum("adler32", { previous: -1 }),
        code("ERR_OUT_OF_RANGE", /"options.previous"/),
      );
    });
  });
  checksum.run();

  const grow = suite(`After memory.grow [${name}]`);

  grow("bytes and cursors still show the segment", () => {
    withAttachment(
      SIZE,
      (attachment, segment) => {
        const cursor = attachment.cursor();
        cursor.writeUint32(0x11223344);
        const old = attachment.bytes;
        attachment.memory.grow(0); // makes a new buffer, and detaches every view of the old one
        assert.is(old.length, 0);
        assert.is(cursor.read(new Uint8Array(4)), 4);
        attachment.memory.grow(0);
        assert.is(cursor.write(Uint8Array.of(5)), 1);
        attachment.memory.grow(0);
        cursor.reset();
        assert.is(cursor.readUint32(), 0x11223344);
        attachment.memory.grow(0);
        assert.is(cursor.readChunk(1, 8)[0], 5);
        attachment.memory.grow(0);
        attachment.discard();
        assert.is(attachment.bytes[0], 0x44);
        attachment.memory.grow(0);
        assert.is(attachment.checksum("adler32", { end: 1 }), adlerOracle(Uint8Array.of(0x44)));
        attachment.memory.grow(0);
        attachment.detach();
        assert.is(segment.stat().nattch, 0);
      },
      PLAIN,
    );
  });
  grow.run();

  if (native) continue;
  const stand = suite(`What a host without a kernel cannot do [${name}]`);
  stand("is ERR_SHM_UNSUPPORTED, by name", () => {
    withSegment(SIZE, (segment) => {
      const memory = new WebAssembly.Memory({ initial: 2 });
      for (const use of [
        () => segment.attach({ into: { memory, byteOffset: 0 } }),
        () => segment.lock(),
        () => segment.unlock(),
        () => shm.ftok("/", 1),
        () => shm.create(1, { hugePages: true }),
      ])
        assert.throws(use, code("ERR_SHM_UNSUPPORTED", new RegExp(`by the ${shm.host.name} host.*sysv`)));
      assert.is(segment.attach().address, 0n);
    });
  });
  stand.run();
}

for (const { name, withSegment, withAttachment } of nativePairs) {
  const mapping = suite(`The kernel's mapping [${name}]`);

  mapping("is at attachment.address, as /proc/self/maps shows", () => {
    withAttachment(SIZE, (attachment, segment) => {
      const line = mapsLine(attachment.address);
      assert.match(line ?? "", new RegExp(` rw-s 00000000 \\S+ ${segment.id} +/SYSV00000000`));
      attachment.detach();
      assert.not.ok(new RegExp(` ${segment.id} +/SYSV`).test(readFileSync("/proc/self/maps", "latin1")));
    });
  });

  mapping("of a window begins at its offset", () => {
    withSegment(8 * PAGE, (segment) => {
      const { address } = segment.attach({ offset: 2 * PAGE, length: 3 * PAGE });
      const end = (address + BigInt(3 * PAGE)).toString(16);
      const offset = (2 * PAGE).toString(16).padStart(8, "0");
      assert.match(mapsLine(address) ?? "", new RegExp(`-${end} rw-s ${offset} .* ${segment.id} `));
    });
  });

  mapping("leaves zeros: a view kept past the detach reads them, and its stores go nowhere", () => {
    withAttachment(SIZE, (attachment, segment) => {
      const stale = attachment.bytes;
      stale.fill(7);
      attachment.detach();
      assert.ok(stale.every((byte) => byte === 0));
      stale.fill(8);
      assert.ok(segment.readChunk(-1).every((byte) => byte === 7));
    });
  });

  mapping("ends with the segment's last page: what is behind it is private", () => {
    withAttachment(PAGE, (attachment, segment) => {
      const end = (attachment.address + BigInt(PAGE)).toString(16);
      assert.match(mapsLine(attachment.address) ?? "", new RegExp(`-${end} `));
      const behind = ({ memory, byteOffset }: Attachment): Uint8Array =>
        new Uint8Array(memory.buffer, byteOffset + PAGE, PAGE);
      behind(attachment).fill(0xee);
      assert.ok(behind(segment.attach()).every((byte) => byte === 0));
    });
  });

  mapping("into a memory of the caller's, plain or shared", () => {
    for (const shared of [false, true])
      withSegment(PAGE + 5, (segment) => {
        const memory = new WebAssembly.Memory({ initial: 2, maximum: 4, shared });
        const all = new Uint8Array(memory.buffer).fill(1);
        const attachment = segment.attach({ into: { memory, byteOffset: 3 * PAGE } });
        assert.is(attachment.memory, memory);
        assert.is(attachment.byteOffset, 3 * PAGE);
        assert.is(attachment.core, "js"); // no page of that memory is the core's
        const cursor = attachment.cursor();
        cursor.writeUint32(0xcafebabe, false);
        assert.equal([...all.subarray(3 * PAGE, 3 * PAGE + 4)], [0xca, 0xfe, 0xba, 0xbe]);
        assert.equal([...segment.readChunk(4)], [0xca, 0xfe, 0xba, 0xbe]);
        memory.grow(1);
        assert.is(attachment.bytes[0], 0xca);
        assert.is(attachment.checksum("adler32"), adlerOracle(segment.readChunk(-1)));
        const now = new Uint8Array(memory.buffer);
        assert.is(now[3 * PAGE - 1], 1);
        assert.is(now[5 * PAGE], 1);
        attachment.detach();
        assert.ok(new Uint8Array(memory.buffer, 3 * PAGE, 2 * PAGE).every((byte) => byte === 0));
        assert.throws(() => cursor.readUint8(), code("ERR_SHM_DETACHED"));
      });
  });

  mapping("into a memory: refuses what is off a page, past the end, taken, or no memory", () => {
    withSegment(2 * PAGE, (segment) => {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const size = memory.buffer.byteLength;
      new Uint8Array(memory.buffer).fill(1);
      for (const byteOffset of [1, PAGE / 2, -PAGE, size, size - PAGE, 2 ** 40, 0.5])
        assert.throws(() => segment.attach({ into: { memory, byteOffset } }), code("ERR_OUT_OF_RANGE", /byteOffset/));
      for (const into of [
        {},
        null,
        5,
        { memory: {}, byteOffset: 0 },
        { memory: memory.buffer, byteOffset: 0 },
        { memory },
      ])
        assert.throws(
          () => segment.attach({ into: into as { memory: WebAssembly.Memory; byteOffset: number } }),
          code("ERR_INVALID_ARG_TYPE", /into/),
        );
      assert.ok(new Uint8Array(memory.buffer).every((byte) => byte === 1));
      const first = segment.attach({ into: { memory, byteOffset: 2 * PAGE } });
      for (const byteOffset of [PAGE, 2 * PAGE, 3 * PAGE])
        assert.throws(
          () => segment.attach({ into: { memory, byteOffset } }),
          code("ERR_OUT_OF_RANGE", /attachment at/),
        );
      const second = segment.attach({ into: { memory, byteOffset: 4 * PAGE } });
      first.detach();
      segment.attach({ into: { memory, byteOffset: 2 * PAGE } }).detach();
      second.detach();
      const own = segment.attach();
      for (const byteOffset of [0, 65536])
        assert.throws(() => segment.attach({ into: { memory: own.memory, byteOffset } }), code("ERR_OUT_OF_RANGE"));
      own.detach();
      assert.is(segment.stat().nattch, 0);
    });
  });
  mapping.run();
}
