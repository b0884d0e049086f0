// The time limit: a guest that does not return is stopped, in a call, in its start, or in its allocator.
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { apart, attached, guest, NO_HOST, native, open, rejects, withIntactSegment, withSandbox } from "./sandboxes.js";

const LIMIT_MS = 2500; // the start counts too: it has taken over 1000 on a busy machine

for (const kind of apart) {
  const loops = suite(`An endless loop [${kind}]`);
  if (!native) {
    loops.skip("is stopped", NO_HOST);
    loops.run();
    continue;
  }

  /** Checks that `use` rejects with ERR_SHM_TIME_LIMIT, within 100 ms of the limit. A busy machine is late with timers, too. */
  async function timed(use: () => unknown, words: RegExp): Promise<void> {
    const start = performance.now();
    const lateness = sleep(LIMIT_MS)
      .then(() => sleep(25)) // as long as a sandbox waits for its guest's end
      .then(() => performance.now() - start - LIMIT_MS - 25);
    await rejects(use, "ERR_SHM_TIME_LIMIT", words);
    const took = performance.now() - start;
    const late = await lateness;
    assert.ok(took > LIMIT_MS - 5 && took < LIMIT_MS + 100 + late, `${took} ms; a timer was ${late} ms late`);
  }

  const endless = [
    ["loop", "loop", []],
    ["loop", "storeForever", [64]],
    ["loop", "loadForever", [64]],
    ["loop", "fillForever", [0, 65_536]],
    ["grow", "growForever", []],
    ["callback", "loop", [1]],
    ["callback", "enterForever", []],
  ] as const;

  loops("in a call is ERR_SHM_TIME_LIMIT at the limit; the window is detached, and later calls say why", async () => {
    const each = async ([name, call, values]: (typeof endless)[number]): Promise<void> =>
      withIntactSegment(async (segment) => {
        const options = {
          windows: { window: { segment, access: "read-write" as const } },
          timeLimitMs: LIMIT_MS,
          memoryLimit: 64 * 65_536, // V8 does not stop a guest that grows page by page before it reaches its limit
          imports: { host: { callback: () => 0 } },
        };
        await withSandbox(kind, guest(`hostile/${name}`), options, async (sandbox) => {
          assert.is(segment.stat().nattch, 1);
          const running = timed(
            () => sandbox.call(call, ...values),
            new RegExp(`^${call} took longer than ${LIMIT_MS} ms`),
          );
          const queued = rejects(() => sandbox.call("answer"), "ERR_SHM_TIME_LIMIT");
          await running;
          await queued;
          await attached(segment, 0);
          const closed = await rejects(() => sandbox.call("answer"), "ERR_SHM_SANDBOX_CLOSED");
          assert.match(closed.message, new RegExp(call));
          await sandbox.close();
        });
      });
    await Promise.all(endless.map(each));
  });

  for (const name of ["start-loop", "initialize-loop"])
    loops(`${name} is ERR_SHM_TIME_LIMIT, and nothing is left attached`, () =>
      withIntactSegment((segment) =>
        timed(
          () => open(kind, guest(`hostile/${name}`), { windows: { window: { segment } }, timeLimitMs: LIMIT_MS }),
          /^starting the guest took longer/,
        ),
      ),
    );

  loops("in the allocator counts as one in the start", () =>
    withIntactSegment((segment) =>
      timed(
        () =>
          open(kind, guest("hostile/allocator"), {
            windows: { window: { segment } },
            allocator: "loops",
            timeLimitMs: LIMIT_MS,
          }),
        /^starting the guest took longer/,
      ),
    ),
  );

  loops("in a call that an imported function makes", () =>
    withIntactSegment(async (segment) => {
      const inner: Promise<unknown>[] = [];
      const imports = {
        host: {
          callback: () => {
            const call = rejects(() => sandbox.call("loop", 1), "ERR_SHM_TIME_LIMIT");
            inner.push(call);
            return call.then(() => 0);
          },
        },
      };
      const sandbox = await open(kind, guest("hostile/callback"), {
        windows: { window: { segment } },
        timeLimitMs: LIMIT_MS,
        imports,
      });
      await timed(() => sandbox.call("enter", 1), new RegExp(`took longer than ${LIMIT_MS} ms`));
      await Promise.all(inner);
      assert.is(inner.length, 1);
      await attached(segment, 0);
      await sandbox.close();
    }),
  );

  loops("in an imported function counts for the call", () =>
    withIntactSegment((segment) =>
      withSandbox(
        kind,
        guest("hostile/callback"),
        {
          windows: { window: { segment } },
          timeLimitMs: LIMIT_MS,
          imports: { host: { callback: () => sleep(60_000, 0, { ref: false }) } },
        },
        (sandbox) => timed(() => sandbox.call("enter", 1), new RegExp(`^enter took longer than ${LIMIT_MS} ms`)),
      ),
    ),
  );
  loops.run();
}
