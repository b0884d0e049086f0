// What cursors and ranges may do with read-write, read-only and copy-on-write attachments.
import * as assert from "uvu/assert";
import type { Segment } from "wasm-shm";
import { suite } from "../../suite.js";
import { atCursor, rangeReads, rangeWrites } from "../../support/operations.js";
import { code, pairs, randomBytes } from "../../support/pairs.js";

const SIZE = 70_001; // bytes: 18 pages, the last one cut short
const PAGE = 4096;

const writes = Object.entries(atCursor).filter(([method]) => method.startsWith("write"));

/** A segment of known bytes. */
function filled(segment: Segment): Uint8Array {
  const bytes = randomBytes(segment.size);
  const attachment = segment.attach();
  attachment.bytes.set(bytes);
  attachment.detach();
  return bytes;
}

/** What the segment holds, seen by an attachment of its own. */
function contents(segment: Segment): Uint8Array {
  const attachment = segment.attach({ access: "read-only" });
  const bytes = attachment.bytes.slice();
  attachment.detach();
  return bytes;
}

for (const { name, shm, native, withSegment } of pairs) {
  const words = suite(`Attachment.access [${name}]`);

  words("is what was asked for, read-write by default, and no other word is taken", () => {
    withSegment(SIZE, (segment) => {
      assert.is(segment.attach().access, "read-write");
      for (const access of ["read-write", "read-only", "copy-on-write"] as const) {
        const attachment = segment.attach({ access });
        assert.is(attachment.access, access);
        assert.is(attachment.core, shm.core);
        assert.is(attachment.privatePages, access === "copy-on-write" && !native ? 18 : 0);
        attachment.detach();
        assert.is(attachment.access, access);
      }
      const { nattch } = segment.stat();
      for (const access of ["", "readonly", "READ-ONLY", "r", 1, null, {}])
        assert.throws(
          () => segment.attach({ access: access as "read-only" }),
          code("ERR_INVALID_ARG_TYPE", /options\.access/),
        );
      assert.is(segment.stat().nattch, nattch);
    });
  });

  words("after a detach: privatePages and discard are ERR_SHM_DETACHED", () => {
    withSegment(SIZE, (segment) => {
      for (const access of ["read-write", "read-only", "copy-on-write"] as const) {
        const attachment = segment.attach({ access });
        attachment.detach();
        assert.throws(() => attachment.privatePages, code("ERR_SHM_DETACHED", /privatePages/));
        assert.throws(() => attachment.discard(), code("ERR_SHM_DETACHED", /discard/));
        assert.throws(() => attachment.fill(0), code("ERR_SHM_DETACHED", /fill/));
      }
    });
  });
  words.run();

  const readOnly = suite(`A read-only attachment [${name}]`);

  readOnly(
    "its cursor refuses each of them at any position, and does not move; nothing is stored, not even privately",
    () => {
      withSegment(SIZE, (segment) => {
        const bytes = filled(segment);
        const attachment = segment.attach({ access: "read-only" });
        const cursor = attachment.cursor();
        for (const position of [0, 1, 4095, SIZE - 1, SIZE, SIZE + 9]) {
          cursor.seek(position);
          for (const [method, write] of writes) {
            assert.throws(() => write(cursor), code("ERR_SHM_READ_ONLY", new RegExp(`^${method}`)), method);
            assert.is(cursor.position, position, method);
          }
        }
        assert.throws(() => cursor.write(new Uint8Array(0)), code("ERR_SHM_READ_ONLY"));
        assert.throws(() => cursor.write("text" as unknown as Uint8Array), code("ERR_INVALID_ARG_TYPE"));
        assert.is(attachment.privatePages, 0);
        assert.equal(attachment.bytes, bytes);
      });
    },
  );

  readOnly("it refuses fill, copyWithin and swaps, also of nothing; wrong ranges first", () => {
    withSegment(SIZE, (segment) => {
      const bytes = filled(segment);
      const attachment = segment.attach({ access: "read-only" });
      for (const [method, write] of Object.entries(rangeWrites))
        assert.throws(
          () => write(attachment),
          code("ERR_SHM_READ_ONLY", new RegExp(`^${method.split(" ")[0]}`)),
          method,
        );
      assert.throws(() => attachment.fill(0, 7, 7), code("ERR_SHM_READ_ONLY"));
      assert.throws(() => attachment.fill(0, 0, SIZE + 1), code("ERR_OUT_OF_RANGE"));
      assert.throws(() => attachment.swap32(0, 3), code("ERR_OUT_OF_RANGE"));
      assert.is(attachment.privatePages, 0);
      assert.equal(contents(segment), bytes);
    });
  });

  readOnly("it reads as any other", () => {
    withSegment(SIZE, (segment) => {
      const bytes = filled(segment);
      const writer = segment.attach();
      const reader = segment.attach({ access: "read-only" });
      const cursor = reader.cursor();
      assert.is(cursor.core, shm.core);
      for (const read of Object.values(rangeReads)) assert.equal(read(reader), read(writer));
      assert.is(reader.checksum("xxh3"), writer.checksum("xxh3"));
      assert.is(reader.sum(Uint8Array), writer.sum(Uint8Array));
      assert.ok(reader.equals(bytes) && reader.compare(writer) === 0);
      assert.equal(cursor.readChunk(9, 4090), bytes.slice(4090, 4099));
      writer.cursor().writeFrame(Uint8Array.of(1, 2, 3));
      cursor.reset();
      assert.equal(cursor.readFrame(), Uint8Array.of(1, 2, 3)); // at once: it is the segment
      assert.equal(cursor.viewArray(Uint8Array, 5), bytes.subarray(11, 16));
      assert.is(reader.privatePages, 0);
    });
  });

  readOnly("of a part is the part", () => {
    withSegment(SIZE, (segment) => {
      const bytes = filled(segment);
      for (const [offset, length] of [
        [0, PAGE],
        [PAGE, 2 * PAGE],
        [16 * PAGE, SIZE - 16 * PAGE],
        [17 * PAGE, 369],
      ] as const) {
        const part = segment.attach({ access: "read-only", offset, length });
        assert.equal(part.bytes, bytes.subarray(offset, offset + length));
        assert.throws(() => part.cursor().writeUint8(1), code("ERR_SHM_READ_ONLY"));
        part.discard();
        assert.equal(part.bytes, bytes.subarray(offset, offset + length));
        part.detach();
      }
    });
  });

  readOnly("lives past destroy", () => {
    withSegment(SIZE, (segment) => {
      const bytes = filled(segment);
      const attachment = segment.attach({ access: "read-only" });
      segment.destroy();
      assert.throws(() => attachment.fill(0), code("ERR_SHM_READ_ONLY"));
      assert.equal(attachment.bytes, bytes);
      if (native) attachment.bytes[5] = ~(bytes[5] as number);
      assert.is(attachment.privatePages, native ? 1 : 0);
      attachment.discard();
      assert.equal(attachment.bytes, bytes);
      attachment.detach();
    });
  });

  const copies = suite(`A copy-on-write attachment [${name}]`);

  copies("is written to by every method, and no other attachment sees it; discard takes it back", () => {
    withSegment(SIZE, (segment) => {
      const bytes = filled(segment);
      const other = segment.attach({ access: "copy-on-write" });
      const attachment = segment.attach({ access: "copy-on-write" });
      const view = attachment.bytes;
      const cursor = attachment.cursor();
      for (const [method, write] of writes) {
        cursor.seek(PAGE - 1);
        write(cursor);
        assert.ok(cursor.position > PAGE - 1, method);
      }
      for (const write of Object.values(rangeWrites)) write(attachment);
      attachment.fill(0x5a, 1, SIZE - 1);
      assert.is(attachment.privatePages, 18);
      assert.ok(view.subarray(1, -1).every((byte) => byte === 0x5a));
      assert.equal(contents(segment), bytes);
      assert.equal(other.bytes, bytes);
      attachment.discard();
      assert.equal(attachment.bytes, bytes);
      assert.equal(view, bytes); // discard alone leaves views as they are
      assert.is(attachment.privatePages, native ? 0 : 18);
    });
  });

  copies("of a part writes to that alone", () => {
    withSegment(SIZE, (segment) => {
      const bytes = filled(segment);
      const part = segment.attach({ access: "copy-on-write", offset: 16 * PAGE });
      part.fill(1);
      assert.is(part.privatePages, 2);
      assert.is(part.sum(Uint8Array), SIZE - 16 * PAGE);
      part.discard();
      assert.equal(part.bytes, bytes.subarray(16 * PAGE));
    });
  });

  copies("keeps what it holds past destroy", () => {
    withSegment(SIZE, (segment) => {
      const bytes = filled(segment);
      const attachment = segment.attach({ access: "copy-on-write" });
      attachment.fill(7, 0, 100);
      segment.destroy();
      assert.is(attachment.sum(Uint8Array, 0, 100), 700);
      attachment.discard();
      assert.equal(attachment.bytes, bytes);
      attachment.detach();
    });
  });

  if (native) {
    copies("sees the segment's later bytes, but in the pages that it wrote to", () => {
      withSegment(3 * PAGE, (segment) => {
        const attachment = segment.attach({ access: "copy-on-write" });
        attachment.fill(1, PAGE, PAGE + 1);
        segment.attach().fill(2);
        assert.equal(
          [0, PAGE, PAGE + 1, 2 * PAGE].map((at) => attachment.bytes[at]),
          [2, 1, 0, 2],
        );
        assert.is(attachment.privatePages, 1);
        attachment.discard();
        assert.is(attachment.sum(Uint8Array), 6 * PAGE);
      });
    });
  } else {
    copies("in process is a copy made at the attach and at each discard, and all its pages are private", () => {
      withSegment(SIZE, (segment) => {
        const attachment = segment.attach({ access: "copy-on-write" });
        segment.attach().fill(2);
        assert.is(attachment.sum(Uint8Array), 0);
        attachment.discard();
        assert.is(attachment.sum(Uint8Array), 2 * SIZE);
        assert.is(attachment.privatePages, 18);
      });
    });

    readOnly("in process a view's store reaches the segment, and is not counted, as is documented", () => {
      withSegment(SIZE, (segment) => {
        const attachment = segment.attach({ access: "read-only" });
        attachment.bytes[9] = 1;
        assert.is(attachment.privatePages, 0);
        assert.is(segment.readChunk(1, 9)[0], 1);
        attachment.discard();
        assert.is(attachment.bytes[9], 1);
      });
    });
  }
  readOnly.run();
  copies.run();
}
