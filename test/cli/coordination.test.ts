// wasm-shm peers, channel, watch --channel and ls --domains: what they show of a domain in other processes, and of hostile bytes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as assert from "uvu/assert";
import { channel, create, type Segment } from "wasm-shm";
import { ObjectKind } from "#src/sync/layout.js";
import { suite } from "../suite.js";
import { end, moduleFile } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { wordsOf } from "../sync/support.js";
import { cli, hasTerminal, main, onTerminal } from "./shell.js";

const test = suite("wasm-shm peers and channel");

/** A participant in another process, which does `work` with its `domain`. */
async function participant({ id }: Segment, work: string): Promise<ChildProcess> {
  const text = `import { open } from "wasm-shm";
    const domain = open(${id}).attach().join();
    ${work}
    process.send("ready"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, [moduleFile(text)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await once(child, "message");
  return child;
}

async function withDomain(use: (segment: Segment) => Promise<void>): Promise<void> {
  const segment = create(1 << 20);
  try {
    await use(segment);
  } finally {
    segment[Symbol.dispose]();
  }
}

/** What a command prints with --follow, until that is enough. It is ended then, or after 20 seconds. */
async function followed(args: (string | number)[], isEnough: (text: string) => boolean): Promise<string> {
  const child = spawn(process.execPath, [main, ...args.map(String), "--follow", "--interval", "100"]);
  const limit = setTimeout(() => child.kill("SIGKILL"), 20_000);
  let text = "";
  try {
    for await (const chunk of child.stdout) {
      text += String(chunk);
      if (isEnough(text)) break;
    }
  } finally {
    clearTimeout(limit);
    await end(child, "SIGKILL");
  }
  return text;
}

const ok = (args: (string | number)[]): string => {
  const { code, stdout, stderr } = cli(args);
  assert.is(code, 0, stderr);
  return stdout;
};

if (nativePairs.length === 0) test.skip("show domains", "the kernel's segments are absent");
else {
  test("tell who holds a lock, and who waits", () =>
    withDomain(async (segment) => {
      const domain = segment.attach().join();
      const holder = await participant(
        segment,
        "domain.mutex(4096).lockSync(); domain.semaphore(8192, { permits: 3 }).tryAcquire();",
      );
      try {
        const stop = new AbortController();
        const waiting = domain.mutex(4096).lock({ signal: stop.signal });
        const text = ok(["peers", segment.id]);
        assert.match(
          text,
          new RegExp(`${holder.pid} +node +alive .*holds mutex at 4096, holds 1 of 3 semaphore at 8192`),
        );
        assert.match(text, new RegExp(`${process.pid} +node +alive .* mutex at 4096\\n`));
        assert.match(text, new RegExp(`^mutex at 4096: held by pid ${holder.pid}, node .*\\.mjs; 1 waits$`, "m"));
        const json = JSON.parse(ok(["peers", segment.id, "--json"])) as {
          slots: number;
          peers: { pid: number; alive: boolean }[];
          objects: { name: string; offset: number; waiting: number[] }[];
        };
        assert.is(json.slots, 16);
        assert.equal(json.peers.map(({ pid }) => pid).sort(), [process.pid, holder.pid ?? 0].sort());
        assert.equal(
          json.objects.map(({ name, offset }) => `${name} ${offset}`),
          ["mutex 4096", "semaphore 8192"],
        );
        assert.equal(json.objects[0]?.waiting, [domain.slot]);
        stop.abort();
        await waiting.catch(() => {});
        await end(holder, "SIGKILL");
        const dead = ok(["peers", segment.id]);
        assert.match(dead, new RegExp(`${holder.pid} +node +killed`));
        assert.match(dead, /mutex at 4096: held by pid .*which was killed: the next that asks gets it/);
      } finally {
        await end(holder, "SIGKILL");
      }
    }));

  test("tell for how long, with --follow", () =>
    withDomain(async (segment) => {
      const domain = segment.attach().join();
      domain.mutex(4096).lockSync();
      const other = segment.attach().join();
      const waiting = other.mutex(4096).lock();
      const held = /held by pid .*, for \d+ s or more; 1 waits/;
      assert.match(await followed(["peers", segment.id], (text) => held.test(text)), held);
      domain.leave();
      assert.ok((await waiting).ownerDied);
    }));

  test("show the messages of a channel, and take none", () =>
    withDomain(async (segment) => {
      const domain = segment.attach().join();
      const jobs = domain.channel(4096, { mode: "mpmc", capacity: 4096 });
      const [writer, reader] = [jobs.writer(), jobs.reader()];
      for (const word of ["one", "two", "three"]) await writer.write(new TextEncoder().encode(word));
      await writer.write(Uint8Array.of(0, 1, 2));
      assert.is((await reader.read())?.length, 3);
      const text = ok(["channel", segment.id, "--tail", 10]);
      assert.match(
        text,
        new RegExp(`channel at 4096 +mpmc +64 +4K +4 +open +pid ${process.pid}, .* pid ${process.pid}`),
      );
      assert.match(text, /^0 {2}3 bytes, being read {2}one$/m);
      assert.match(text, /^16 {2}3 bytes {2}two$/m);
      assert.match(text, /^48 {2}3 bytes\n00000000: 0001 02/m);
      assert.is(new TextDecoder().decode((await reader.read())?.bytes), "two"); // it is still there
      const [json] = JSON.parse(ok(["channel", segment.id, "--json", "--tail", 1, "--offset", 4096])) as [
        { messages: number; last: { base64: string }[] },
      ];
      assert.is(json.last[0]?.base64, "AAEC");
      assert.match(
        cli(["channel", segment.id, "--offset", 64]).stderr,
        /no channel or topic at 64; there are some at 4096/,
      );
    }));

  test("follow a channel: rates, and new messages", async () => {
    using made = channel.create({ capacity: 4096 });
    const ticks = channel.open({ id: made.id }).writer();
    const told = (text: string): number[] =>
      [...text.matchAll(/bytes {2}tick (\d+)\n/g)].map(([, number]) => Number(number));
    const rate = /[1-9]\d* messages\/s/;
    let sent = 0;
    const reader = made.reader();
    const timer = setInterval(() => {
      ticks.tryWrite(new TextEncoder().encode(`tick ${sent++}`));
      if (made.used > 2048) reader.tryRead(); // so that there is room, however long the command takes to start
    }, 10);
    const text = await followed(
      ["channel", made.id, "--tail", 2],
      (sofar) => rate.test(sofar) && told(sofar).length > 20,
    ).finally(() => clearInterval(timer));
    assert.match(text, rate);
    const [first = 0, ...rest] = told(text);
    assert.ok(rest.length >= 20, text);
    assert.equal(
      rest,
      rest.map((_, index) => first + 1 + index),
    );
  });

  test("tell who reads a lock that another asks to write", () =>
    withDomain(async (segment) => {
      const [reading, asking] = [segment.attach().join(), segment.attach().join()];
      using read = reading.rwLock(4096).read.lockSync();
      const writing = asking.rwLock(4096).write.lock();
      const text = ok(["peers", segment.id]);
      assert.match(text, /reads rwLock at 4096/);
      assert.not.match(text, /holds/);
      assert.match(text, /^rwLock at 4096: read by pid [^;]*; 1 waits$/m);
      read.unlock();
      (await writing).unlock();
    }));

  test("show nothing of a segment without a domain, and of hostile words no more than there is", () =>
    withDomain(async (segment) => {
      assert.match(cli(["peers", segment.id]).stderr, /has no domain at byte 0; .*ls --domains/);
      const words = wordsOf(segment.attach());
      const domain = segment.attach().join();
      domain.channel(4096, { capacity: 64 }).writer();
      domain.rwLock(8192);
      domain.service(16384, { capacity: 128, clients: 2 });
      let state = 1;
      for (let round = 0; round < 8; round++) {
        for (let change = 0; change < 2000; change++) {
          state = (Math.imul(state, 1103515245) + 12345) >>> 0;
          const index = 16 + (state % 8000);
          if (index % 16 !== 0 || round > 4) words[index] = state % 3 === 0 ? state : state >>> 20;
        }
        for (const args of [["peers"], ["channel", "--tail", "5"], ["peers", "--json"]]) {
          const { code, signal, stderr } = cli([args[0] as string, segment.id, ...args.slice(1)]);
          assert.is(signal, null);
          if (code !== 0) assert.match(stderr, /^wasm-shm: (segment|ERR_SHM_LAYOUT)/);
        }
      }
    }));

  test("take an object of impossible sizes for none", () =>
    withDomain(async (segment) => {
      const words = wordsOf(segment.attach());
      segment.attach().join();
      // In the last line: what each claims would fit, if its capacity were a number of bytes.
      for (const [kind, first, second] of [
        [ObjectKind.channel, -896, 1],
        [ObjectKind.channel, 0, 1],
        [ObjectKind.topic, -256, 1],
        [ObjectKind.topic, 64, 0x40000001],
        [ObjectKind.service, 128, 0x1f],
      ] as const) {
        words.set([kind, first, second], words.length - 16);
        for (const args of [
          ["channel", segment.id, "--tail", 3],
          ["peers", segment.id],
        ]) {
          const { code, stderr } = cli(args);
          assert.not.match(stderr, /RangeError|at .*\.js/, `${args} ${kind}`);
          assert.ok(code === 0 || /has no channel/.test(stderr), stderr);
        }
      }
    }));

  test("ls --domains counts the living", () =>
    withDomain(async (segment) => {
      const counted = (): unknown =>
        (JSON.parse(ok(["ls", "--domains", "--json"])) as { id: number; peers: number | null }[]).find(
          ({ id }) => id === segment.id,
        )?.peers;
      assert.is(counted(), null);
      const domain = segment.attach().join();
      const other = await participant(segment, "");
      assert.is(counted(), 2);
      await end(other, "SIGKILL");
      assert.is(counted(), 1);
      assert.match(ok(["ls", "--domains"]), /USED +PEERS/);
      assert.not.match(ok(["ls"]), /PEERS/);
      domain.leave();
    }));

  if (!hasTerminal) absent(test, "watch --channel draws", "no script(1)");
  else
    test("watch --channel draws depth and rates", () =>
      withDomain(async (segment) => {
        const writer = segment.attach().join().channel(4096, { capacity: 4096 }).writer();
        writer.tryWrite(new Uint8Array(1000));
        const text = `stty rows 12 cols 100; "${process.execPath}" "${main}" watch ${segment.id} --channel --interval 50`;
        const ended = await onTerminal(text, [["▂", "q"]]);
        assert.is(ended.code, 0);
        assert.match(ended.stdout, /channel at 4096 {2}spsc {2}4K/);
        assert.match(ended.stdout, /messages\/s/);
      }));
}
test.run();
