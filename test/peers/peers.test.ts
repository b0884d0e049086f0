// The same tests for peers in C, Perl (shmread), Python (sysv_ipc) and PHP (shmop).
// Not tested: atomics in Perl, Python and PHP, which have none; ids and the attach count in PHP, whose shmop hides both.
import type { SpawnOptions } from "node:child_process";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { Attachment } from "wasm-shm";
import { suite } from "../suite.js";
import { isRoot, moduleFile, root, run, works } from "../support/child.js";
import { adlerOracle } from "../support/oracle.js";
import { code, nativePairs, randomBytes } from "../support/pairs.js";
import { absent, compile, type Talk, TIME_LIMIT_MS, withPeer } from "../support/peers.js";

const SIZE = 3333;
const BLOCK = 128 * 1024; // bytes
const BLOCKS = 32; // in each half: 8 MiB in all
const STAGE = 10_000; // increments
const STAGES = 100;
const key = (0xd9000000 | process.pid) >>> 0; // the kernel's keys are signed, so there it is negative
const asNobody = { uid: 65534, gid: 65534 };

const python = ["/usr/bin/python3", "python3"].find((name) => works(name, ["-c", "import sysv_ipc"]));
const file = (name: string): string => join(root, "test/peers/programs", name);
const flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"];
const compiled = works("gcc", ["--version"]) ? compile("peer.c", flags) : undefined;

interface Peer {
  title: string;
  here: boolean;
  /** The program, and its first arguments. */
  command: [string, ...string[]];
  /** Whether it opens by id, prints the id of a segment that it creates, and sees the attach count. */
  knowsIds: boolean;
}

const peers: Peer[] = [
  { title: "C", here: compiled !== undefined, command: [compiled?.program ?? "gcc"], knowsIds: true },
  {
    title: "Perl",
    here: works("perl", ["-MIPC::SharedMem", "-MCompress::Zlib", "-e", "1"]),
    command: ["perl", file("peer.pl")],
    knowsIds: true,
  },
  {
    title: "Python",
    here: python !== undefined,
    command: [python ?? "python3", file("peer.py")],
    knowsIds: true,
  },
  {
    title: "PHP",
    here: works("php", ["-r", "exit((int)!function_exists('shmop_open'));"]),
    command: ["php", file("peer.php")],
    knowsIds: false,
  },
];

/** The test's side of a peer's `both`: in each round both sides write a block and then checksum the other's. */
async function writeHalf(talk: Talk, attachment: Attachment): Promise<void> {
  const own = randomBytes(BLOCK * BLOCKS);
  const peerBytes = new Uint8Array(BLOCK * BLOCKS);
  for (let at = 0; at < BLOCKS; at++) peerBytes.fill("a".charCodeAt(0) + (at % 26), at * BLOCK, (at + 1) * BLOCK);
  assert.is(await talk.hear(), "ready");
  talk.tell();
  for (let at = 0; at < BLOCKS; at++) {
    const [start, end] = [at * BLOCK, (at + 1) * BLOCK];
    attachment.bytes.set(own.subarray(start, end), start);
    talk.tell();
    assert.is(await talk.hear(), "written");
    const sum = attachment.checksum("adler32", { start: own.length + start, end: own.length + end });
    assert.is(sum, adlerOracle(peerBytes.subarray(start, end)));
    assert.is(await talk.hear(), String(adlerOracle(own.subarray(start, end))));
  }
  const whole = adlerOracle(Buffer.concat([own, peerBytes]));
  talk.tell();
  assert.is(attachment.checksum("adler32"), whole);
  assert.is(await talk.hear(), String(whole));
  await talk.bye();
}

