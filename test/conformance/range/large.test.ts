// Windows of more than 2 GiB, where a length or a place no longer fits 32 bits with a sign. Only the local host's: of its
// memory, pages that are only read take none of the machine's.
import { freemem } from "node:os";
import * as assert from "uvu/assert";
import { createShm } from "wasm-shm";
import { WASM_PAGE } from "#src/memory/layout.js";
import { suite } from "../../suite.js";

const BORDER = 2 ** 31;
const SIZE = BORDER + 65_536;
const needle = Uint8Array.of(7, 8, 9);

/** Why this machine has no such window; undefined if it has one. The engine says it, not the host that is tested. */
function refusal(): string | undefined {
  try {
    new WebAssembly.Memory({ initial: SIZE / WASM_PAGE + 1 });
    return undefined;
  } catch (error) {
    return `a window of ${SIZE} bytes: ${(error as Error).message}`;
  }
}

const reason = refusal();

for (const core of ["wasm", "auto", "js"] as const) {
  const large = suite(`Windows of more than 2 GiB [local, ${core}]`);
  const test = reason === undefined ? large : (title: string) => large.skip(title, reason);

  test("find what lies 2 GiB or more from the start of the searched part", () => {
    using segment = createShm({ host: "local", core }).create(SIZE);
    const attachment = segment.attach();
    for (const place of [BORDER - 1, BORDER, BORDER + 5]) {
      attachment.bytes.set(needle, place);
      assert.is(attachment.lastIndexOf(7), place);
      assert.is(attachment.lastIndexOf(needle), place);
      assert.is(attachment.lastIndexOf(needle, 4096), place);
    }
    attachment.bytes.fill(0, BORDER - 1, BORDER + 5);
    assert.is(attachment.indexOf(7), BORDER + 5);
    if (core !== "js") assert.is(attachment.indexOf(needle), BORDER + 5); // a byte at a time there: 10 s
  });

  test("take text there", () => {
    using segment = createShm({ host: "local", core }).create(SIZE);
    const cursor = segment.attach().cursor();
    for (const place of [BORDER - 1, BORDER, BORDER + 5]) {
      cursor.seek(place);
      assert.is(cursor.writeString("héllo"), 6);
      cursor.seek(place);
      assert.is(cursor.readString(6), "héllo");
    }
  });

  // The rest of the field is written, so it takes memory.
  if (core === "auto" && freemem() < 2 * SIZE) large.skip("have fields of 2 GiB", "less than 4 GiB of memory are free");
  else if (core === "auto")
    test("have fields of 2 GiB", () => {
      using segment = createShm({ host: "local", core }).create(SIZE);
      const cursor = segment.attach().cursor();
      assert.is(cursor.writeFixedText("héllo", BORDER), 6);
      assert.is(cursor.position, BORDER);
      cursor.reset();
      assert.is(cursor.readFixedText(8), "héllo");
    });
  large.run();
}
