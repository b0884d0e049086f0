// Code that writes into the core's page by mistake: a module that was linked for other addresses. Whatever it hits, the next
// cursor or range says so, and no checksum is wrong.
import * as assert from "uvu/assert";
import type { Attachment, Checksum } from "wasm-shm";
import { suite } from "../../suite.js";
import { checksumOracle, crc32Oracle } from "../../support/oracle.js";
import { code, pairs, randomBytes } from "../../support/pairs.js";

const SIZE = 100_000;
const PAGE = 65_536;
const foreign = code("ERR_SHM_CORE_PAGE", /--global-base=65536/);

/** As a module would: it has the attachment's memory. */
const pageOf = ({ memory }: Attachment): Uint8Array => new Uint8Array(memory.buffer, 0, PAGE);

const checksums = ["crc32", "crc32c", "adler32", "xxh64", "xxh3"] as const;
const all = (attachment: Attachment): string =>
  checksums.map((algorithm) => attachment.checksum(algorithm as "crc32")).join();

for (const { name, shm, withSegment } of pairs) {
  const page = suite(`The core's page [${name}]`);
  const isUsed = shm.core !== "js";

  for (const at of [8, 1024, 2032, 20_480, 32_768, PAGE - 8])
    page(
      `is not trusted after a store at ${at}, ${isUsed ? "before or after its first use" : "which it does not use"}`,
      () => {
        withSegment(SIZE, (segment) => {
          for (const isEarly of [true, false]) {
            const attachment = segment.attach(isEarly ? {} : { offset: 0 });
            if (!isEarly) {
              all(attachment);
              attachment.cursor();
            }
            pageOf(attachment)[at] = 1 ^ (pageOf(attachment)[at] as number);
            if (isUsed) {
              for (const _ of [1, 2]) {
                assert.throws(() => attachment.checksum("crc32c"), foreign); // "auto" leaves crc32 to the engine
                assert.throws(() => attachment.sum(Uint8Array), foreign);
              }
              if (shm.core === "wasm") assert.throws(() => attachment.cursor(), foreign);
            } else all(attachment);
            pageOf(attachment).fill(0); // on the local host the attachments of a segment share it
            attachment.detach();
            if (isUsed && shm.host.name === "local") return;
          }
        });
      },
    );

  page("gives the right checksum, or none: a static table of a module lies anywhere in it", () => {
    for (let at = 0; at < PAGE; at += 1031)
      withSegment(SIZE, (segment) => {
        const attachment = segment.attach();
        attachment.bytes.forEach((_, index) => {
          attachment.bytes[index] = index * 7;
        });
        const expected = checksums.map((algorithm) => attachment.checksum(algorithm as "crc32"));
        pageOf(attachment).fill(0x5a, at, at + 300);
        for (const [index, algorithm] of checksums.entries())
          try {
            assert.is(attachment.checksum(algorithm as "crc32"), expected[index]);
          } catch (error) {
            foreign(error);
          }
      });
  });

  page("is noticed by an update of a checksum, which is then as it was before", () => {
    const first = randomBytes(1000);
    const all = randomBytes(4000, 7);
    for (const algorithm of checksums)
      for (const at of [1100, 20_480])
        withSegment(SIZE, (segment) => {
          const attachment = segment.attach();
          const make = (): Checksum => shm.createChecksum(algorithm as "crc32").update(first);
          make().update(attachment); // the core's constants are there
          const checksum = make();
          const before = checksum.digest();
          pageOf(attachment)[at] = 1 ^ (pageOf(attachment)[at] as number);
          // Not every algorithm uses what lies at 1100, and "auto" leaves crc32 to the engine.
          for (const _ of [1, 2])
            try {
              checksum.update(attachment, 0, 4000);
              assert.not.ok(isUsed && at === 20_480 && algorithm !== "crc32");
              const both = Buffer.concat([first, new Uint8Array(4000)]);
              assert.is(checksum.digest(), checksumOracle(algorithm, both));
              return;
            } catch (error) {
              foreign(error);
              assert.is(checksum.byteLength, 1000);
              assert.is(checksum.digest(), before);
            }
          assert.is(checksum.update(all).digest(), make().update(all).digest());
        });
  });

  for (const length of [100, 5000])
    page(`is noticed by frames of ${length} bytes, and by nothing after them`, () => {
      withSegment(SIZE, (segment) => {
        const attachment = segment.attach();
        const cursor = attachment.cursor();
        cursor.writeFrame(randomBytes(length));
        const at = 20_480;
        pageOf(attachment)[at] = 1 ^ (pageOf(attachment)[at] as number);
        if (shm.core === "wasm" || (shm.core === "auto" && length >= 1024)) {
          assert.throws(() => cursor.writeFrame(randomBytes(length)), foreign);
          cursor.reset();
          assert.throws(() => cursor.readFrame(), foreign);
        }
        cursor.seek(SIZE);
        assert.throws(() => cursor.readUint8(), code("ERR_SHM_OUT_OF_BOUNDS"));
      });
    });

  page("with a record that names more bytes than the memory has is noticed by a search for a NUL", () => {
    withSegment(2 * PAGE, (segment) => {
      const attachment = segment.attach();
      attachment.bytes.fill(1);
      const cursor = attachment.cursor();
      pageOf(attachment).fill(0xff, 32_768 + 16 + 12, PAGE - 8); // sizes of records, among others
      cursor.seek(0);
      if (shm.core === "wasm") assert.throws(() => cursor.readCString(), foreign);
      else assert.throws(() => cursor.readCString(), code("ERR_SHM_OUT_OF_BOUNDS"));
    });
  });

  page("of one attachment says nothing of another's", () => {
    withSegment(SIZE, (segment) => {
      const [first, second] = [segment.attach(), segment.attach({ access: "copy-on-write" })];
      pageOf(first).fill(9);
      assert.is(second.checksum("crc32"), crc32Oracle(new Uint8Array(SIZE)));
      second.cursor().writeUint8(1);
    });
  });

  page.run();
}
