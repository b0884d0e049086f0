// Out of segments, of pages, of mappings and of address space: the error names the limit, the failed call leaves nothing,
// and everything works again when there is room. system.test.ts has the words of each error.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { askModule, moduleFile, run, works } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { buildProbe } from "./guarded.js";

const prelude = `
  import { readFileSync, writeFileSync } from "node:fs";
  import { createRequire } from "node:module";
  import { getHeapStatistics } from "node:v8";
  import { create, limits, list, openSegment } from "wasm-shm";
  const refusal = (use) => { try { use(); } catch ({ code, message, hint }) { return [code, message, hint].join(" | "); } };
  const allow = (name, value) => writeFileSync("/proc/sys/kernel/" + name, String(value));
`;

/** Runs a module in an IPC namespace of its own, and returns what it prints. */
function inNamespace<T>(source: string): T {
  const ended = run("unshare", ["--ipc", process.execPath, moduleFile(prelude + source)]);
  if (ended.code !== 0) throw new Error(`a child failed (${ended.code ?? ended.signal}): ${ended.stderr}`);
  return JSON.parse(ended.stdout) as T;
}

interface Full {
  made: number;
  refusals: string[];
  inUse: number;
  listed: number;
  again: boolean[];
}

const room = suite("When there is room again");
if (nativePairs.length === 0 || !works("unshare", ["--ipc", "true"]))
  room.skip("segments are made", "this user cannot make an IPC namespace of its own");
else {
  /** Makes segments until the limit refuses, then makes room in two ways: by removing one, and by raising the limit. */
  const fill = (limit: string, value: number, more: number, size: number): string => `
    allow("${limit}", ${value});
    const made = [];
    const first = refusal(() => { for (;;) made.push(create(${size})); });
    const refusals = [first, ...[
      () => create(${size}, { key: 0x77, exclusive: false }), () => openSegment(${size}), () => create(${size}, { noReserve: true }),
    ].map(refusal)];
    const inUse = limits()["${limit === "shmmni" ? "segmentsInUse" : "pagesInUse"}"];
    const listed = list().length;
    const count = made.length;
    made.shift().destroy();
    made[0].attach().fill(1); // the others work meanwhile
    const again = [];
    for (let n = 0; n < 3; n++) {
      const segment = create(${size});
      again.push(segment.readChunk(1)[0] === 0, refusal(() => create(${size})) === first);
      segment.destroy();
    }
    made.push(create(${size}));
    allow("${limit}", ${more});
    again.push(refusal(() => made.push(create(${size}))) === undefined);
    for (const segment of made) segment[Symbol.dispose]();
    again.push(list().length === 0);
    console.log(JSON.stringify({ made: count, refusals, inUse, listed, again }));`;

  room("segments are made: kernel.shmmni", () => {
    const full = inNamespace<Full>(fill("shmmni", 5, 6, 4096));
    assert.is(full.made, 5);
    for (const refusal of full.refusals)
      assert.match(refusal, /^ENOSPC \| .*5 of 5 segments \(kernel\.shmmni\).*\| ipcs -m/);
    assert.is(full.inUse, 5);
    assert.is(full.listed, 5);
    assert.ok(full.again.every(Boolean), JSON.stringify(full));
  });

  room("segments are made: kernel.shmall", () => {
    const full = inNamespace<Full>(fill("shmall", 9, 12, 3 * 4096));
    assert.is(full.made, 3);
    for (const refusal of full.refusals)
      assert.match(refusal, /^ENOSPC \| .*9 of 9 pages of 4096 bytes \(kernel\.shmall\).*\| ipcs -m/);
    assert.is(full.inUse, 9);
    assert.is(full.listed, 3);
    assert.ok(full.again.every(Boolean), JSON.stringify(full));
  });

  room("segments are made: kernel.shmmax", () => {
    const answers = inNamespace<(string | null)[]>(`
      allow("shmmax", 8192);
      const before = refusal(() => create(8193));
      create(8192).destroy();
      allow("shmmax", 16384);
      console.log(JSON.stringify([before, refusal(() => create(8193).destroy()) ?? null, list().length]));`);
    assert.match(String(answers[0]), /^EINVAL \| .*8192 bytes \(kernel\.shmmax\)/);
    assert.equal(answers.slice(1), [null, 0]);
  });
}