/** The test's side of a peer's `count`. Neither begins a stage before the other has begun the previous one. */
async function countToAMillion(talk: Talk, bytes: Uint8Array): Promise<void> {
  const counter = new Int32Array(bytes.buffer, bytes.byteOffset, 1);
  const begin = new Int32Array(bytes.buffer, bytes.byteOffset + 64, 1);
  assert.is(await talk.hear(), "ready");
  const limit = Date.now() + TIME_LIMIT_MS;
  let moved = 0;
  let others = 0;
  Atomics.store(begin, 0, 1);
  for (let own = 0; own < STAGE * STAGES; own++) {
    while (own % STAGE === 0 && Atomics.load(counter, 0) - own <= own - STAGE)
      if (Date.now() > limit) throw new Error(`the peer stopped at ${others}, or increments were lost`);
    const seen = Atomics.add(counter, 0, 1) - own;
    if (seen !== others) moved++;
    others = seen;
  }
  const movedForPeer = Number(await talk.hear());
  await talk.bye();
  assert.is(Atomics.load(counter, 0), 2 * STAGE * STAGES);
  // The stages force each count to move within two stages of the other, even on one core.
  for (const times of [moved, movedForPeer]) assert.ok(times >= STAGES / 2 - 1, `saw it move ${times} times`);
}

if (nativePairs.length === 0) {
  const none = suite("A peer");
  none.skip("shares a segment with this process", "this platform has no sysv host");
  none.run();
}

