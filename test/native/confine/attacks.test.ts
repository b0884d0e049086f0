// An escaped guest is assumed: native code in its place, after the lock. Each attack fails, or ends its process.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { create } from "wasm-shm";
import { suite } from "../../suite.js";
import { root } from "../../support/child.js";
import { isEmulated, isNode } from "../../support/engine.js";
import { nativePairs } from "../../support/pairs.js";
import { buildProbe } from "../guarded.js";
import { type Attack, allAttacks, resultOf } from "./attacks.js";
import { DONE, type Job, type Outcome, PROBE, run, type StartOptions, unlaunched } from "./confined.js";
import { numbers } from "./policy.js";

interface Probe {
  /** The signal that ended the child; -1: none did. */
  callInChild(segments: Int32Array, entry: number, ...values: unknown[]): number;
  addressOf(view: Uint8Array): bigint;
}

/** The guest calls what the test gives it as an import, and that is native code. */
const GUEST = "AGFzbQEAAAABBAFgAAACDgEDZW52BmF0dGFjawAAAwIBAAcHAQNydW4AAQoGAQQAEAAL";

const BODY = `
  const probe = createRequire("/")(${JSON.stringify(PROBE)});
  const n = (name) => {
    if (!(name in job.numbers)) throw new Error("no call " + name);
    return job.numbers[name];
  };
  const text = (value) => Uint8Array.from([...value, "\\0"].map((letter) => letter.charCodeAt(0)));
  const { byteOffset, memory, bytes } = windows[0].attach({ access: "read-only" });
  const windowAddress = probe.addressOf(bytes);
  const attacks = job.attacks.map((source) => new Function("probe", "n", "text", "job", "windowAddress", "return " + source));
  if (job.locked) lock();
  const module = new WebAssembly.Module(Buffer.from(${JSON.stringify(GUEST)}, "base64"));
  for (const [index, attack] of attacks.entries()) {
    tell({ index });
    const attackAsGuest = () => tell({ index, value: Number(attack(probe, n, text, job, windowAddress)) });
    new WebAssembly.Instance(module, { env: { attack: attackAsGuest } }).exports.run();
  }
`;

const attack = suite("Native code in a confined process");
if (nativePairs.length === 0 || !isNode || isEmulated) attack.skip("all", "it needs seccomp, Node and the addon");
else {
  buildProbe();
  const known = numbers();
  const readOnly = create(65_536, { mode: 0o666 });
  const writable = create(65_536, { mode: 0o666 });
  const other = create(65_536, { mode: 0o666, key: 0x5ec0 + process.pid });
  process.on("exit", () => {
    for (const segment of [readOnly, writable, other]) segment[Symbol.dispose]();
  });
  const job: Job = {
    windows: [
      { id: readOnly.id, readOnly: true },
      { id: writable.id, readOnly: false },
    ],
    other: other.id,
    key: 0x5ec0 + process.pid,
    parent: process.pid,
    locked: true,
    numbers: Object.fromEntries(known),
  };
  const perform = (attacks: readonly Attack[], options?: StartOptions, more = {}): Promise<Outcome> =>
    run(BODY, { ...job, ...more, attacks: attacks.map(({ source }) => source) }, options);
  const results = ({ told }: Outcome): string[] =>
    told.flatMap((line) => ("value" in (line as object) ? [resultOf((line as { value: number }).value)] : []));
  const fatal = allAttacks.filter(({ result }) => result.startsWith("SIG"));
  const harmless = allAttacks.filter((one) => !fatal.includes(one));

  attack("there are the attacks that the page promises", () => {
    const promised = Number(/\[(\d+) attacks\]/.exec(readFileSync(join(root, "SECURITY.md"), "utf8"))?.[1]);
    if (process.arch === "x64") assert.is(allAttacks.length, promised);
    else assert.ok(allAttacks.length > 140 && allAttacks.length <= promised, `${allAttacks.length}`);
    assert.is(new Set(allAttacks.map(({ name }) => name)).size, allAttacks.length);
  });

  for (const [title, options] of [
    ["with namespaces", {}],
    ["without", { launched: unlaunched }],
  ] as const)
    attack(`fails if the policy refuses it, ${title}`, async () => {
      const outcome = await perform(harmless, options);
      assert.equal(
        results(outcome).map((result, index) => `${harmless[index]?.name}: ${result}`),
        harmless.map(({ name, result }) => `${name}: ${result}`),
        outcome.errors,
      );
      assert.equal([outcome.code, outcome.signal, outcome.errors], [DONE, null, ""]);
    });

  attack("ends its process if the policy does not know it", () => {
    const probe = createRequire(root)(PROBE) as Probe;
    const segments = Int32Array.of(readOnly.id, 1, writable.id, 0);
    const forked = {
      call: (...values: unknown[]) => probe.callInChild(segments, 0, ...values),
      callInt80: (...values: unknown[]) => probe.callInChild(segments, 1, ...values),
    };
    const attached = readOnly.attach({ access: "read-only" });
    const windowAddress = probe.addressOf(attached.bytes);
    const n = (name: string): number | undefined => known.get(name);
    const text = (value: string): Uint8Array => Buffer.from(`${value}\0`);
    const wrong = fatal
      .filter(({ result }) => result === "SIGSYS")
      .map(({ name, source }) => {
        const perform = new Function("probe", "n", "text", "job", "windowAddress", `return ${source}`);
        return [name, perform(forked, n, text, job, windowAddress) as number] as const;
      })
      .filter(([, signal]) => signal !== constants.signals.SIGSYS);
    attached.detach();
    assert.equal(wrong, []);
  });

  attack("ends a runner, too: each tenth of them, and a store without the guard", async () => {
    const left = fatal.filter(({ result }, index) => index % 10 === 0 || result === "SIGSEGV");
    const wrong: string[] = [];
    const next = async (): Promise<void> => {
      for (let one = left.pop(); one; one = left.pop()) {
        const { code, signal, told, errors } = await perform([one]);
        if (signal !== one.result || told.length !== 1 || errors !== "")
          wrong.push(`${one.name}: ${code ?? signal}, ${JSON.stringify(told)} ${errors}`);
      }
    };
    await Promise.all([next(), next()]);
    assert.equal(wrong, []);
  });

  attack("left every segment as it was", () => {
    for (const segment of [readOnly, writable, other]) {
      const attachment = segment.attach({ access: "read-only" });
      assert.ok(attachment.bytes.every((byte) => byte === 0));
      attachment.detach();
      assert.is(segment.stat().nattch, 0);
    }
  });

  attack("would have worked without the lock", async () => {
    const tried = [
      'openat(-100, text("/etc/passwd"), 0)',
      "socket(1, 1, 0)",
      "pipe2(new Int32Array(2), 0)",
      "dup(3)",
      "shmat(job.other, 0, 0)",
      "shmat(job.windows[0].id, 0, 0)",
      "mmap(0, 4096, 7, 0x22, -1, 0)",
      "kill(job.parent, 0)",
      `prlimit64(job.parent, 7, 0, new Uint8Array(16))`,
    ];
    const chosen = allAttacks.filter(({ name }) => tried.includes(name));
    assert.is(chosen.length, tried.length);
    const outcome = await perform(chosen, {}, { locked: false });
    assert.equal(
      results(outcome),
      chosen.map(() => "done"),
      outcome.errors,
    );
  });
}
attack.run();
