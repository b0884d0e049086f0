// Peers that nobody here wrote, one menu for all: C, Perl's shmread, Python's sysv_ipc, PHP's shmop.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { end, root, run, works } from "./child.js";
import { adlerOracle } from "./oracle.js";
import { code, nativePairs, randomBytes } from "./pairs.js";
import { suite } from "./suite.js";

const SIZE = 3333;
const LARGE = 8 * 2 ** 20; // bytes
const INCREMENTS = 1_000_000;
const key = (0xd9000000 | process.pid) >>> 0; // the kernel's keys are signed: this one is negative there
const { WASM_SHM_PEERS } = process.env;
const python = ["/usr/bin/python3", "python3"].find((name) => works(name, ["-c", "import sysv_ipc"]));
const folder = mkdtempSync(join(tmpdir(), "wasm-shm-peer-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const program = join(folder, "peer");
const file = (name: string): string => join(root, "test/peer", name);
const compile = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", file("peer.c"), "-o", program];

const peers: { title: string; here: boolean; command: string[] }[] = [
  { title: "C", here: works("gcc", ["--version"]) && run("gcc", compile).code === 0, command: [program] },
  { title: "Perl", here: works("perl", ["-MIPC::SharedMem", "-e", "1"]), command: ["perl", file("peer.pl")] },
  { title: "Python", here: python !== undefined, command: [python ?? "python3", file("peer.py")] },
  {
    title: "PHP",
    here: works("php", ["-r", "exit((int)!function_exists('shmop_open'));"]),
    command: ["php", file("peer.php")],
  },
];

for (const { name, shm, withSegment } of nativePairs)
  for (const { title, here, command } of peers) {
    const peer = suite(`${title} as a peer [${name}]`);
    const [executable = "", ...before] = command;
    const words = (rest: (string | number)[]): string[] => [...before, ...rest.map(String)];
    const ask = (verb: string, ...rest: (string | number)[]): string => {
      const ended = run(executable, words([verb, key | 0, ...rest]));
      if (ended.code !== 0) throw new Error(`${title} failed at ${verb} (${ended.code}): ${ended.stderr}`);
      return ended.stdout.trimEnd();
    };

    if (!here) {
      if (WASM_SHM_PEERS === "required") peer("is here", () => assert.unreachable(`${title} is required and absent`));
      else peer.skip("shares a segment with us", `${title} or its module is not installed`);
    } else {
      peer("reads what we wrote, at its offset, and sees the true size", () => {
        withSegment(
          SIZE,
          (segment) => {
            segment.attach().bytes.set(Buffer.from("from us"), SIZE - 7);
            assert.is(ask("read", SIZE - 7, 7), "from us");
            assert.is(ask("size"), String(SIZE));
          },
          { key },
        );
      });

      peer("creates, and we read what it wrote; it removes, and we live on", () => {
        ask("create", SIZE);
        const segment = shm.open({ key });
        try {
          const { bytes } = segment.attach();
          assert.is(segment.size, SIZE);
          ask("write", SIZE - 9, "from peer");
          assert.is(Buffer.from(bytes.slice(SIZE - 9)).toString(), "from peer");
          assert.ok(bytes.slice(0, SIZE - 9).every((byte) => byte === 0));
          ask("remove");
          assert.throws(() => shm.open({ key }), code("ENOENT"));
          assert.is(segment.stat().nattch, 1);
          assert.is(bytes[SIZE - 1], "r".charCodeAt(0));
        } finally {
          if (segment.stat().key !== 0) segment.destroy();
          segment[Symbol.dispose]();
        }
      });

      peer("writes its half of 8 MiB while we write ours, and both checksums agree", async () => {
        await withSegment(
          LARGE,
          async (segment) => {
            const attachment = segment.attach();
            const ours = randomBytes(LARGE / 2);
            const child = spawn(executable, words(["fill", key | 0, LARGE / 2, LARGE / 2]), { stdio: "inherit" });
            try {
              const ended = once(child, "exit");
              attachment.bytes.set(ours);
              assert.equal(await ended, [0, null]);
            } finally {
              await end(child);
            }
            const expected = Buffer.concat([ours, Buffer.alloc(LARGE / 2, "p")]);
            assert.is(attachment.checksum("adler32"), adlerOracle(expected));
            assert.is(ask("sum", 0, LARGE), String(adlerOracle(expected)));
          },
          { key },
        );
      });

      if (title === "C")
        peer("adds to a counter with us, and no increment is lost", async () => {
          await withSegment(
            SIZE,
            async (segment) => {
              const { bytes } = segment.attach();
              const counter = new Int32Array(bytes.buffer, bytes.byteOffset + 64, 1);
              const child = spawn(executable, words(["count", key | 0, 64, INCREMENTS]), {
                stdio: ["ignore", "pipe", "inherit"],
              });
              try {
                const ended = once(child, "exit");
                await once(child.stdout, "data");
                for (let count = 0; count < INCREMENTS; count++) Atomics.add(counter, 0, 1);
                assert.equal(await ended, [0, null]);
                assert.is(Atomics.load(counter, 0), 2 * INCREMENTS);
              } finally {
                await end(child);
              }
            },
            { key },
          );
        });
    }
    peer.run();
  }
