// Values as bytes between a sandbox and its guest's process, and a process that sends what no runner would.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { createSandbox } from "wasm-shm";
import { decode, encode, MOST_BYTES } from "#src/sandbox/process/wire.js";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { root } from "../support/child.js";
import { confines } from "../support/engine.js";
import { code } from "../support/pairs.js";
import { Random } from "../support/random.js";
import { gone, runnersOf } from "./processes.js";
import { guest, native, rejects, withIntactSegment } from "./sandboxes.js";

const wire = suite("Values between processes");

function randomValue(random: Random, depth: number): unknown {
  const kind = random.below(depth > 3 ? 10 : 12);
  if (kind === 0) return undefined;
  if (kind === 1) return null;
  if (kind === 2) return random.oneIn(2);
  if (kind === 3) return random.word() | 0;
  if (kind === 4) return random.word() / 7;
  if (kind === 5) return random.of([Number.NaN, -0, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 53, 5e-324]);
  if (kind === 6) return BigInt.asIntN(64, BigInt(random.word()) ** 2n);
  if (kind === 7) return random.of([1n, -1n]) * BigInt(random.word()) ** BigInt(random.below(9));
  if (kind === 8) return random.of(["", "naïve 💥", "x".repeat(random.below(300)), "__proto__"]);
  if (kind === 9) return Uint8Array.from({ length: random.below(40) }, () => random.below(256));
  if (kind === 10) return Array.from({ length: random.below(6) }, () => randomValue(random, depth + 1));
  return Object.fromEntries(
    Array.from({ length: random.below(5) }, (_, index) => [
      random.of(["a", "", "__proto__", `k${index}`]),
      randomValue(random, depth + 1),
    ]),
  );
}

wire("are the same afterwards", () => {
  const random = new Random(11);
  for (let round = 0; round < 5000; round++) {
    const value = randomValue(random, 0);
    assert.equal(decode(Buffer.from(encode(value))), value);
  }
  assert.ok(Object.is(decode(Buffer.from(encode(-0))), -0));
});

wire("that are not plain are refused: functions, symbols, instances, deep and large ones", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 17; level++) deep = [deep];
  const circle: unknown[] = [];
  circle.push(circle);
  class Own {}
  const others = [
    () => 1,
    Symbol("s"),
    new Own(),
    new Map(),
    new Date(),
    deep,
    circle,
    "x".repeat(MOST_BYTES),
    [Promise.resolve()],
  ];
  for (const value of [...others, Array(MOST_BYTES).fill(0)])
    assert.throws(
      () => encode(value),
      (error: Error) => error.name === "NotPlain",
    );
  assert.throws(
    () =>
      encode({
        get a() {
          throw new Error("mine");
        },
      }),
    /mine/,
  );
  assert.equal(
    decode(
      Buffer.from(
        encode({
          get a() {
            return encode([1]).length;
          },
        }),
      ),
    ),
    { a: 10 },
  );
});

wire("random and damaged bytes are a RangeError or a value, and no prototype changes", () => {
  const random = new Random(12);
  const prototype = Object.getOwnPropertyNames(Object.prototype).join();
  for (let round = 0; round < campaign(30_000, 3_000_000); round++) {
    const bytes = random.oneIn(2)
      ? Buffer.from(encode(randomValue(random, 0)))
      : Buffer.from(Array.from({ length: random.below(40) }, () => random.below(random.oneIn(2) ? 13 : 256)));
    for (let edits = random.below(3); edits > 0 && bytes.length > 0; edits--)
      bytes[random.below(bytes.length)] = random.below(256);
    try {
      decode(bytes);
    } catch (error) {
      assert.instance(error, RangeError);
    }
  }
  assert.is(Object.getOwnPropertyNames(Object.prototype).join(), prototype);
  assert.is(({} as { polluted?: unknown }).polluted, undefined);
});
wire.run();

