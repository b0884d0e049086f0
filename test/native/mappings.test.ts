// A process at vm.max_map_count, the most mappings that it may have: every operation on a guarded window either works
// or is a typed error. The limit is the machine's, so a child comes near it by taking mappings itself. Not tested:
// kernels before 5.7, which have no MREMAP_DONTUNMAP.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { askModule } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { buildProbe, guardedChild, PAGE } from "./guarded.js";

/** A child with many small windows in memories of 64 KiB-aligned places; `windows` has [memory, offset]. */
const manyWindows = (pages: number, count: number): string => `${guardedChild(pages, "copy-on-write")}
  const EVERYTHING = 1 << 20;
  const made = [];
  for (let n = 0; n < ${count}; n++) {
    const mapping = map();
    if (typeof mapping === "number") throw new Error("map: " + mapping);
    made.push(mapping);
  }
  const views = made.map(({ memory, byteOffset, byteLength }) => new Uint8Array(memory.buffer, byteOffset, byteLength));
  const store = (at, value) => { for (let n = 0; n < views.length; n++) views[n][at] = value; };
  const wrong = (at, value) => { let count = 0; for (let n = 0; n < views.length; n++) count += views[n][at] !== value; return count; };
  { // the loops are compiled before the process has no mappings left
    const keep = views.splice(0, views.length, new Uint8Array(1 << 20));
    for (let n = 0; n < 20000; n++) { store(n, 0); wrong(n, 0); }
    views.splice(0, 1, ...keep);
  }
`;

/**
 * As askModule. AddressSanitizer's runtime maps memory for itself now and then, also for the engine's threads, and ends a
 * process that has no mapping left for it: then it is asked again.
 */
function askAtLimit<T>(source: string): T {
  for (let tries = 1; ; tries++) {
    try {
      return askModule<T>(source);
    } catch (error) {
      if (tries === 4 || !/^ERROR: Failed to mmap$/m.test((error as Error).message)) throw error;
    }
  }
}

