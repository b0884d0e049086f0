// A process that is killed (SIGKILL) in the middle of each step of a segment's life, whether it made the segment or opened
// one of its peer. The peer, this process, uses segments of both meanwhile: it must find its own as it left it, with exact
// counts, and must be able to remove what the other left. Ten rounds in `npm test`, 500 in `npm run test:long`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { create, destroySegment, list, open, SegmentStatus, type ShmError } from "wasm-shm";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { end } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { programPath } from "../support/program.js";
import { segmentsOf } from "../support/waiting.js";

const ROUNDS = campaign(1, 50); // of each of the ten
const SIZE = 3 * 4096;
const MOST_LIFE_MS = 30;

/** What is refused because the other side is making or removing that segment right now. */
const PASSING = ["ENOENT", "EIDRM", "EINVAL"];

/** Uses the segment of a key as a peer would, if there is one now. */
function useOther(key: number): void {
  try {
    const attachment = open({ key }).attach();
    attachment.cursor().writeUint32(7);
    attachment.detach();
  } catch (error) {
    if (!PASSING.includes((error as ShmError).code)) throw error;
  }
}

const killed = suite("A process that is killed");
if (nativePairs.length === 0) killed.skip("leaves the other side well", "there is no sysv host on this platform");
else
  for (const [role, steps] of [
    ["made the segment", ["create", "attach", "write", "detach", "destroy"]],
    ["opened the segment", ["open", "attach", "write", "detach", "destroy"]],
  ] as const)
    for (const step of steps)
      killed(`in ${step}, if it ${role}, leaves the other side well`, async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const key = 0x6b000000 | (process.pid << 4) | (round & 15);
          const segment = create(SIZE);
          const attachment = segment.attach();
          attachment.fill(0xa5);
          const id = role === "opened the segment" ? segment.id : -1;
          const child = spawn(process.execPath, [programPath("native/victim"), step, String(id), String(key)], {
            stdio: ["ignore", "pipe", "inherit"],
          });
          try {
            await once(child.stdout, "data");
            const until = performance.now() + Math.random() * MOST_LIFE_MS;
            do {
              if (id < 0) useOther(key);
              await sleep(1);
            } while (performance.now() < until);
            assert.is(child.exitCode, null, "it ended by itself");
            await end(child, "SIGKILL");
            assert.is(child.signalCode, "SIGKILL");

            const left = segmentsOf(child.pid);
            assert.ok(left.length <= 1, `it left ${left.length} segments`);
            for (const { id, nattch, mode } of left) {
              assert.is(nattch, 0);
              assert.is(mode & SegmentStatus.Destroyed, 0, "the kernel frees a destroyed segment that nobody has");
              assert.is(open({ key }).id, id);
              open(id).attach().cursor().writeUint32(round);
              destroySegment(id);
            }
            const { nattch, mode } = segment.stat();
            assert.is(nattch, 1);
            const isDestroyed = step === "destroy" && id >= 0;
            if (!isDestroyed) assert.is(mode & SegmentStatus.Destroyed, 0);
            assert.ok(attachment.bytes.every((byte) => byte === 0xa5));
            attachment.fill(0x5a);
            assert.is(attachment.checksum("crc32"), segment.attach({ access: "read-only" }).checksum("crc32"));
          } finally {
            await end(child, "SIGKILL");
            for (const { id } of segmentsOf(child.pid)) destroySegment(id);
            segment[Symbol.dispose]();
          }
          assert.not.ok(list().some(({ id }) => id === segment.id));
        }
      });
killed.run();