const hostile = suite("A hostile runner");
if (!confines || !native) hostile.skip("is ended", "this engine starts no process");
else {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-runner-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  let count = 0;

  /** A program that is started as if it were Node, and does `body`, with `frame` to send values and `raw` to send bytes. */
  function runner(body: string): string {
    const file = join(folder, `runner${count++}`);
    const source = `#!${process.execPath}
      const fs = require("node:fs");
      const raw = (bytes) => { for (let at = 0; at < bytes.length; ) at += fs.writeSync(3, bytes, at); };
      const pieces = [];
      const u32 = (value) => { const b = Buffer.alloc(4); b.writeUInt32LE(value >>> 0); return b; };
      const encode = (value) =>
        value === undefined ? Buffer.from([0]) : value === null ? Buffer.from([1])
        : typeof value === "number" ? Buffer.concat([Buffer.from([4]), u32(value)])
        : typeof value === "string" ? Buffer.concat([Buffer.from([8]), u32(Buffer.byteLength(value)), Buffer.from(value)])
        : Array.isArray(value) ? Buffer.concat([Buffer.from([9]), u32(value.length), ...value.map(encode)])
        : Buffer.concat([Buffer.from([10]), u32(Object.keys(value).length), ...Object.entries(value).flatMap(([key, item]) => [u32(Buffer.byteLength(key)), Buffer.from(key), encode(item)])]);
      const frame = (...values) => raw(Buffer.concat(values.map(encode).flatMap((bytes) => [u32(bytes.length), bytes])));
      const wait = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      const isReady = (places = [65536]) => [3, places, { dataLimit: 1, openFiles: 0, namespaces: [] }, [65536]];
      const ready = (places) => frame(isReady(places));
      (async () => { ${body} })().catch(() => {}).finally(() => wait(20000));`;
    writeFileSync(file, source);
    chmodSync(file, 0o755);
    return file;
  }

  /** Makes `ring`, from which the host's calls are received. */
  const RING = `
    const { GuestRing, mapRing } = await import("${join(root, "build/src/sandbox/process/ring.js")}");
    const { sysvHost } = await import("${join(root, "build/src/node.js")}");
    const take = (n) => { const b = Buffer.alloc(n); for (let at = 0; at < n; ) at += fs.readSync(3, b, at, n - at); return b; };
    const next = () => take(take(4).readUInt32LE());
    next();
    const { addon, ring: id } = JSON.parse(next());
    const host = sysvHost(addon);
    const ring = new GuestRing(host, mapRing(host, id));`;

  const violations: [what: string, body: string][] = [
    ["a frame that is too long", "raw(u32(0xffffffff)); raw(Buffer.alloc(100))"],
    ["bytes that are not a value", "raw(Buffer.concat([u32(5), Buffer.from([99, 1, 2, 3, 4])]))"],
    ["a list that promises more than it has", "raw(Buffer.concat([u32(5), Buffer.from([9]), u32(0xffffffff)]))"],
    [
      "lists inside lists",
      "const b = Buffer.alloc(200000); for (let i = 0; i + 5 <= b.length; i += 5) { b[i] = 9; b.writeUInt32LE(1, i + 1); } raw(Buffer.concat([u32(b.length), b]))",
    ],
    ["a message of an unknown kind", "frame([77, 1])"],
    ["other windows than it was given", "ready([])"],
    ["a window outside of a memory", "ready([-1])"],
    ["a window that is not a number", 'ready(["0"])'],
    ["confinement that is none", 'frame([3, [65536], { dataLimit: "x", openFiles: 0, namespaces: [] }])'],
    [
      "an imported function of a prototype",
      'ready(); wait(300); frame([7, 1, "constructor", "constructor", ["return process"]])',
    ],
    ["an imported function outside of a call", 'frame(isReady(), [7, 1, "host", "callback", [1]])'],
    ["an error that nothing threw", "frame([4, [5]])"],
    ["an error of an unknown kind", 'frame([4, ["EvalError", "x"]])'],
    ["an error whose cause is not an error", 'frame([4, ["ShmError", "x", "E", undefined, undefined, undefined, 5]])'],
    ["no memory with a result", "ready(); wait(300); frame([5, 1, 1])"],
    ["a memory of less than nothing", "ready(); wait(300); frame([5, 1, 1, [-1]])"],
    ["a flood on its standard error", 'for (;;) fs.writeSync(2, "x".repeat(65536))'],
  ];
  for (const [what, body] of violations)
    hostile(`that sends ${what} is ended, and told`, () =>
      withIntactSegment(async (segment) => {
        let called = 0;
        const imports = { host: { callback: () => called++ } };
        const options = { windows: { window: { segment } }, imports, timeLimitMs: 5000, execPath: runner(body) };
        const outcome = await createSandbox(guest("hostile/callback"), options).then(
          async (sandbox) => {
            const error = await sandbox.call("enter", 1).catch((reason: { code: string }) => reason);
            await sandbox.close();
            return error as { code: string; message: string };
          },
          (reason: { code: string; message: string }) => reason,
        );
        assert.match(outcome.code, /^ERR_SHM_(SANDBOX_CLOSED|UNSUPPORTED)$/, outcome.message);
        assert.match(outcome.message, /was ended because/);
        assert.is(called, 0);
        assert.is((Object.prototype as { polluted?: unknown }).polluted, undefined);
      }),
    );

  const noCall: [what: string, body: string][] = [
    ["a result of a call that does not run", "frame([5, 7, 1, [65536]])"],
    ["an error of one", 'frame([6, 7, ["TypeError", "x"], [65536]])'],
    ["a second start", "ready([])"],
    ["a failure to start once it has started", 'frame([4, ["TypeError", "x"]])'],
  ];
  for (const [what, body] of noCall)
    hostile(`that sends ${what} is ended while it is idle`, async () => {
      const execPath = runner(`ready([]); wait(300); for (;;) ${body};`);
      const sandbox = await createSandbox(guest("hostile/exports"), { execPath });
      assert.ok((await gone([sandbox.pid as number], 3000)) < 3000);
      await sleep(50);
      await rejects(() => sandbox.call("answer"), "ERR_SHM_SANDBOX_CLOSED", /was ended because it answered a call/);
      await sandbox.close();
    });

  hostile("cannot pass off a result, or an error, as its start", async () => {
    for (const body of ["frame([5, 0, 1, [65536]])", 'frame([6, 0, ["TypeError", "x"], [65536]])'])
      await rejects(
        () => createSandbox(guest("hostile/exports"), { execPath: runner(body) }),
        "ERR_SHM_SANDBOX_CLOSED",
        /was ended because/,
      );
  });

  for (const [what, answer] of [
    ["is not a value", "ring.answer(Buffer.from([99]))"],
    ["is not a message", "ring.answer(encode(5))"],
    ["is too long", "ring.bytes.writeUInt32LE(2 ** 31, 4096 + 512 * 1024); ring.set(2, 1)"],
    ["is of another call", "ring.answer(encode([5, 7, 1, [65536]]))"],
  ] as const)
    hostile(`whose answer to callSync ${what} is ended, and every running call told`, async () => {
      const execPath = runner(`${RING}
        ready([]);
        ring.receive();
        frame([7, 1, "host", "callback", [1]]);
        ring.receive();
        ${answer};`);
      let inner: unknown;
      const host = {
        callback: () => {
          try {
            sandbox.callSync("enter", 1);
          } catch (error) {
            inner = error;
          }
        },
      };
      const options = { execPath, imports: { host }, timeLimitMs: 5000 };
      const sandbox = await createSandbox(guest("hostile/callback"), options);
      await rejects(
        () => sandbox.call("enter", 1),
        "ERR_SHM_SANDBOX_CLOSED",
        /was ended because it|was ended because a/,
      );
      assert.ok(code("ERR_SHM_SANDBOX_CLOSED", /was ended because/)(inner));
      await sandbox.close();
    });

  hostile("that says nothing, or never reads, ends at the deadline", async () => {
    for (const body of ["", "for (;;);", "ready(); wait(20000)"]) {
      const sandbox = createSandbox(guest("hostile/exports"), {
        timeLimitMs: 800,
        execPath: runner(body.replace("ready()", "ready([])")),
      });
      const error = await sandbox.then((made) => made.call("answer")).catch((reason: { code: string }) => reason);
      assert.is((error as { code: string }).code, "ERR_SHM_TIME_LIMIT");
    }
  });

  hostile("that answers with an error gets it told as any other, with nothing of its own class", async () => {
    const body = `frame([4, ["ShmError", "mine", "ERR_MINE", undefined, undefined, undefined, ["Error", "deep", "at x"]]])`;
    const error = await createSandbox(guest("hostile/exports"), { execPath: runner(body) }).catch(
      (reason: Error) => reason,
    );
    assert.equal([(error as Error).message, (error as { code?: string }).code], ["mine", "ERR_MINE"]);
    assert.is(((error as Error).cause as Error | undefined)?.message, "deep");
  });

  hostile("that returns other bytes than those asked for, or a place outside of its memory, is ended", async () => {
    const long = await createSandbox(guest("hostile/exports"), {
      execPath: runner(`${RING} ready([]); ring.receive(); frame([5, 1, "x".repeat(4), [65536]])`),
    });
    await rejects(() => long.bytes(0, 4), "ERR_SHM_SANDBOX_CLOSED", /other bytes/);
    const outside = await createSandbox(guest("hostile/exports"), {
      execPath: runner(`${RING} ready([]); ring.receive(); frame([5, 1, -1, [65536]])`),
    });
    await rejects(() => outside.write("x"), "ERR_SHM_SANDBOX_CLOSED", /outside of its memory/);
    for (const sandbox of [long, outside]) await sandbox.close();
  });

  hostile("whose results are of every kind: they are what it says, as plain values", async () => {
    const body = `${RING} ready([]); ring.receive(); frame([5, 1, { ["__proto__"]: { polluted: 1 }, then: "x" }, [65536]]);`;
    const sandbox = await createSandbox(guest("hostile/exports"), { execPath: runner(body) });
    const result = (await sandbox.call("answer")) as unknown as object;
    assert.is(Object.getPrototypeOf(result), Object.prototype);
    assert.is((result as { polluted?: unknown }).polluted, undefined);
    await sandbox.close();
    assert.ok((await gone(runnersOf(), 2000)) < 2000);
  });
}
hostile.run();
