// Waits that look again in each turn of the event loop before they sleep: when they do, how they end, and what else runs.
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import * as assert from "uvu/assert";
import type { Domain } from "wasm-shm";
import { Slot, slotWord } from "#src/host/membership.js";
import { suite } from "../suite.js";
import { askModule, end, startModule } from "../support/child.js";
import { until } from "../support/waiting.js";
import { kernelHosts, startWorker, withMembers } from "./support.js";

const AT = 16384;
const BACK = 32768;
const MESSAGE = new Uint8Array(8);

/** Other work on the machine may spoil that many short waits in a row. */
const MOST_TRIES = 5000;

const codeOf = async (work: Promise<unknown>): Promise<string | undefined> => {
  try {
    await work;
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

/** A module that counts what the package asks to be called in a next turn. */
const COUNTED = `let turns = 0;
  const next = globalThis.setImmediate;
  globalThis.setImmediate = (work) => { turns++; return next(work); };
  const { createShm, open } = await import("wasm-shm");
  const ends = (domain, out, into) => ({
    writer: domain.channel(out, { capacity: 4096 }).writer({ peerDeath: "wait" }),
    reader: domain.channel(into, { capacity: 4096 }).reader({ peerDeath: "wait" }),
  });`;

/** A module that sends each message back, after so many milliseconds of work. */
const echo = (id: number, workMs = 0): string => `import { open } from "wasm-shm";
  const domain = open(${id}).attach().join();
  const writer = domain.channel(${BACK}, { capacity: 4096 }).writer({ peerDeath: "wait" });
  const reader = domain.channel(${AT}, { capacity: 4096 }).reader({ peerDeath: "wait" });
  console.log("reads");
  for await (const { bytes } of reader) {
    for (const began = performance.now(); performance.now() - began < ${workMs}; );
    writer.tryWrite(bytes);
  }`;

interface Near {
  readonly domain: Domain;
  readonly writing: Domain;
  isAsleep(): boolean;
  /** How often others rang for the reader's participant. */
  rings(): number;
  write(): void;
  close(): void;
  again(): Promise<unknown>;
  /** A read that polls: it has not looked again yet. */
  polled(options?: { signal?: AbortSignal; timeoutMs?: number }): Promise<{ read: Promise<unknown> }>;
}

const tests = suite("Turns of the event loop in which waits poll");
const [host] = kernelHosts;

tests("on the in-process host no wait polls", () => {
  const turns = askModule<number>(`${COUNTED}
    const segment = createShm({ host: "local" }).create(65536);
    const [first, second] = [segment.attach().join(), segment.attach().join()];
    const [one, other] = [ends(first, ${AT}, ${BACK}), ends(second, ${BACK}, ${AT})];
    for (let count = 0; count < 200; count++) {
      const read = other.reader.read();
      one.writer.tryWrite(new Uint8Array(8));
      await read;
    }
    console.log(turns);`);
  assert.is(turns, 0);
});

if (!host) tests.skip("between processes", "this platform has no sysv host");
else if (availableParallelism() < 2) {
  tests.skip("between processes", "with one core no wait polls");
  tests("with one core no wait polls", () =>
    withMembers(host, 1, async ({ segment }) => {
      const child = await startModule(echo(segment.id));
      try {
        const turns = askModule<number>(`${COUNTED}
          const { writer, reader } = ends(open(${segment.id}).attach().join(), ${AT}, ${BACK});
          for (let count = 0; count < 200; count++) { writer.tryWrite(new Uint8Array(8)); await reader.read(); }
          console.log(turns);`);
        assert.is(turns, 0);
      } finally {
        await end(child, "SIGKILL");
      }
    }),
  );
} else {
  /** A channel within this thread whose reader has learned that its waits are short. */
  const near = (name: string, use: (near: Near) => Promise<void>): void =>
    tests(name, () =>
      withMembers(host, 2, async ({ domains: [writing, domain], words }) => {
        if (!writing || !domain) throw new Error("a participant is missing");
        const channel = writing.channel(AT, { capacity: 4096 });
        const writer = channel.writer();
        const reader = domain.channel(AT).reader();
        const line = slotWord(domain.slot);
        const isAsleep = (): boolean => Atomics.load(words, line + Slot.Sleeping) !== 0;
        const write = (): void => {
          assert.is(writer.tryWrite(MESSAGE), true);
        };
        const polled: Near["polled"] = async (options) => {
          for (let tries = 0; tries < MOST_TRIES; tries++) {
            const read = reader.read(options);
            if (!isAsleep()) return { read };
            write();
            await read;
          }
          throw new Error("no wait polls");
        };
        await use({
          domain,
          writing,
          isAsleep,
          rings: () => Atomics.load(words, line + Slot.Doorbell),
          write,
          close: () => channel.close(),
          again: () => reader.read(),
          polled,
        });
        assert.match(inspect(domain), /pending: 0/);
        assert.is(isAsleep(), false);
      }),
    );

  near("a message ends a poll, and no doorbell rings for it", async ({ rings, write, polled }) => {
    const { read } = await polled();
    const before = rings();
    write();
    assert.is(((await read) as { length: number }).length, MESSAGE.length);
    assert.is(rings(), before);
  });

  near("a poll that finds nothing sleeps soon, and a message wakes it", async ({ isAsleep, write, polled }) => {
    const { read } = await polled();
    await until("the sleep", isAsleep);
    write();
    assert.ok(await read);
  });

  near("after a pause a wait sleeps at once", async ({ isAsleep, write, again, polled }) => {
    for (let count = 0; count < 20; count++) {
      const { read } = await polled();
      write();
      await read;
      await sleep(2);
      const later = again();
      assert.is(isAsleep(), true);
      write();
      await later;
    }
  });

  near("abort, timeout, and close end a poll", async ({ close, polled }) => {
    const controller = new AbortController();
    const { read } = await polled({ signal: controller.signal });
    const reason = new Error("on purpose");
    controller.abort(reason);
    assert.is(await read.catch((error) => error), reason);
    assert.is(await codeOf((await polled({ timeoutMs: 20 })).read), "ERR_SHM_TIMEOUT");
    const { read: last } = await polled();
    close();
    assert.is(await last, undefined);
  });

  near("the leave of the other side ends a poll", async ({ writing, polled }) => {
    const { read } = await polled();
    writing.leave();
    assert.is(await codeOf(read), "ERR_SHM_PEER_DIED");
  });

  near("a participant that leaves ends its poll", async ({ domain, polled }) => {
    const { read } = await polled();
    domain.leave();
    assert.is(await codeOf(read), "ERR_SHM_DETACHED");
  });

  near(
    "after unref nothing polls, as a turn keeps the process alive",
    async ({ domain, isAsleep, write, again, polled }) => {
      const alive = setInterval(() => {}, 1000);
      try {
        let { read } = await polled();
        domain.unref();
        for (let count = 0; count < 50; count++) {
          assert.is(isAsleep(), true);
          write();
          assert.ok(await read);
          read = again();
        }
        write();
        await read;
      } finally {
        clearInterval(alive);
      }
    },
  );

  /** What a child that counts its turns says at the end of its module, beside an echo in another process. */
  const beside = (
    name: string,
    workMs: number,
    source: string,
    check: (answer: Record<string, number>) => void,
  ): void =>
    tests(name, () =>
      withMembers(host, 1, async ({ segment }) => {
        const child = await startModule(echo(segment.id, workMs));
        try {
          const prologue = `${COUNTED}
            const { writer, reader } = ends(open(${segment.id}).attach().join(), ${AT}, ${BACK});
            const roundTrip = () => { writer.tryWrite(new Uint8Array(8)); return reader.read(); };
            const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));`;
          check(askModule(`${prologue}${source}; process.exit();`));
        } finally {
          await end(child, "SIGKILL");
        }
      }),
    );

  beside(
    "answers that come at once are polled, and then an idle reader has no turns",
    0,
    `for (let count = 0; count < 1000; count++) await roundTrip();
    const busy = turns;
    const idle = reader.read();
    await sleep(50);
    const before = turns;
    await sleep(200);
    console.log(JSON.stringify({ busy, idle: turns - before }))`,
    ({ busy = 0, idle }) => {
      assert.ok(busy > 0, "no wait polled");
      assert.is(idle, 0);
    },
  );

  beside(
    "answers that come at once are not polled if the questions are 2 ms apart",
    0,
    `for (let count = 0; count < 1000; count++) await roundTrip();
    const busy = turns;
    for (let count = 0; count < 100; count++) { await sleep(2); await roundTrip(); }
    console.log(JSON.stringify({ busy, apart: turns - busy }))`,
    ({ busy = 0, apart = Number.NaN }) => {
      assert.ok(busy > 0, "no wait polled");
      assert.ok(apart <= 5, `${apart} turns`); // one now and then is a reader's that lets other events through
    },
  );

  // Polls without an end would have some 1,000 turns a message, and polls without a history 30 or more.
  beside(
    "answers that take 5 ms are not polled",
    5,
    `for (let count = 0; count < 60; count++) await roundTrip();
    console.log(JSON.stringify({ turns }))`,
    ({ turns = Number.NaN }) => assert.ok(turns <= 200, `${turns} turns`),
  );

  beside(
    "answers that take longer than a poll are polled ever more rarely",
    0.2,
    `for (let count = 0; count < 200; count++) await roundTrip();
    console.log(JSON.stringify({ turns }))`,
    ({ turns = Number.NaN }) => assert.ok(turns <= 3000, `${turns} turns`),
  );

  beside(
    "timers, sockets and other turns are served while waits poll",
    0,
    `const { createServer, connect } = await import("node:net");
    const server = createServer((socket) => socket.pipe(socket)).listen(0);
    await new Promise((resolve) => server.once("listening", resolve));
    const socket = connect(server.address().port);
    const told = { timers: 0, data: 0, others: 0, messages: 0 };
    setInterval(() => told.timers++, 1);
    socket.on("data", (data) => { told.data++; socket.write(data); });
    socket.write("x");
    const other = () => { told.others++; next(other); };
    next(other);
    for (const began = performance.now(); performance.now() - began < 300; told.messages++) await roundTrip();
    console.log(JSON.stringify({ turns, ...told }))`,
    ({ turns = 0, timers = 0, data = 0, others = 0, messages = 0 }) => {
      const told = JSON.stringify({ turns, timers, data, others, messages });
      assert.ok(timers >= 10 && data >= 10 && others >= 10 && messages >= 10, told);
    },
  );

  tests("a worker that is terminated, and a process that exits, while they poll", () =>
    withMembers(host, 1, async ({ segment, domains: [domain] }) => {
      const child = await startModule(echo(segment.id));
      const asks = `const domain = open(ID).attach().join();
        const writer = domain.channel(${AT}, { capacity: 4096 }).writer({ peerDeath: "wait" });
        const reader = domain.channel(${BACK}, { capacity: 4096 }).reader({ peerDeath: "wait" });
        const ask = async () => { for (;;) { writer.tryWrite(new Uint8Array(8)); await reader.read(); } };`;
      try {
        for (let round = 0; round < 3; round++) {
          const worker = await startWorker(
            `${asks.replace("ID", "workerData")} ask(); parentPort.postMessage("asks");`,
            segment.id,
          );
          await sleep(10 * round);
          const began = performance.now();
          await worker.terminate();
          assert.ok(performance.now() - began < 2000, "terminate");
          await until("the worker's leave", () => domain?.peers().length === 2);
        }
        const exits = await startModule(`import { open } from "wasm-shm";
          ${asks.replace("ID", String(segment.id))} ask(); console.log("asks"); setTimeout(() => process.exit(3), 50);`);
        if (exits.exitCode === null) await once(exits, "exit");
        assert.is(exits.exitCode, 3);
        // On Bun, which runs no hooks of an addon at process.exit, its death.
        await until("the process's leave", () => domain?.peers().filter(({ alive }) => alive).length === 2);
      } finally {
        await end(child, "SIGKILL");
      }
    }),
  );
}
tests.run();
