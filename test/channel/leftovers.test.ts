// What processes leave of channels, topics and services with a segment of their own when they end in each way.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import * as assert from "uvu/assert";
import { channel, createShm, destroySegment, shm as kernel, list, sysvHost } from "wasm-shm";
import { Slot, slotWord, WAITERS } from "#src/host/membership.js";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { end, moduleFile, startModule } from "../support/child.js";
import { signalProcess } from "../support/processes.js";
import { codeOf, kernelHosts, nextKey } from "./support.js";

const { EAGAIN } = constants.errno;

const kill = suite("Objects with segments of their own, and deaths");
if (kernelHosts.length === 0) kill.skip("of processes", "the kernel's segments are absent");
else {
  /** A child with a key, which says when it is ready. */
  const child = async (source: string, key: number) => {
    const text = `import { channel, service, topic } from "wasm-shm";
      const key = ${key};
      ${source}
      process.send("ready"); setInterval(() => {}, 1000);`;
    const started = spawn(process.execPath, [moduleFile(text)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    await Promise.race([
      once(started, "message"),
      once(started, "exit").then(([code]) => {
        throw new Error(`the child ended with ${code}`);
      }),
    ]);
    return started;
  };
  const killed = async (source: string, key: number): Promise<number | undefined> => {
    const started = await child(source, key);
    started.kill("SIGKILL");
    await once(started, "exit");
    return started.pid;
  };

  kill("what a killed creator left is made again, any object", async () => {
    for (const source of [
      `channel.create({ key });`,
      `channel.create({ key, mode: "mpmc", capacity: 65536 }).writer().tryWrite(new Uint8Array(9));`,
      `topic.create({ key, subscribers: 100 });`,
      `service.create({ key }).serve(() => {});`,
    ]) {
      const key = nextKey();
      await killed(source, key);
      const left = list().find((info) => info.key === key);
      assert.ok(left, "the kernel keeps a segment with a key");
      const made = channel.create({ key });
      assert.is.not(made.id, left.id);
      assert.is(made.used, 0);
      assert.not(list().some(({ id }) => id === left.id));
      made[Symbol.dispose]();
    }
  });

  kill("without a key a killed creator leaves nothing", async () => {
    const key = nextKey();
    const pid = await killed("channel.create(); topic.create(); service.create();", key);
    assert.equal(
      list().filter(({ cpid }) => cpid === pid),
      [],
    );
  });

  kill("a killed creator is told to those that opened it, and the last one removes it", async () => {
    const key = nextKey();
    const creator = await child(`globalThis.writer = channel.create({ key }).writer();`, key);
    try {
      using opened = channel.open({ key });
      const reading = codeOf(opened.reader().read());
      creator.kill("SIGKILL");
      assert.is(await reading, "ERR_SHM_PEER_DIED");
    } finally {
      await end(creator, "SIGKILL");
    }
    assert.not(list().some((info) => info.key === key));
  });

  kill("one that lives in another process is not taken for dead while it is stopped", async () => {
    const key = nextKey();
    const creator = await child("channel.create({ key });", key);
    try {
      signalProcess(creator.pid as number, "SIGSTOP"); // Deno's kill() sends one signal, and no other after it
      assert.is(await codeOf(() => channel.create({ key })), "EEXIST");
      signalProcess(creator.pid as number, "SIGCONT");
      await end(creator);
    } finally {
      await end(creator, "SIGKILL");
    }
    channel.create({ key })[Symbol.dispose]();
  });

  kill("process.exit and an uncaught error leave nothing", async () => {
    for (const ending of ["process.exit(3)", "throw new Error('meant to be uncaught')"]) {
      const key = nextKey();
      const text = `import { channel } from "wasm-shm"; channel.create({ key: ${key} }); ${ending};`;
      const ended = spawn(process.execPath, [moduleFile(text)], { stdio: "ignore" });
      await once(ended, "exit");
      const left = list().find((info) => info.key === key);
      if (left) destroySegment(left.id);
      assert.is(left, undefined, ending);
    }
  });

  kill("processes that begin at once agree on one, over what was left, again and again", async () => {
    const text = `import { channel } from "wasm-shm";
      let made;
      process.on("message", (key) => {
        if (key === 0) made[Symbol.dispose]();
        else made = channel.create({ key, exclusive: false, mode: "mpsc" });
        process.send({ id: made.id, closed: key !== 0 && made.closed });
      });
      process.send("ready");`;
    const stdio = ["ignore", "inherit", "inherit", "ipc"] as const;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, [moduleFile(text)], { stdio: [...stdio] }),
    );
    const all = (key: number): Promise<{ id: number; closed: boolean }[]> =>
      Promise.all(
        children.map(async (each) => {
          each.send(key);
          const [answer] = (await once(each, "message")) as [{ id: number; closed: boolean }];
          return answer;
        }),
      );
    try {
      await Promise.all(children.map((each) => once(each, "message")));
      for (let round = 0; round < campaign(8, 100); round++) {
        const key = nextKey();
        if (round % 2 === 0) await killed("channel.create({ key });", key);
        const answers = await all(key);
        assert.is(new Set(answers.map(({ id }) => id)).size, 1, JSON.stringify(answers));
        assert.not(answers.some(({ closed }) => closed));
        await all(0);
        assert.not(list().some((info) => info.key === key));
      }
    } finally {
      for (const each of children) each.kill("SIGKILL");
    }
  });

  kill("processes that begin and end at any time use the same one, and leave nothing", async () => {
    const key = nextKey();
    const text = `import { channel, SegmentStatus } from "wasm-shm";
      const nap = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      for (let round = 0; round < ${campaign(400, 4000)}; round++) {
        const made = channel.create({ key: ${key}, exclusive: false, mode: "mpmc", capacity: 64 });
        const check = () => {
          if (made.closed) throw new Error(\`round \${round}: it is closed\`);
          if (made.segment.stat().mode & SegmentStatus.Destroyed) throw new Error(\`round \${round}: it was removed\`);
        };
        check();
        nap(Math.random());
        check();
        made[Symbol.dispose]();
      }`;
    const module = moduleFile(text);
    const children = Array.from({ length: 3 }, () => spawn(process.execPath, [module], { stdio: "inherit" }));
    const ends = await Promise.all(children.map((each) => once(each, "exit")));
    assert.equal(
      ends.map(([code]) => code),
      [0, 0, 0],
    );
    assert.not(list().some((info) => info.key === key));
  });

  kill("one that is killed as it gives the object back keeps nobody out, and the last one removes it", async () => {
    const key = nextKey();
    const member = channel.create({ key, exclusive: false, mode: "mpmc" });
    const text = `import { channel } from "wasm-shm";
      const opened = channel.open({ key: ${key} });
      for (const name of ["or", "store"]) {
        const real = Atomics[name];
        Atomics[name] = (...values) => {
          real(...values);
          process.kill(process.pid, "SIGKILL"); // others can see that it leaves
        };
      }
      opened[Symbol.dispose]();`;
    const [, signal] = await once(spawn(process.execPath, [moduleFile(text)], { stdio: "inherit" }), "exit");
    assert.is(signal, "SIGKILL");
    const opened = channel.open({ key });
    assert.is(opened.id, member.id);
    member[Symbol.dispose]();
    assert.ok(list().some((info) => info.key === key));
    opened[Symbol.dispose]();
    assert.not(list().some((info) => info.key === key));
  });

  kill("a life word that nobody corrected keeps a segment only if another has it attached", async () => {
    const key = nextKey();
    await killed("channel.create({ key });", key);
    const left = kernel.open({ key });
    const attachment = left.attach();
    const words = attachment.view(Int32Array);
    const line = slotWord(0);
    Atomics.store(words, line + Slot.PidNamespace, 1); // another one: nobody here can check the life
    Atomics.store(words, line + Slot.Life, WAITERS | 1);
    assert.is(await codeOf(() => channel.create({ key })), "EEXIST");
    assert.is(left.stat().nattch, 1);
    attachment.detach();
    using made = channel.create({ key });
    assert.is.not(made.id, left.id);
    assert.is(await codeOf(() => left.stat()), "EIDRM");
  });

  kill("one that cannot be joined, as no thread can be started, is an error and leaves nothing", async () => {
    const join = (): number => -EAGAIN;
    const host = new Proxy(sysvHost(), {
      get(target, name) {
        const value = name === "join" ? join : Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const unable = createShm({ host });
    for (const exclusive of [true, false]) {
      const key = nextKey();
      assert.is(await codeOf(() => unable.channel.create({ key, exclusive })), "EAGAIN");
      assert.not(list().some((info) => info.key === key));
      await killed("channel.create({ key });", key); // and what was left is removed, too
      assert.is(await codeOf(() => unable.channel.create({ key, exclusive })), "EAGAIN");
      assert.not(list().some((info) => info.key === key));
      using member = channel.create({ key });
      assert.is(await codeOf(() => unable.channel.create({ key, exclusive })), exclusive ? "EEXIST" : "EAGAIN");
      assert.not(member.closed);
      assert.ok(list().some((info) => info.key === key));
    }
  });

  kill("what its creator did not finish is taken over after two seconds", async () => {
    const keys = [nextKey(), nextKey()] as const;
    const unfinished = keys.map((key) => kernel.create(1 << 20, { key }));
    assert.is(await codeOf(() => channel.create({ key: keys[0] })), "EEXIST");
    using shared = channel.create({ key: keys[1], exclusive: false }); // waits for its creator
    await new Promise((resolve) => setTimeout(resolve, 1100)); // the kernel counts whole seconds
    using made = channel.create({ key: keys[0] });
    assert.is.not(made.id, unfinished[0]?.id);
    assert.is.not(shared.id, unfinished[1]?.id);
    for (const segment of unfinished) assert.is(await codeOf(() => segment.stat()), "EIDRM");
  });

  kill("an open waits for a domain of which its creator has stored a part", async () => {
    const key = nextKey();
    using segment = kernel.create(1 << 20, { key });
    Atomics.store(segment.attach().view(Int32Array), 0, 0x4d485357); // the magic comes first
    const creator = await startModule(`import { open } from "wasm-shm";
      setTimeout(() => {
        const domain = open(${segment.id}).attach().join({ slots: 64 });
        domain.channel(domain.byteLength);
      }, 300);
      setInterval(() => {}, 1e6);
      console.log("has begun");`);
    try {
      using opened = channel.open({ key });
      assert.is(opened.domain.slots, 64);
    } finally {
      await end(creator, "SIGKILL");
    }
  });

  kill("data that nobody has attached stays", async () => {
    const kinds = [
      [1 << 20, false],
      [3333, false], // its last byte is in no word
      [1 << 20, true],
    ] as const;
    const segments = kinds.map(([size, hasDomain]) => {
      const segment = kernel.create(size, { key: nextKey() });
      const attachment = segment.attach();
      if (hasDomain) attachment.join({ slots: 4 }).leave();
      attachment.bytes[size - 1] = 1;
      attachment.detach();
      return segment;
    });
    await new Promise((resolve) => setTimeout(resolve, 3100));
    for (const segment of segments) {
      const { key } = segment.stat();
      assert.is(await codeOf(() => channel.create({ key })), "EEXIST");
      assert.is(await codeOf(() => channel.create({ key, exclusive: false })), "ERR_SHM_LAYOUT");
    }
    for (const segment of segments) {
      assert.is(segment.attach().bytes[segment.size - 1], 1);
      segment[Symbol.dispose]();
    }
  });
}
kill.run();