if (nativePairs.length > 0) {
  buildProbe();
  for (const access of ["read-write", "copy-on-write"])
    room(`windows are attached: mappings, ${access}`, () => {
      const answer = askModule<{
        counts: number[];
        refusals: string[];
        nattch: number[];
        mappings: number[];
        stored: boolean;
      }>(`${prelude}
        const segment = create(4096);
        const memory = new WebAssembly.Memory({ initial: 1000, maximum: 1000 });
        const refusals = [], counts = [], nattch = [], mappings = [];
        // Without those of the engine's heap, which takes 256 KiB at a time.
        const mapped = () =>
          readFileSync("/proc/self/maps", "latin1").split("\\n").length - getHeapStatistics().total_heap_size / 2 ** 18;
        const probe = createRequire(process.cwd() + "/package.json")("./test/native/build/Release/wasm_shm_test.node");
        probe.takeMappings(50_000, 0); // as other code might; the rest is enough to see what happens
        const before = mapped();
        for (let round = 0; round < 2; round++) {
          const made = [];
          refusals.push(refusal(() => { for (let n = 0; ; n++) made.push(segment.attach({ access: "${access}", into: { memory, byteOffset: n * 8192 } })); }));
          counts.push(made.length);
          nattch.push(segment.stat().nattch);
          const [kept, gone] = [made.slice(0, 300), made.slice(300)];
          for (const attachment of gone) attachment.detach();
          // Room for some, while the others stay.
          for (let n = 0; n < 300; n++) gone[n] = segment.attach({ access: "${access}", into: { memory, byteOffset: (300 + n) * 8192 } });
          for (const attachment of kept) attachment.bytes[0] = 1;
          for (const attachment of [...kept, ...gone.slice(0, 300)]) attachment.detach();
          nattch.push(segment.stat().nattch);
          mappings.push(mapped() - before);
        }
        const stored = segment.readChunk(1)[0] === ${access === "read-write" ? 1 : 0};
        segment[Symbol.dispose]();
        console.log(JSON.stringify({ counts, refusals, nattch, mappings, stored }));`);
      for (const refusal of answer.refusals)
        assert.match(refusal, /^ENOMEM \| .*vm\.max_map_count, now \d+; detach .*\| detach/);
      const [first = 0, second = 0] = answer.counts;
      assert.ok(first > 700 && second > first * 0.8, JSON.stringify(answer));
      assert.equal(answer.nattch, [first, 0, second, 0]);
      assert.ok(answer.stored);
      // A place that once was a window is the memory's again, and costs no mapping of its own.
      assert.ok(
        answer.mappings.every((count) => count < 200),
        JSON.stringify(answer),
      );
    });

  room("windows are attached: address space", () => {
    const source = `${prelude}
      const segment = create(4096);
      const refusals = [];
      // A function, as the registers of this module's own code would keep attachments.
      const fill = () => {
        const made = [];
        refusals.push(refusal(() => { for (;;) made.push(segment.attach()); }));
        for (const attachment of made) attachment.detach();
        return made.length;
      };
      const counts = [fill(), fill(), fill()];
      segment[Symbol.dispose]();
      console.log(JSON.stringify({ refusals, counts }));`;
    const node = [process.execPath, moduleFile(source)];
    const ended = run("sh", ["-c", `ulimit -v ${100 * 2 ** 20}; exec "$0" "$@"`, ...node]); // KiB: room for nine memories
    assert.is(ended.code, 0, ended.stderr);
    const answer = JSON.parse(ended.stdout) as { refusals: string[]; counts: number[] };
    for (const refusal of answer.refusals) assert.match(refusal, /^ENOMEM \| .*10 GiB of address space.*\| detach/);
    const [first = 0] = answer.counts;
    assert.ok(first >= 5, JSON.stringify(answer));
    assert.equal(answer.counts, [first, first, first]);
  });
}
room.run();