const limit = suite("Stores into guarded windows at the limit of mappings");
if (nativePairs.length === 0) limit.skip("all", "there is no addon on this platform");
else {
  buildProbe();

  limit("attach until ENOMEM, then store in each, grow, discard and detach: none ends the process", () => {
    const answer = askAtLimit<Record<string, number>>(
      `${guardedChild(2, "copy-on-write")}
      const made = [];
      let refused;
      for (;;) {
        const memory = new WebAssembly.Memory({ initial: 2, maximum: 3 });
        refused = map("copy-on-write", { into: { memory, byteOffset: 65536 } });
        if (typeof refused === "number") break;
        made.push(refused);
      }
      const each = (use) => made.reduce((sum, mapping) => sum + Number(use(mapping)), 0);
      const bytes = ({ memory, byteOffset }) => new Uint8Array(memory.buffer, byteOffset, length);
      const first = each((mapping) => (bytes(mapping)[7] = 1));
      const second = each((mapping) => (bytes(mapping)[${PAGE} + 7] = 1));
      const grown = each(({ memory }) => memory.grow(1) === 2);
      const kept = each((mapping) => bytes(mapping)[7] + bytes(mapping)[${PAGE} + 7]);
      const discarded = each((mapping) => host.discard(mapping));
      seen[7] = 9;
      const shows = each((mapping) => bytes(mapping)[7]);
      const again = each((mapping) => (bytes(mapping)[7] = 1));
      const detached = each((mapping) => host.unmap(mapping));
      console.log(JSON.stringify({ refused, count: made.length, first, second, grown, kept, discarded, shows, again, detached, reached: seen[${PAGE} + 7] }));`,
    );
    const { count } = answer as { count: number };
    assert.ok(count > 5000, `${count} windows`);
    assert.equal(answer, {
      ...{ refused: -12, count, first: count, second: count, grown: count, kept: 2 * count, discarded: 0 },
      ...{ shows: 9 * count, again: count, detached: 0, reached: 0 },
    });
  });

  limit("many small windows in one memory: attach until ENOMEM, then store in each, discard and detach", () => {
    const answer = askAtLimit<Record<string, number>>(
      `${guardedChild(1)}
      const memory = new WebAssembly.Memory({ initial: 8192, maximum: 8193 });
      const made = [];
      let refused;
      for (let at = 0; ; at += ${2 * PAGE}) {
        refused = map("read-only", { into: { memory, byteOffset: at } });
        if (typeof refused === "number") break;
        made.push(refused);
      }
      let all = new Uint8Array(memory.buffer);
      for (let n = 0; n < made.length; n++) all[n * ${2 * PAGE} + 3] = 5;
      const grown = memory.grow(1);
      all = new Uint8Array(memory.buffer);
      let kept = 0;
      for (let n = 0; n < made.length; n++) kept += all[n * ${2 * PAGE} + 3] === 5;
      let bad = 0;
      for (const mapping of made) bad += host.discard(mapping);
      for (const mapping of made) bad += host.unmap(mapping);
      console.log(JSON.stringify({ refused, count: made.length, grown, kept, bad, reached: seen[3], left: host.stat(id).nattch }));`,
    );
    const { count } = answer as { count: number };
    assert.ok(count > 5000, `${count} windows`);
    assert.equal(answer, { refused: -12, count, grown: 8192, kept: count, bad: 0, reached: 0, left: 1 });
  });

  for (const pages of [1, 2, 3, 64])
    limit(
      `other code takes every mapping after the attach: the first store into each of 500 windows of ${pages}`,
      () => {
        const answer = askAtLimit<Record<string, number>>(
          `${manyWindows(pages, 500)}
        const at = ${Math.floor(pages / 2) * PAGE + 9};
        const taken = probe.takeMappings(EVERYTHING, 0);
        store(at, 7);
        const bad = wrong(at, 7);
        probe.takeMappings(0, 0);
        console.log(JSON.stringify({ many: taken > 1000, bad, reached: seen[at] }));`,
        );
        assert.equal(answer, { many: true, bad: 0, reached: 0 });
      },
    );

  limit("other code takes every mapping: stores into every other page of 50 windows of 40 pages", () => {
    const answer = askAtLimit<Record<string, number>>(
      `${manyWindows(40, 50)}
      probe.takeMappings(EVERYTHING, 0);
      for (let page = 0; page < 40; page += 2) store(page * ${PAGE} + 1, page + 1);
      let bad = 0;
      for (let page = 0; page < 40; page += 2) bad += wrong(page * ${PAGE} + 1, page + 1);
      for (let page = 1; page < 40; page += 2) bad += wrong(page * ${PAGE} + 1, 0);
      console.log(JSON.stringify({ bad, reached: seen.reduce((sum, byte) => sum + byte) }));`,
    );
    assert.equal(answer, { bad: 0, reached: 0 });
  });

  limit("other code takes every mapping but some: store, discard, store again and detach", () => {
    const answer = askAtLimit<Record<string, number>>(
      `${manyWindows(8, 300)}
      probe.takeMappings(EVERYTHING, 600);
      let bad = 0;
      for (let turn = 1; turn < 6; turn++) {
        store(turn * ${PAGE}, turn);
        bad += wrong(turn * ${PAGE}, turn);
        for (const mapping of made) bad += host.discard(mapping) !== 0;
        bad += wrong(turn * ${PAGE}, 0);
      }
      for (const mapping of made) bad += host.unmap(mapping) !== 0;
      console.log(JSON.stringify({ bad, reached: seen[0], left: host.stat(id).nattch }));`,
    );
    assert.equal(answer, { bad: 0, reached: 0, left: 1 });
  });

  limit("a destroyed segment outlives a window that is all private, at the limit too", () => {
    const answer = askAtLimit<Record<string, number>>(
      `${manyWindows(2, 100)}
      seen[3] = 4;
      host.unmap(writable);
      probe.takeMappings(EVERYTHING, 0);
      store(3, 9);
      store(${PAGE} + 3, 9);
      let bad = wrong(3, 9) + wrong(${PAGE} + 3, 9);
      for (const mapping of made) bad += host.discard(mapping) !== 0;
      bad += wrong(3, 4);
      console.log(JSON.stringify({ bad }));`,
    );
    assert.equal(answer, { bad: 0 });
  });
}
limit.run();

