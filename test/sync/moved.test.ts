// Participants in a memory of the caller's that the engine moved when it grew. No flag makes V8 (64 bits) move one wherever the
// tests run, so the host says that it did.
import * as assert from "uvu/assert";
import { type Attachment, createShm, type Domain, type Host, sysvHost } from "wasm-shm";
import { Slot, slotWord } from "#src/host/membership.js";
import { suite } from "../suite.js";
import { code, nativePairs } from "../support/pairs.js";
import { until } from "../support/waiting.js";
import { isPending, withMembers } from "./support.js";

const OBJECT = 16384;
const [pair] = nativePairs;

interface Moving {
  readonly peer: Domain;
  readonly domain: Domain;
  readonly attachment: Attachment;
  /** Resolves when `domain` sleeps: a wait polls first. */
  sleeps(): Promise<void>;
  move(): void;
}

const moved = suite("A domain in a memory that the engine moved");

if (!pair) moved.skip("rejects its waits", "this platform has no sysv host");
else {
  const withMoving = (use: (moving: Moving) => Promise<void>): Promise<void> =>
    withMembers(pair, 1, async ({ segment, words, domains: [peer] }) => {
      let hasMoved = false;
      const real = sysvHost();
      const host: Host = new Proxy(real, {
        get(target, name) {
          if (name === "isInPlace") return () => !hasMoved;
          const value = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      const memory = new WebAssembly.Memory({ initial: 2, maximum: 4 });
      using opened = createShm({ host }).open(segment.id);
      const attachment = opened.attach({ into: { memory, byteOffset: 65536 } });
      const domain = attachment.join();
      await use({
        peer: peer as Domain,
        domain,
        attachment,
        sleeps: () => until("the wait sleeps", () => words[slotWord(domain.slot) + Slot.Sleeping] !== 0),
        move() {
          hasMoved = true;
          memory.grow(1);
        },
      });
    });
  const isMoved = code("ERR_SHM_MEMORY_MOVED");

  /** What a promise is rejected with. */
  const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => assert.unreachable("it is fulfilled"),
      (error: unknown) => error,
    );

  moved("rejects each pending wait at the next ring or change of a peer, and a listener ends nothing", () =>
    withMoving(async ({ peer, domain, attachment, sleeps, move }) => {
      const held = peer.mutex(OBJECT).lockSync();
      domain.on("leave", () => assert.unreachable("no peer can be seen"));
      const waits = [domain.mutex(OBJECT).lock(), domain.event(OBJECT + 64).wait(), domain.mutex(OBJECT).lock()];
      const reasons = Promise.all(waits.map(reasonOf));
      await sleeps();
      move();
      assert.ok(await isPending(reasons)); // nobody asks before something changes
      held.unlock();
      peer.leave();
      for (const reason of await reasons) assert.ok(isMoved(reason), String(reason));
      assert.throws(() => domain.peers(), isMoved);
      attachment.detach();
    }),
  );

  moved("ends waits by their time limits and signals", () =>
    withMoving(async ({ peer, domain, sleeps, move }) => {
      const reading = peer.rwLock(OBJECT).read.lockSync();
      const stop = new AbortController();
      const reasons = Promise.all(
        [
          domain.event(OBJECT + 4096).wait({ timeoutMs: 100 }),
          domain.event(OBJECT + 4160).wait({ signal: stop.signal }),
          domain.rwLock(OBJECT).write.lock({ timeoutMs: 100 }), // takes back that it asked
        ].map(reasonOf),
      );
      await sleeps();
      move();
      stop.abort("stopped");
      const [late, stopped, writer] = await reasons;
      assert.ok(code("ERR_SHM_TIMEOUT")(late), String(late));
      assert.is(stopped, "stopped");
      assert.ok(isMoved(writer), String(writer));
      reading.unlock();
    }),
  );

  for (const end of ["leave", "detach"] as const)
    moved(`rejects pending waits at its ${end}`, () =>
      withMoving(async ({ domain, attachment, sleeps, move }) => {
        const reason = reasonOf(domain.event(OBJECT).wait());
        await sleeps();
        move();
        if (end === "leave") domain.leave();
        else attachment.detach();
        assert.ok(code("ERR_SHM_DETACHED")(await reason));
      }),
    );

  moved("rejects requests to a service", () =>
    withMoving(async ({ peer, domain, sleeps, move }) => {
      const sizes = { capacity: 1024, answerCapacity: 1024, clients: 2 };
      const service = peer.service(OBJECT, sizes);
      const client = domain.service(OBJECT, sizes);
      const reasons = Promise.all([
        reasonOf(client.request(new Uint8Array(8))),
        reasonOf(client.request(new Uint8Array(8), { timeoutMs: 10_000 })),
      ]);
      await sleeps();
      move();
      service.close();
      peer.leave();
      for (const reason of await reasons) assert.ok(isMoved(reason), String(reason));
    }),
  );
}
moved.run();
