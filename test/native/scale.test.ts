// Many, large and long: what must not grow, and what must not be cut to 32 bits.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import type { Attachment } from "wasm-shm";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { askModule } from "../support/child.js";
import { code, nativePairs, pairs } from "../support/pairs.js";

const GIB = 2 ** 30;
const MORE_THAN_FIT = campaign(16_000, 30_000); // memories; a process holds about 13,000
/** Bytes of shared memory that are in this process's page tables: proc(5), RssShmem. */
const residentShared = (): number =>
  Number(/RssShmem:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "latin1"))?.[1]) * 1024;

const isMapped = (id: number): boolean => new RegExp(` ${id} +/SYSV`).test(readFileSync("/proc/self/maps", "latin1"));
for (const { name, withSegment } of pairs) {
  const many = suite(`Many attachments [${name}]`);
  many("4,000 at once, each with a cursor, see the same bytes; nattch counts them", () => {
    withSegment(3333, (segment) => {
      const attachments: Attachment[] = [];
      for (let n = 0; n < 4000; n++) attachments.push(segment.attach());
      assert.is(segment.stat().nattch, 4000);
      attachments.forEach((attachment, index) => {
        const cursor = attachment.cursor();
        assert.is(cursor.readUint32(), index);
        cursor.seek(0);
        cursor.writeUint32(index + 1);
      });
      for (const attachment of attachments) attachment.detach();
      assert.is(segment.stat().nattch, 0);
      assert.is(new DataView(segment.readChunk(4).buffer).getUint32(0, true), 4000);
    });
  });
  many.run();
}

for (const { name, shm, withSegment } of nativePairs) {
  const cycles = suite(`Attach and detach again and again [${name}]`);
  cycles("1,000 times leaves the maps and the resident memory where they were", () => {
    const answer = askModule<{
      mapsBefore: number;
      mapsAfter: number;
      rssBefore: number;
      rssAfter: number;
      mapped: boolean;
    }>(
      `import { readFileSync } from "node:fs";
      import { createShm } from "wasm-shm";
      const shm = createShm({ core: "${shm.core}" });
      const segment = shm.create(1 << 20);
      const maps = () => readFileSync("/proc/self/maps", "latin1");
      async function cycle(times) {
        for (let n = 0; n < times; n++) {
          const attachment = segment.attach();
          attachment.cursor().writeUint32(n);
          attachment.bytes.fill(n);
          attachment.detach();
          if (n % 100 === 99) await settle();
        }
        await settle();
      }
      async function settle() {
        for (let n = 0; n < 5; n++) { gc(); await new Promise((resolve) => setTimeout(resolve, 20)); }
      }
      await cycle(300);
      const [mapsBefore, rssBefore] = [maps().split("\\n").length, process.memoryUsage.rss()];
      await cycle(1000);
      const [mapsAfter, rssAfter] = [maps().split("\\n").length, process.memoryUsage.rss()];
      const mapped = maps().includes("SYSV");
      segment[Symbol.dispose]();
      console.log(JSON.stringify({ mapsBefore, mapsAfter, rssBefore, rssAfter, mapped }));`,
      ["--expose-gc"],
    );
    assert.not.ok(answer.mapped);
    // The engine's own heap comes and goes by some lines; a leak of one in ten cycles would be a hundred.
    assert.ok(answer.mapsAfter < answer.mapsBefore + 100, `maps lines: ${answer.mapsBefore}, then ${answer.mapsAfter}`);
    const grownBy = answer.rssAfter - answer.rssBefore; // bytes; 1,000 windows of 1 MiB went through
    assert.ok(grownBy < 16 * 2 ** 20, `resident: ${answer.rssBefore}, then ${answer.rssAfter}`);
  });

  cycles(`${MORE_THAN_FIT} times in one go: more memories than a process holds, and none is kept`, () => {
    withSegment(4096, (segment) => {
      for (let n = 0; n < MORE_THAN_FIT; n++) segment.attach().detach();
      assert.is(segment.stat().nattch, 0);
    });
  });

  cycles("and the attachment made last is where /proc/self/maps says", () => {
    withSegment(4096, (segment) => {
      const attachment = segment.attach();
      assert.ok(isMapped(segment.id));
      attachment.detach();
      assert.not.ok(isMapped(segment.id));
    });
  });
  cycles.run();

  const large = suite(`Large segments [${name}]`);

  large("1 GiB costs no resident memory until it is touched", () => {
    const segment = shm.create(GIB, { noReserve: true });
    try {
      const before = residentShared();
      const attachment = segment.attach();
      assert.is(attachment.byteLength, GIB);
      const cursor = attachment.cursor();
      cursor.seek(-4, 2);
      cursor.writeUint32(7);
      assert.ok(residentShared() - before < 2 ** 20);
      for (let position = 0; position < 64 * 2 ** 20; position += 4096) attachment.bytes[position] = 1;
      const touched = residentShared() - before;
      assert.ok(touched > 63 * 2 ** 20 && touched < 66 * 2 ** 20, `${touched} bytes after touching 64 MiB`);
      attachment.detach();
    } finally {
      segment[Symbol.dispose]();
    }
  });

  large("of 5 GiB: sizes and offsets are exact, windows reach behind 4 GiB", () => {
    const size = 5 * GIB + 3333;
    const segment = shm.create(size, { noReserve: true });
    try {
      assert.is(segment.size, size);
      assert.is(segment.stat().size, size);
      assert.is(shm.open(segment.id).size, size);
      const last = segment.attach({ offset: 5 * GIB });
      assert.is(last.byteLength, 3333);
      const cursor = last.cursor();
      cursor.seek(-4, 2);
      cursor.writeUint32(0xdecafbad);
      const across = segment.attach({ offset: 4 * GIB - 65536, length: 2 * 65536 });
      across.bytes.fill(5);
      assert.is(segment.stat().nattch, 2);
      assert.is(segment.attach({ offset: 4 * GIB }).bytes[0], 5);
      assert.is(segment.attach({ offset: 0, length: 4096 }).bytes[0], 0); // not wrapped to the start
      assert.is(
        segment
          .attach({ offset: 5 * GIB })
          .cursor()
          .readChunk(1, 3332)[0],
        0xde,
      );
      last.detach();
      assert.throws(() => segment.attach(), code("ERR_OUT_OF_RANGE", /4294901760/));
      assert.throws(() => segment.attach({ offset: GIB }), code("ERR_OUT_OF_RANGE", /4294901760/));
      assert.throws(() => segment.read(new Uint8Array(1)), code("ERR_OUT_OF_RANGE"));
    } finally {
      segment[Symbol.dispose]();
    }
  });

  large("the largest window there can be: 4 GiB less a wasm page, its last byte too", () => {
    const size = 4 * GIB - 65536;
    const segment = shm.create(size, { noReserve: true });
    try {
      const attachment = segment.attach();
      assert.is(attachment.byteLength, size);
      const cursor = attachment.cursor();
      cursor.seek(-8, 2);
      cursor.writeBigUint64(0x0102030405060708n, false);
      assert.is(attachment.bytes[size - 1], 8);
      assert.throws(() => cursor.readUint8(), code("ERR_SHM_OUT_OF_BOUNDS"));
      assert.is(cursor.position, size);
      assert.is(attachment.checksum("adler32", { start: size - 8 }), 0x800025); // of 1, 2 … 8
    } finally {
      segment[Symbol.dispose]();
    }
  });

  large.run();
}