const gone = suite("A guard goes with its memory");
if (nativePairs.length === 0) gone.skip("all", "there is no addon on this platform");
else
  for (const shared of [false, true]) {
    const kind = shared ? "shared" : "plain";
    gone(`a later ${kind} memory at the address of one that was collected grows, and all of it can be used`, () => {
      const answer = askModule<{ same: number; bad: number; left: number }>(
        `${guardedChild(64)}
        const at = ({ address }) => address;
        const drop = () => {
          const memory = new WebAssembly.Memory({ initial: 4, maximum: 8, shared: ${shared} });
          return at(map("read-only", { into: { memory, byteOffset: 0 } }));
        };
        let same = 0;
        let bad = 0;
        for (let turn = 0; turn < 30; turn++) {
          const addresses = new Set(Array.from({ length: 5 }, drop));
          gc(); // the pages go here; the finalizers of the memories run in a later event, or now
          for (let n = 0; n < 10; n++) {
            const memory = new WebAssembly.Memory({ initial: 1, maximum: 8, shared: ${shared} });
            const mapping = map("read-write", { length: ${PAGE}, into: { memory, byteOffset: 0 } });
            if (addresses.has(at(mapping))) same++;
            host.unmap(mapping);
            memory.grow(5); // past the end of a guard that had stayed
            const bytes = new Uint8Array(memory.buffer);
            for (let offset = 0; offset < bytes.length; offset += ${PAGE}) { bad += bytes[offset]; bytes[offset] = 1; }
          }
          if (turn % 3 === 2) await new Promise((done) => setTimeout(done, 1));
        }
        console.log(JSON.stringify({ same, bad, left: host.stat(id).nattch }));`,
        ["--expose-gc"],
        { timeout: 60_000 },
      );
      assert.ok(answer.same > 0, "no address came again");
      assert.is(answer.bad, 0);
    });

    gone(`a ${kind} memory of a worker that ended: what comes to its address grows`, () => {
      const answer = askModule<{ bad: number }>(
        `${guardedChild(64)}
        const code = \`
          import("#src/host/sysv.js").then(({ sysvHost }) => {
            for (let n = 0; n < 8; n++) {
              const memory = new WebAssembly.Memory({ initial: 4, maximum: 8, shared: ${shared} });
              sysvHost().map({ id: \${id}, offset: 0, length: \${length}, access: "read-only", into: { memory, byteOffset: 0 } });
            }
          });
        \`;
        let bad = 0;
        for (let turn = 0; turn < 3; turn++) {
          await once(new Worker(code, { eval: true, execArgv: [] }), "exit");
          for (let n = 0; n < 20; n++) {
            const memory = new WebAssembly.Memory({ initial: 1, maximum: 8, shared: ${shared} });
            memory.grow(5);
            const bytes = new Uint8Array(memory.buffer);
            for (let offset = 0; offset < bytes.length; offset += ${PAGE}) { bad += bytes[offset]; bytes[offset] = 1; }
          }
        }
        console.log(JSON.stringify({ bad }));`,
        [],
        { timeout: 60_000 },
      );
      assert.equal(answer, { bad: 0 });
    });
  }

if (nativePairs.length > 0)
  gone("the last of 20 dropped windows in shared memories is detached too, with no attach after it", () => {
    const answer = askModule<{ left: number }>(
      `${guardedChild(4)}
      const drop = () => {
        for (let n = 0; n < 20; n++) {
          const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
          const bytes = new Uint8Array(memory.buffer);
          map("read-only", { into: { memory, byteOffset: 0 } });
          map("read-only", { into: { memory, byteOffset: ${8 * PAGE} } });
          bytes[0] = 1;
          bytes.fill(1, ${8 * PAGE}, ${12 * PAGE});
        }
      };
      drop();
      for (let n = 0; n < 50 && host.stat(id).nattch > 1; n++) { gc(); await new Promise((done) => setTimeout(done, 20)); }
      console.log(JSON.stringify({ left: host.stat(id).nattch }));`,
      ["--expose-gc"],
    );
    assert.is(answer.left, 1);
  });
gone.run();
