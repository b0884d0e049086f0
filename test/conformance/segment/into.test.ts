// Access in a memory of the caller's, in one that grows, and of a user who may only read.
import * as assert from "uvu/assert";
import { createShm, type Host, type Segment, sysvHost } from "wasm-shm";
import { suite } from "../../suite.js";
import { askModule, isRoot, runModule } from "../../support/child.js";
import { NO_LIMIT_SOURCE } from "../../support/engine.js";
import { code, nativePairs, randomBytes } from "../../support/pairs.js";

const PAGE = 4096;
const SIZE = 2 * PAGE + 333; // bytes: three pages, the last one cut short

const contents = (segment: Segment): Uint8Array => {
  const attachment = segment.attach({ access: "read-only" });
  const bytes = attachment.bytes.slice();
  attachment.detach();
  return bytes;
};

for (const { name, shm, withSegment } of nativePairs) {
  const composed = `import { createShm } from "wasm-shm"; const shm = createShm({ host: "sysv", core: "${shm.core}" });`;
  const into = suite(`attach({ into, access }) [${name}]`);

  into("read-only: the window is guarded, the bytes around it are not", () => {
    withSegment(SIZE, (segment) => {
      const bytes = randomBytes(SIZE);
      segment.write(bytes);
      const memory = new WebAssembly.Memory({ initial: 2 });
      new Uint8Array(memory.buffer).fill(9);
      const byteOffset = 5 * PAGE;
      const attachment = segment.attach({ into: { memory, byteOffset }, access: "read-only" });
      const whole = new Uint8Array(memory.buffer);
      assert.equal(attachment.bytes, bytes);
      assert.is(attachment.core, "js");
      assert.is(attachment.memory, memory);
      whole.fill(1, 0, byteOffset);
      whole.fill(1, byteOffset + 3 * PAGE);
      assert.is(attachment.privatePages, 0);
      assert.throws(() => attachment.cursor().writeUint8(1), code("ERR_SHM_READ_ONLY"));
      assert.throws(() => attachment.fill(1), code("ERR_SHM_READ_ONLY"));
      whole.fill(1);
      assert.is(attachment.privatePages, 3);
      assert.equal(contents(segment), bytes);
      attachment.discard();
      assert.equal(attachment.bytes, bytes);
      attachment.detach();
      assert.ok(whole.every((byte, at) => byte === (at < byteOffset || at >= byteOffset + 3 * PAGE ? 1 : 0)));
    });
  });

  into("several windows of several accesses in one memory, side by side", () => {
    withSegment(SIZE, (one) =>
      withSegment(PAGE, (two) => {
        const memory = new WebAssembly.Memory({ initial: 1 });
        const guarded = one.attach({ into: { memory, byteOffset: 0 }, access: "read-only" });
        const shared = two.attach({ into: { memory, byteOffset: 3 * PAGE } });
        const part = one.attach({
          into: { memory, byteOffset: 4 * PAGE },
          access: "copy-on-write",
          offset: PAGE,
          length: PAGE,
        });
        const again = one.attach({ into: { memory, byteOffset: 5 * PAGE } });
        for (const access of ["read-only", "copy-on-write", "read-write"] as const)
          for (const place of [0, 2 * PAGE, 3 * PAGE, 4 * PAGE, 7 * PAGE])
            assert.throws(
              () => two.attach({ into: { memory, byteOffset: place }, access }),
              code("ERR_OUT_OF_RANGE", /a place of its own/),
            );
        new Uint8Array(memory.buffer, 0, 6 * PAGE).fill(1); // all but the last pages of `again`
        assert.equal([guarded.privatePages, shared.privatePages, part.privatePages, again.privatePages], [3, 0, 1, 0]);
        assert.is(two.attach().sum(Uint8Array), PAGE);
        assert.is(one.attach().sum(Uint8Array), PAGE);
        assert.is(contents(one)[PAGE - 1], 1);
        assert.is(contents(one)[PAGE], 0);
        guarded.discard();
        assert.is(guarded.sum(Uint8Array), PAGE);
        assert.is(part.privatePages, 1);
      }),
    );
  });

  into("a read-write window keeps its place when the memory grows, and its bytes are renewed", () => {
    withSegment(SIZE, (segment) => {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const attachment = segment.attach({ into: { memory, byteOffset: PAGE } });
      const { address, bytes } = attachment;
      const cursor = attachment.cursor();
      cursor.writeUint32(0xfeedface);
      memory.grow(1);
      assert.is(bytes.length, 0);
      cursor.writeUint8(7);
      assert.is(attachment.bytes.length, SIZE);
      assert.is(attachment.bytes[4], 7);
      assert.is(attachment.address, address);
      memory.grow(1000);
      attachment.fill(8, 5, 6);
      memory.grow(1);
      attachment.discard();
      assert.equal([...contents(segment).subarray(0, 6)], [0xce, 0xfa, 0xed, 0xfe, 7, 8]);
    });
  });

  for (const access of ["read-only", "copy-on-write"])
    into(`a ${access} window keeps its place, its guard and its private pages when the memory grows`, () => {
      withSegment(SIZE, (segment) => {
        segment.write(randomBytes(SIZE));
        const before = contents(segment);
        const ended = runModule(`${composed}
          const segment = shm.open(${segment.id});
          const memory = new WebAssembly.Memory({ initial: 1, maximum: 100 });
          const attachment = segment.attach({ into: { memory, byteOffset: 4096 }, access: "${access}" });
          const { address } = attachment;
          const count = () => attachment.privatePages;
          attachment.bytes[0] = 1;
          memory.grow(1);
          const grown = [attachment.bytes[0], count(), attachment.address === address];
          attachment.bytes.fill(2);
          grown.push(count());
          memory.grow(10);
          attachment.discard();
          grown.push(count());
          attachment.bytes[4096] = 3;
          grown.push(count());
          console.log(JSON.stringify(grown));`);
        assert.is(ended.stdout.trim(), JSON.stringify([1, 1, true, 3, 0, 1]), `${ended.signal} ${ended.stderr}`);
        assert.equal(contents(segment), before);
      });
    });

  into("a memory that the engine moved is ERR_SHM_MEMORY_MOVED at every use, and can be detached", () => {
    // No flag makes V8 (Node 20 to 24, 64 bits) move one, so the host says that it did.
    let moved = false;
    const host = sysvHost();
    const scripted = new Proxy(host, {
      get: (_, key) => {
        if (key === "isInPlace") return () => !moved;
        const value = (host as unknown as Record<PropertyKey, unknown>)[key];
        return typeof value === "function" ? value.bind(host) : value;
      },
    }) as Host;
    const segment = createShm({ host: scripted, core: shm.core }).create(SIZE);
    try {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const attachment = segment.attach({ into: { memory, byteOffset: PAGE } });
      const cursor = attachment.cursor();
      moved = true;
      assert.is(attachment.bytes.length, SIZE); // nobody asks before a grow
      memory.grow(1);
      for (const use of [
        () => attachment.bytes,
        () => attachment.discard(),
        () => attachment.fill(1),
        () => attachment.checksum("crc32"),
        () => cursor.readUint8(),
        () => cursor.writeUint8(1),
        () => cursor.readChunk(1),
        () => attachment.cursor().readUint8(),
      ])
        assert.throws(use, code("ERR_SHM_MEMORY_MOVED", /detach, then attach again/), String(use));
      assert.is(cursor.position, 0);
      attachment.detach();
      assert.throws(() => attachment.bytes, code("ERR_SHM_DETACHED"));
      assert.is(segment.stat().nattch, 0);
    } finally {
      segment[Symbol.dispose]();
    }
  });
  into.run();

  const user = suite(`A user who may only read [${name}]`);
  if (!isRoot) user.skip("attaches read-only", "only root can become another user");
  else {
    user("is refused read-write with a hint, and has read-only, copy-on-write, read and a sandbox", () => {
      withSegment(
        SIZE,
        (segment) => {
          const bytes = randomBytes(SIZE);
          segment.write(bytes);
          const found = askModule<Record<string, unknown>>(
            `${composed}
            import { createSandbox } from "wasm-shm";
            import { readFileSync } from "node:fs";
            const segment = shm.open(${segment.id});
            const codeOf = (use) => { try { return String(use()); } catch ({ code }) { return code; } };
            const found = {};
            try { segment.attach(); } catch ({ code, message, hint }) { Object.assign(found, { code, message, hint }); }
            found.nattch = segment.stat().nattch;
            const reader = segment.attach({ access: "read-only" });
            found.sum = reader.sum(Uint8Array);
            reader.bytes[0] = ~reader.bytes[0];
            found.privatePages = reader.privatePages;
            found.refused = codeOf(() => reader.fill(0));
            const copy = segment.attach({ access: "copy-on-write" });
            copy.fill(1);
            found.copied = copy.sum(Uint8Array);
            const target = new Uint8Array(${SIZE});
            found.read = [segment.read(target), target.reduce((sum, byte) => sum + byte, 0), segment.position];
            found.write = codeOf(() => segment.write(target));
            found.position = segment.position;
            const wasm = readFileSync("examples/guests/c/guest.wasm");
            const windows = { window: { segment } };
            const sandbox = await createSandbox(wasm, { ${NO_LIMIT_SOURCE}windows, allocator: "malloc" });
            found.words = await sandbox.call("invert", sandbox.windows.window.byteOffset, 4).catch(({ code }) => code);
            await sandbox.close();
            windows.window.access = "read-write";
            found.sandbox = await createSandbox(wasm, { ${NO_LIMIT_SOURCE}windows, allocator: "malloc" }).catch(({ code }) => code);
            console.log(JSON.stringify(found));
            segment[Symbol.dispose]();`,
            [],
            { uid: 65534, gid: 65534 },
          );
          const sum = bytes.reduce((total, byte) => total + byte, 0);
          assert.match(String(found["message"]), /access: "read-only"/);
          delete found["message"];
          assert.equal(found, {
            code: "EACCES",
            hint: 'access: "read-only" needs read permission alone',
            nattch: 1,
            sum,
            privatePages: 1,
            refused: "ERR_SHM_READ_ONLY",
            copied: SIZE,
            read: [SIZE, sum, SIZE],
            write: "ERR_SHM_READ_ONLY",
            position: SIZE,
            words: "ERR_SHM_READ_ONLY",
            sandbox: "EACCES",
          });
          assert.is(segment.stat().nattch, 1);
          assert.equal(contents(segment), bytes);
        },
        { mode: 0o644 },
      );
    });
  }
  user.run();
}
