// Peers that nobody here wrote, one menu for all: C, Perl's shmread, Python's sysv_ipc, PHP's shmop.
// Not tested: atomics of Perl, Python and PHP, which have none; ids and the attach count in PHP, whose shmop hides both.
import type { SpawnOptions } from "node:child_process";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { isRoot, root, run, works } from "./child.js";
import { adlerOracle } from "./oracle.js";
import { code, nativePairs, randomBytes } from "./pairs.js";
import { absent, compile, TIME_LIMIT_MS, withPeer } from "./peers.js";
import { suite } from "./suite.js";

const SIZE = 3333;
const BLOCK = 128 * 1024; // bytes
const BLOCKS = 32; // of each half: 8 MiB in all
const STAGE = 10_000; // increments
const STAGES = 100;
const key = (0xd9000000 | process.pid) >>> 0; // the kernel's keys are signed: this one is negative there
const asNobody = { uid: 65534, gid: 65534 };

const python = ["/usr/bin/python3", "python3"].find((name) => works(name, ["-c", "import sysv_ipc"]));
const file = (name: string): string => join(root, "test/peer", name);
const flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"];
const compiled = works("gcc", ["--version"]) ? compile("peer.c", flags) : undefined;

interface Peer {
  title: string;
  here: boolean;
  /** The program, and the words before a command's. */
  command: [string, ...string[]];
  /** Whether it opens by id, says the id of what it creates, and sees the attach count. */
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
      absent(peer, "shares a segment with us", `${title} or its module is not installed`);
      peer.run();
      continue;
    }

    if (title === "C")
      peer("compiles without a warning", () => {
        assert.is(compiled?.ended.code, 0, compiled?.ended.stderr);
      });

    peer("reads what we wrote, at its offset, and sees the true size", () => {
      withSegment(
        SIZE,
        (segment) => {
          segment.attach().bytes.set(Buffer.from("from us"), SIZE - 7);
          for (const which of knowsIds ? [key | 0, `#${segment.id}`] : [key | 0]) {
            assert.is(ask("read", which, SIZE - 7, 7), "from us");
            assert.is(ask("size", which), String(SIZE));
          }
        },
        { key },
      );
    });

    peer("creates, and we read what it wrote; it removes, and we live on", () => {
      const said = ask("create", key | 0, SIZE);
      const segment = shm.open({ key });
      try {
        if (knowsIds) assert.is(said, String(segment.id));
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
      peer("creates a private segment, which we open by the id it says, and removes it by id", () => {
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

    peer("is counted while it is attached, and goes on with what we remove", async () => {
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

    peer(
      "writes half of 8 MiB while we write the other, each sums the other's blocks meanwhile, and both agree",
      async () => {
        const ours = randomBytes(BLOCK * BLOCKS);
        const theirs = Buffer.concat(
          Array.from({ length: BLOCKS }, (_, at) => Buffer.alloc(BLOCK, "a".charCodeAt(0) + (at % 26))),
        );
        const sumOf = (bytes: Uint8Array, at: number): number =>
          adlerOracle(bytes.subarray(at * BLOCK, (at + 1) * BLOCK));
        await withSegment(
          2 * BLOCK * BLOCKS,
          async (segment) => {
            const attachment = segment.attach();
            await withPeer(executable, [...before, "both", key | 0, BLOCK, BLOCKS], async (talk) => {
              assert.is(await talk.hear(), "ready");
              talk.tell();
              for (let at = 0; at < BLOCKS; at++) {
                const start = (BLOCKS + at) * BLOCK;
                attachment.bytes.set(ours.subarray(at * BLOCK, (at + 1) * BLOCK), at * BLOCK);
                talk.tell();
                assert.is(await talk.hear(), "written");
                assert.is(attachment.checksum("adler32", start, start + BLOCK), sumOf(theirs, at));
                assert.is(await talk.hear(), String(sumOf(ours, at)));
              }
              const whole = adlerOracle(Buffer.concat([ours, theirs]));
              talk.tell();
              assert.is(attachment.checksum("adler32"), whole);
              assert.is(await talk.hear(), String(whole));
              await talk.bye();
            });
          },
          { key },
        );
      },
    );

    if (title === "C")
      peer(
        "adds to a counter by atomics while we do, a million each: none is lost, and each saw the other's",
        async () => {
          await withSegment(
            SIZE,
            async (segment) => {
              const { bytes } = segment.attach();
              const counter = new Int32Array(bytes.buffer, bytes.byteOffset, 1);
              const begin = new Int32Array(bytes.buffer, bytes.byteOffset + 64, 1);
              await withPeer(executable, [...before, "count", key | 0, STAGE, STAGES], async (talk) => {
                assert.is(await talk.hear(), "ready");
                const limit = Date.now() + TIME_LIMIT_MS;
                let moved = 0;
                let others = 0;
                Atomics.store(begin, 0, 1);
                for (let own = 0; own < STAGE * STAGES; own++) {
                  if (own % STAGE === 0)
                    // neither begins a stage before the other has begun the one before
                    while (Atomics.load(counter, 0) - own <= own - STAGE)
                      if (Date.now() > limit) throw new Error(`${title} stopped at ${others}, or increments were lost`);
                  const seen = Atomics.add(counter, 0, 1) - own;
                  if (seen !== others) moved++;
                  others = seen;
                }
                const theirs = Number(await talk.hear());
                await talk.bye();
                assert.is(Atomics.load(counter, 0), 2 * STAGE * STAGES);
                // Within two stages the other's count must have moved: STAGES / 2 - 1 times, however few cores there are.
                for (const times of [moved, theirs]) assert.ok(times >= STAGES / 2 - 1, `saw it move ${times} times`);
              });
            },
            { key },
          );
        },
      );

    if (!isRoot) peer.skip("of another user is refused by the mode", "only root can become another user");
    else
      peer("of another user is refused by the mode, and let in by a wider one", () => {
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
      peer.skip("takes an id of 0", "this user cannot make an IPC namespace of its own");
    else
      peer("takes an id of 0, which the first segment of a namespace has", () => {
        const which = knowsIds ? "#0" : key | 0;
        const source = `
          import { execFileSync } from "node:child_process";
          import { createShm } from "wasm-shm";
          const segment = createShm({ core: "${shm.core}" }).create(${SIZE}, { key: ${key} });
          const [executable, ...before] = process.argv.slice(1);
          const ask = (...words) => execFileSync(executable, [...before, ...words], { encoding: "utf8" });
          ask("write", "${which}", "${SIZE - 4}", "zero");
          const read = Buffer.from(segment.readChunk(4, ${SIZE - 4})).toString();
          console.log(JSON.stringify([segment.id, read, ask("size", "${which}").trim()]));`;
        const node = [process.execPath, "--input-type=module", "--eval", source];
        const ended = run("unshare", ["--ipc", ...node, executable, ...before], { timeout: TIME_LIMIT_MS });
        assert.is(ended.code, 0, ended.stderr);
        assert.equal(JSON.parse(ended.stdout), [0, "zero", String(SIZE)]);
      });
    peer.run();
  }
