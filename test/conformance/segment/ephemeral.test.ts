// create({ ephemeral: true }): nothing is left, however the process ends.
import * as assert from "uvu/assert";
import { destroySegment, list, open, SegmentStatus } from "wasm-shm";
import { suite } from "../../suite.js";
import { askModule, end, root, runModule, startModule } from "../../support/child.js";
import { code, nativePairs, pairs } from "../../support/pairs.js";
import { until } from "../../support/waiting.js";

const SIZE = 3333;

for (const { name, shm } of pairs) {
  const ephemeral = suite(`create, ephemeral [${name}]`);
  const mine = (): number => shm.list().filter(({ cpid }) => cpid === process.pid).length;
  const idsOf = (): number[] => shm.list().map(({ id }) => id);

  ephemeral("is removed at once, and usable as any other", () => {
    const segment = shm.create(SIZE, { ephemeral: true, mode: 0o640 });
    const { mode, nattch, size } = segment.stat();
    assert.equal(
      [mode & 0o777, mode & SegmentStatus.Destroyed, nattch, size],
      [0o640, SegmentStatus.Destroyed, 1, SIZE],
    );
    assert.is(segment.created, true);
    segment.write(Uint8Array.of(1, 2, 3));
    assert.is(segment.stat().nattch, 1); // its own cursor is what keeps it
    const other = shm.open(segment.id);
    assert.equal([...other.attach().bytes.subarray(0, 3)], [1, 2, 3]);
    assert.is(other.created, false);
    other[Symbol.dispose]();
    segment[Symbol.dispose]();
    assert.not.ok(idsOf().includes(segment.id));
  });

  ephemeral("lives as long as the last attachment, also one of another object", () => {
    const segment = shm.create(SIZE, { ephemeral: true });
    const other = shm.open(segment.id);
    const attachment = other.attach();
    segment[Symbol.dispose]();
    assert.ok(idsOf().includes(other.id));
    attachment.detach();
    assert.not.ok(idsOf().includes(other.id));
    other[Symbol.dispose]();
  });

  ephemeral("destroy gives up what keeps it", () => {
    const segment = shm.create(SIZE, { ephemeral: true });
    const attachment = segment.attach();
    segment.destroy();
    assert.is(segment.stat().nattch, 1);
    assert.throws(() => segment.destroy(), code("EIDRM"));
    attachment.detach();
    assert.not.ok(idsOf().includes(segment.id));
    segment[Symbol.dispose]();
  });

  ephemeral("is removed before the core is compiled, which takes milliseconds", () => {
    const told = askModule<string[]>(`import { createShm, localHost, sysvHost } from "wasm-shm";
      const told = [];
      const inner = ${name.includes("sysv") ? "sysvHost()" : "localHost()"};
      const host = new Proxy(inner, { get: (target, name) => {
        const value = Reflect.get(target, name);
        return typeof value !== "function" ? value : (...values) => { told.push(name); return value.apply(target, values); };
      } });
      WebAssembly.Module = class extends WebAssembly.Module { constructor(...values) { super(...values); told.push("compile"); } };
      createShm({ host, core: "wasm" }).create(4096, { ephemeral: true })[Symbol.dispose]();
      console.log(JSON.stringify(told.filter((name) => name === "remove" || name === "compile")));`);
    assert.equal(told, ["remove", "compile"]);
  });

  ephemeral("has no key", () => {
    const before = mine();
    for (const options of [{ key: 0x57a5e001 }, { key: 0x57a5e001, exclusive: false }, { exclusive: false }])
      assert.throws(
        () => shm.create(SIZE, { ...options, ephemeral: true }),
        code("ERR_INVALID_ARG_VALUE", /options\.ephemeral.*no key/),
      );
    assert.throws(() => shm.create(SIZE, { ephemeral: 1 as unknown as true }), code("ERR_INVALID_ARG_TYPE"));
    assert.is(mine(), before);
  });
  ephemeral.run();
}

const ends: Record<string, string> = {
  "a throw": "throw new Error('on purpose')",
  exit: "process.exit(3)",
  abort: "process.abort()",
  SIGKILL: "process.kill(process.pid, 'SIGKILL')",
  SIGTERM: "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)",
  "its natural end": "",
};

for (const { name, shm } of nativePairs) {
  const source = `import { createShm } from "wasm-shm";
    const { create } = createShm({ host: "sysv", core: "${shm.core}" });
    const segment = create(${SIZE}, { ephemeral: true });
    segment.write(Uint8Array.of(9));
    console.log(JSON.stringify([segment.id, segment.stat().nattch]));\n`;
  const left = suite(`What an ephemeral segment leaves [${name}]`);

  for (const [title, ending] of Object.entries(ends))
    left(`nothing, after ${title}`, () => {
      const ended = runModule(`${source}${ending}`, [], { cwd: root });
      const [id, nattch] = JSON.parse(ended.stdout) as [number, number];
      assert.is(nattch, 1, title);
      assert.not.ok(
        list().some((info) => info.id === id),
        `segment ${id} is left`,
      );
    });

  left("another process opens it by its id, and keeps it when the first is killed", async () => {
    const child = await startModule(`${source} setInterval(() => {}, 1000);`);
    try {
      const [info] = list().filter(({ cpid }) => cpid === child.pid);
      const segment = open((info as { id: number }).id);
      const attachment = segment.attach();
      await end(child, "SIGKILL");
      await until("its end", () => segment.stat().nattch === 1);
      assert.is(attachment.bytes[0], 9);
      segment[Symbol.dispose]();
      assert.throws(() => open(segment.id), code("EINVAL"));
    } finally {
      await end(child, "SIGKILL");
    }
  });

  left("larger than a window can be", () => {
    const segment = shm.create(5 * 2 ** 30, { ephemeral: true, noReserve: true });
    assert.is(segment.stat().nattch, 1);
    assert.throws(() => segment.readChunk(1), code("ERR_OUT_OF_RANGE"));
    const window = segment.attach({ offset: 4 * 2 ** 30 });
    segment.destroy();
    assert.is(segment.stat().nattch, 1);
    window.detach();
    assert.throws(() => destroySegment(segment.id), code("EINVAL"));
    segment[Symbol.dispose]();
  });
  left.run();
}