for (const { name, shm, withSegment } of nativePairs)
  for (const { title, here, command, knowsIds } of peers) {
    const peer = suite(`${title} as a peer [${name}]`);
    const [executable, ...before] = command;
    const attempt = (words: (string | number)[], options: SpawnOptions = {}) =>
      run(executable, [...before, ...words.map(String)], { ...options, timeout: TIME_LIMIT_MS });
    const ask = (...words: (string | number)[]): string => {
      const { code, signal, stdout, stderr } = attempt(words);
      if (code !== 0) throw new Error(`${title} failed at ${words.join(" ")} (${code ?? signal}): ${stderr}`);
      return stdout.replace(/\n$/, "");
    };

    if (!here) {
      absent(peer, "shares a segment with this process", `${title} or its module is not installed`);
      peer.run();
      continue;
    }

    if (title === "C")
      peer("compiles without a warning", () => {
        assert.is(compiled?.ended.code, 0, compiled?.ended.stderr);
      });

    peer("reads what this process wrote at an offset, and sees the exact size", () => {
      withSegment(
        SIZE,
        (segment) => {
          segment.attach().bytes.set(Buffer.from("from test"), SIZE - 9);
          for (const which of knowsIds ? [key | 0, `#${segment.id}`] : [key | 0]) {
            assert.is(ask("read", which, SIZE - 9, 9), "from test");
            assert.is(ask("size", which), String(SIZE));
          }
        },
        { key },
      );
    });

    peer("creates a segment, writes and removes it; this process reads it, and keeps its attachment", () => {
      const printed = ask("create", key | 0, SIZE);
      const segment = shm.open({ key });
      try {
        if (knowsIds) assert.is(printed, String(segment.id));
        const { size, mode, nattch, cpid } = segment.stat();
        assert.equal([size, mode, nattch], [SIZE, 0o600, 0]);
        assert.is.not(cpid, process.pid);
        const { bytes } = segment.attach();
        ask("write", key | 0, SIZE - 9, "from peer");
        assert.is(Buffer.from(bytes.slice(SIZE - 9)).toString(), "from peer");
        assert.ok(bytes.slice(0, SIZE - 9).every((byte) => byte === 0));
        ask("remove", key | 0);
        assert.throws(() => shm.open({ key }), code("ENOENT"));
        assert.is(segment.stat().nattch, 1);
        assert.is(bytes[SIZE - 1], "r".charCodeAt(0));
      } finally {
        if (segment.stat().key !== 0) segment.destroy();
        segment[Symbol.dispose]();
      }
    });

    if (knowsIds)
      peer("creates a private segment, which this process opens by id, and removes it by id", () => {
        const id = Number(ask("create", 0, SIZE));
        try {
          const segment = shm.open(id);
          assert.equal([segment.size, segment.stat().key], [SIZE, 0]);
          ask("write", `#${id}`, 1, "private");
          assert.is(Buffer.from(segment.readChunk(8)).toString(), "\0private");
          segment[Symbol.dispose]();
          ask("remove", `#${id}`);
          assert.throws(() => shm.open(id), code("EINVAL"));
        } finally {
          if (shm.list().some((info) => info.id === id)) shm.destroySegment(id);
        }
      });

    peer("is counted while it is attached, and keeps a segment that this process removes", async () => {
      await withSegment(
        SIZE,
        async (segment) => {
          const { bytes } = segment.attach();
          const which = knowsIds ? `#${segment.id}` : key | 0;
          await withPeer(executable, [...before, "hold", which, SIZE - 5, 5], async (talk) => {
            assert.is(await talk.hear(), knowsIds ? "2" : "attached");
            assert.is(segment.stat().nattch, 2);
            segment.destroy();
            assert.throws(() => shm.open({ key }), code("ENOENT"));
            bytes.set(Buffer.from("still"), SIZE - 5);
            talk.tell();
            assert.is(await talk.hear(), "still");
            await talk.bye();
          });
          assert.is(segment.stat().nattch, 1);
        },
        { key },
      );
    });

    peer("writes half of 8 MiB while this process writes the other; each checksums the other's blocks", async () => {
      await withSegment(
        2 * BLOCK * BLOCKS,
        async (segment) => {
          const attachment = segment.attach();
          await withPeer(executable, [...before, "both", key | 0, BLOCK, BLOCKS], async (talk) => {
            await writeHalf(talk, attachment);
          });
        },
        { key },
      );
    });

    if (title === "C")
      peer(
        "counts to a million by atomics while this process does; no count is lost, and each sees the other's move",
        async () => {
          await withSegment(
            SIZE,
            async (segment) => {
              const { bytes } = segment.attach();
              await withPeer(executable, [...before, "count", key | 0, STAGE, STAGES], async (talk) => {
                await countToAMillion(talk, bytes);
              });
            },
            { key },
          );
        },
      );

    if (!isRoot) peer.skip("of another user is refused by the mode", "only root can become another user");
    else
      peer("of another user is refused by the mode, and allowed by a wider one", () => {
        withSegment(
          SIZE,
          (segment) => {
            segment.write(Buffer.from("secret"));
            for (const words of [["read", key | 0, 0, 6] as const, ["write", key | 0, 0, "theirs"] as const]) {
              const ended = attempt([...words], asNobody);
              assert.is.not(ended.code, 0);
              assert.match(ended.stderr, /permission/i);
              assert.is(ended.stdout, "");
            }
            assert.is(Buffer.from(segment.readChunk(6, 0)).toString(), "secret");
            segment.setPermissions({ mode: 0o666 });
            assert.is(attempt(["write", key | 0, 0, "theirs"], asNobody).code, 0);
            assert.is(Buffer.from(segment.readChunk(6, 0)).toString(), "theirs");
          },
          { key },
        );
      });

    if (!works("unshare", ["--ipc", "true"]))
      peer.skip("accepts the id 0", "this user cannot make an IPC namespace of its own");
    else
      peer("accepts the id 0, which the first segment of a namespace has", () => {
        const which = knowsIds ? "#0" : key | 0;
        const source = `
          import { execFileSync } from "node:child_process";
          import { createShm } from "wasm-shm";
          const segment = createShm({ core: "${shm.core}" }).create(${SIZE}, { key: ${key} });
          const [executable, ...before] = process.argv.slice(2);
          const ask = (...words) => execFileSync(executable, [...before, ...words], { encoding: "utf8" });
          ask("write", "${which}", "${SIZE - 4}", "zero");
          const read = Buffer.from(segment.readChunk(4, ${SIZE - 4})).toString();
          console.log(JSON.stringify([segment.id, read, ask("size", "${which}").trim()]));`;
        const node = [process.execPath, moduleFile(source)];
        const ended = run("unshare", ["--ipc", ...node, executable, ...before], { timeout: TIME_LIMIT_MS });
        assert.is(ended.code, 0, ended.stderr);
        assert.equal(JSON.parse(ended.stdout), [0, "zero", String(SIZE)]);
      });
    peer.run();
  }
