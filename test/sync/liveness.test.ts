// Who is taken for dead: by participants in each language, in time namespaces that differ, and what one that was taken
// for dead does to its slot as it leaves.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { firstOutput, isRoot, moduleFile, root, works } from "../support/child.js";
import { absent, compile } from "../support/peers.js";
import { kernelHosts, withMembers } from "./support.js";

const ALIVE = 0x80000000 | 0;
const DEAD = 0xc0000000 | 0;
const SECOND_LIFE = (64 + 128) / 4;

const tests = suite("Who is alive");
const [host] = kernelHosts;
if (!host) tests.skip("in each language", "this platform has no sysv host");
else {
  const { lacking, peerPath } = await import("./kills.js");
  const flags = ["-std=gnu11", "-pthread", "-I", join(root, "include")];
  const commands = {
    node: () => [
      process.execPath,
      moduleFile(
        `import { open } from "wasm-shm";
        const domain = open(Number(process.argv[2])).attach().join();
        console.log(domain.slot);
        process.stdin.resume().once("end", () => domain.leave());`,
      ),
    ],
    c: () => [compile("../../sync/programs/joined.c", flags).program],
    python: () => ["python3", join(root, "test/sync/programs/joined.py")],
  };

  /** Runs a participant, which prints its slot first; ends its input, on which it leaves, after `use`. */
  async function withParticipant(
    [command, ...args]: string[],
    segment: number,
    use: (slot: number) => void,
  ): Promise<void> {
    const stdio: ["pipe", "pipe", "inherit"] = ["pipe", "pipe", "inherit"];
    const child: ChildProcess = spawn(command as string, [...args, String(segment)], {
      cwd: root,
      env: peerPath,
      stdio,
    });
    const exit = once(child, "exit");
    try {
      use(Number(await firstOutput(child)));
    } finally {
      child.stdin?.end();
      assert.equal(await exit, [0, null]);
    }
  }

  const namespace = ["unshare", ...(isRoot ? [] : ["--user", "--map-root-user"]), "--time", "--fork"];
  const canMove = works("unshare", [...namespace.slice(1), "--boottime", "1", "true"]);

  for (const [language, command] of Object.entries(commands)) {
    const lacks = lacking[language as keyof typeof commands];
    if (lacks) {
      absent(tests, `in ${language}`, lacks);
      continue;
    }

    const title = `not dead is who is in another time namespace (${language})`;
    if (!canMove) tests.skip(title, "this user cannot make a time namespace");
    else
      tests(title, async () => {
        for (const seconds of [86_400, -1])
          await withMembers(host, 1, async ({ segment, domains: [domain] }) => {
            const moved = [...namespace, "--boottime", String(seconds), ...command()];
            await withParticipant(moved, segment.id, (slot) => {
              assert.is(slot, 1, "it did not take this participant for dead");
              assert.is(segment.attach().join().slot, 2, "nor was it taken for dead");
              assert.equal(
                domain?.peers().map(({ alive }) => alive),
                [true, true, true],
              );
            });
            assert.is(domain?.peers().length, 2);
          });
      });

    tests(`one that leaves clears no word of another (${language})`, async () => {
      for (const life of [DEAD, ALIVE | 4_000_000])
        await withMembers(host, 1, async ({ segment, words }) => {
          await withParticipant(command(), segment.id, () => Atomics.store(words, SECOND_LIFE, life));
          assert.is.not(Atomics.load(words, SECOND_LIFE), 0); // a peer may have marked it dead, as no such thread exists
        });
    });
  }
}
tests.run();
