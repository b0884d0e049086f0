// What a guest may do is all there under the filter: V8 asks for nothing that would end the process.
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { create } from "wasm-shm";
import { suite } from "../../suite.js";
import { campaign } from "../../support/campaign.js";
import { runModule } from "../../support/child.js";
import { isEmulated, isNode } from "../../support/engine.js";
import { nativePairs } from "../../support/pairs.js";
import { buildProbe } from "../guarded.js";
import { DONE, ended, type Job, type Outcome, PROBE, type StartOptions, start, unlaunched } from "./confined.js";
import { working } from "./guests.js";

const BODY = `
  tell(lock());
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1000 });
  const module = new WebAssembly.Module(Buffer.from(job.wasm, "base64"));
  const attached = windows.map((segment, index) => {
    const byteOffset = memory.buffer.byteLength;
    memory.grow(segment.size / 65536);
    return segment.attach({ access: job.windows[index].readOnly ? "read-only" : "read-write", into: { memory, byteOffset } });
  });
  const guest = new WebAssembly.Instance(module, { env: { memory } }).exports;
  const [input, output] = attached.map(({ byteOffset }) => byteOffset);
  const attempt = (call) => {
    try { return call() ?? null; } catch (error) { return error.name ?? "Exception"; }
  };
  const collect = () => {
    let kept = [];
    for (let turn = 0; turn < 100; turn++) kept = [...kept.slice(-50), new Array(50_000).fill(turn)];
    gc();
  };
  tell({
    answer: guest.answer(),
    load: guest.load(input),
    sum: Array.from({ length: 20 }, () => guest.sum(input, 4 << 20)).at(-1),
    stores: [attempt(() => guest.store(input)), attempt(() => guest.store(output))],
    scatter: attempt(() => guest.scatter(input, 400)),
    privatePages: attached[0].privatePages,
    discard: attempt(() => attached[0].discard()),
    traps: [guest.trap, () => guest.load(-1), guest.recurse].map(attempt),
    grow: [guest.grow(100), guest.growTable(50_000), guest.growTable(20_000_000)],
    caught: guest.catch(50_000),
    thrown: attempt(() => guest.throw(1)),
    collect: attempt(collect),
    wait: calls.waitWord(new Int32Array(4), 1, 0, 5),
    wake: calls.wakeWord(new Int32Array(4), 1),
  });
  writeSync(2, "as V8 would\\n");
`;

/** The kernel's messages; undefined if they cannot be read. */
function kernelMessages(): string | undefined {
  const { status, stdout } = spawnSync("dmesg", [], { encoding: "utf8", maxBuffer: 2 ** 26 });
  return status === 0 ? stdout : undefined;
}

const work = suite("A guest in a confined process");
if (nativePairs.length === 0 || !isNode || isEmulated) work.skip("all", "it needs seccomp, Node and the addon");
else {
  const input = create(4 << 20);
  const output = create(1 << 20);
  process.on("exit", () => {
    for (const segment of [input, output]) segment[Symbol.dispose]();
  });
  input.attach().bytes.fill(1);
  const job: Job = {
    windows: [
      { id: input.id, readOnly: true },
      { id: output.id, readOnly: false },
    ],
    wasm: working(),
  };
  const expected = {
    answer: 42,
    load: 1,
    sum: 4 << 20,
    stores: [null, null],
    scatter: null,
    privatePages: 400,
    discard: null,
    traps: ["RuntimeError", "RuntimeError", "RangeError"],
    grow: [81, 10, -1],
    caught: 50_000,
    thrown: "Exception",
    collect: null,
    wait: -110,
    wake: 0,
  };
  const pids = new Set<number>();

  async function works(options: StartOptions): Promise<Outcome> {
    const child = start(BODY, job, { ...options, flags: ["--expose-gc", ...(options.flags ?? [])] });
    pids.add(child.pid as number);
    const outcome = await ended(child);
    assert.equal(
      [outcome.code, outcome.signal, outcome.errors],
      [DONE, null, "as V8 would\n"],
      JSON.stringify(outcome),
    );
    assert.equal(outcome.told[1], expected);
    return outcome;
  }

  work("works, and says how it is confined", async () => {
    const { told } = await works({});
    const { dataLimit, namespaces, ...rest } = told[0] as { dataLimit: number; namespaces: string[] };
    assert.equal(rest, {
      noNewPrivileges: true,
      systemCalls: "filtered",
      openFiles: 0,
      coreDumps: false,
      diesWithParent: true,
    });
    assert.ok(dataLimit > 256 << 20);
    const tried = spawnSync("unshare", ["--net", "--mount", ...(process.getuid?.() === 0 ? [] : ["--user"]), "true"]);
    const ownUser = process.getuid?.() === 0 ? [] : ["user"];
    assert.equal(namespaces, tried.status === 0 ? [...ownUser, "mnt", "net"] : []);
  });

  work("works without namespaces", async () => {
    const { told } = await works({ launched: unlaunched });
    assert.equal((told[0] as { namespaces: string[] }).namespaces, []);
  });

  work(`works each of ${campaign(8, 300)} times`, async () => {
    let left = campaign(8, 300);
    const next = async (): Promise<void> => {
      while (left-- > 0) await works(left % 3 === 0 ? { flags: ["--no-liftoff"] } : {});
    };
    await Promise.all([next(), next()]);
  });

  work("a thread that begins as the filter is set ends no process", () => {
    buildProbe();
    const source = `import { createRequire } from "node:module";
      console.log(createRequire("/")(${JSON.stringify(PROBE)}).beginThreads(${campaign(200, 5000)}));`;
    const { stdout, stderr } = runModule(source);
    assert.is(stdout.trim(), "0", `a child's status as waitpid(2) has it; ${stderr}`);
  });

  work("the stores reached the segment that may be written, and no other", () => {
    assert.is(output.readChunk(1, 0)[0], 7);
    const attachment = input.attach({ access: "read-only" });
    assert.ok(attachment.bytes.every((byte) => byte === 1));
  });

  const begin = Date.now() / 1000;
  /** The processes that the kernel says a filter ended. Their ids are used again: only messages since this file began count. */
  const endedByFilter = (): number[] =>
    [...(kernelMessages() ?? "").matchAll(/type=1326 audit\(([\d.]+):.* pid=(\d+) /g)]
      .filter(([, seconds]) => Number(seconds) >= begin)
      .map(([, , pid]) => Number(pid));

  /** Whether the kernel tells of a process that a filter ends. Of many at once it leaves some out. */
  async function isTold(): Promise<boolean> {
    for (let turn = 0; turn < 5; turn++) {
      const child = start('lock(); process.chdir("/");', { windows: [] });
      assert.is((await ended(child)).signal, "SIGSYS");
      if (endedByFilter().includes(child.pid as number)) return true;
      await sleep(1000);
    }
    return false;
  }

  const title = "no call was refused that ends a process";
  if (kernelMessages() === undefined) work.skip(title, "dmesg cannot be read here");
  else if (!(await isTold())) work.skip(title, "the kernel does not tell of such processes");
  else
    work(title, () =>
      assert.equal(
        endedByFilter().filter((pid) => pids.has(pid)),
        [],
      ),
    );
}
work.run();
