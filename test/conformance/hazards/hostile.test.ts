// Arguments that pose as what they are not, hosts that fail, and other corners that only malice or bad luck finds.
import { runInNewContext } from "node:vm";
import * as assert from "uvu/assert";
import { Attachment, createShm, type Host, localHost } from "wasm-shm";
import { suite } from "../../suite.js";
import { Awkward, liar, lies } from "../../support/liar.js";
import { code, pairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333;

/** An array longer than a u32 can say, if the engine has one. None of its pages is touched before a test does. */
const large = ((): Uint8Array | undefined => {
  try {
    return new Uint8Array(2 ** 32 + 5);
  } catch {
    return undefined;
  }
})();

for (const { name, withCursor, withSegment, native } of pairs) {
  const fakes = suite(`Arrays that lie [${name}]`);

  fakes("an object that is not a Uint8Array is refused, with any prototype, and nothing moves", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      const posing = [
        Object.create(Uint8Array.prototype, { length: { value: 8 } }),
        new Proxy(new Uint8Array(4), {}),
        { [Symbol.toStringTag]: "Uint8Array", length: 4 },
        new Uint8ClampedArray(4),
        new Int8Array(4),
      ] as Uint8Array[];
      for (const value of posing)
        for (const call of [cursor.read, cursor.write, cursor.readExactly, cursor.writeAll])
          assert.throws(() => call.call(cursor, value), code("ERR_INVALID_ARG_TYPE", /Uint8Array/));
      assert.is(cursor.position, 0);
      assert.ok(bytes.every((byte) => byte === 0));
    });
  });

  fakes("an own property `length` plays no part", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      for (const length of lies) {
        cursor.reset();
        assert.is(cursor.write(liar(length)), 4);
        assert.is(cursor.position, 4);
        assert.is(bytes[4], 0);
        cursor.reset();
        assert.is(cursor.read(liar(length)), 4);
        cursor.readExactly(liar(length));
        cursor.writeAll(liar(length));
        assert.is(cursor.position, 12);
        bytes.fill(0);
      }
    });
  });

  fakes("nor do a subclass's methods, also if only a part fits", () => {
    withCursor(SIZE, (cursor, { bytes }) => {
      const source = new Awkward(8);
      source.fill(5);
      cursor.seek(SIZE - 3);
      assert.is(cursor.write(source), 3);
      assert.equal([...bytes.subarray(-4)], [0, 5, 5, 5]);
      cursor.seek(SIZE - 3);
      assert.is(cursor.read(new Awkward(8)), 3);
    });
  });

  fakes("one of another realm or of shared memory is a Uint8Array; a detached one is refused", () => {
    withCursor(SIZE, (cursor) => {
      assert.is(cursor.write(runInNewContext("Uint8Array.of(1, 2, 3)") as Uint8Array), 3);
      assert.is(cursor.write(new Uint8Array(new SharedArrayBuffer(5))), 5);
      const detached = new Uint8Array(7);
      structuredClone(detached, { transfer: [detached.buffer] });
      assert.throws(() => cursor.write(detached), code("ERR_INVALID_ARG_VALUE"));
      assert.throws(() => cursor.read(detached), code("ERR_INVALID_ARG_VALUE"));
      assert.is(cursor.position, 8);
    });
  });

  if (!large) fakes.skip("one of more than 2^32 bytes moves what there is", "no array is as long in this engine");
  else
    fakes("one of more than 2^32 bytes moves what there is", () => {
      withCursor(SIZE, (cursor, { bytes }) => {
        bytes.set(randomBytes(SIZE));
        assert.throws(() => cursor.readExactly(large), code("ERR_SHM_OUT_OF_BOUNDS", /needs 4294967301 bytes/));
        assert.throws(() => cursor.writeAll(large), code("ERR_SHM_OUT_OF_BOUNDS"));
        assert.is(cursor.read(large), SIZE);
        assert.equal(large.subarray(0, SIZE), randomBytes(SIZE));
        cursor.reset();
        assert.is(cursor.write(large), SIZE);
      });
    });
  fakes.run();

  const objects = suite(`Objects that lie [${name}]`);

  objects("an object with the prototype of an Attachment is not one", () => {
    withSegment(SIZE, (segment) => {
      for (const fake of [Object.create(Attachment.prototype), new Proxy(segment.attach(), {})])
        assert.throws(() => segment.detach(fake as Attachment), code("ERR_INVALID_ARG_TYPE", /"attachment"/));
    });
  });

  objects("200 attachments: dispose of the segment detaches each", () => {
    withSegment(SIZE, (segment) => {
      const attachments = Array.from({ length: 200 }, () => segment.attach());
      const cursors = attachments.map((attachment) => attachment.cursor());
      segment[Symbol.dispose]();
      for (const attachment of attachments) assert.throws(() => attachment.bytes, code("ERR_SHM_DETACHED"));
      for (const cursor of cursors) assert.throws(() => cursor.readUint8(), code("ERR_SHM_DETACHED"));
    });
  });
  objects.run();

  if (!native) continue;
  const into = suite(`Into a memory of the caller's [${name}]`);

  into("an object that poses as a Memory is refused; a Memory of another realm is not", () => {
    withSegment(SIZE, (segment) => {
      const memory = new WebAssembly.Memory({ initial: 1 });
      for (const fake of [
        Object.create(WebAssembly.Memory.prototype),
        new Proxy(memory, {}),
        { buffer: memory.buffer },
      ])
        assert.throws(
          () => segment.attach({ into: { memory: fake as WebAssembly.Memory, byteOffset: 0 } }),
          code("ERR_INVALID_ARG_TYPE", /into\.memory/),
        );
      const other = runInNewContext("new WebAssembly.Memory({ initial: 1 })") as WebAssembly.Memory;
      const attachment = segment.attach({ into: { memory: other, byteOffset: 4096 } });
      attachment.cursor().writeUint8(6);
      assert.is(segment.readChunk(1)[0], 6);
    });
  });

  into("a refused attach leaves every byte as it was", () => {
    withSegment(SIZE, (segment) => {
      const memory = new WebAssembly.Memory({ initial: 2 });
      const bytes = new Uint8Array(memory.buffer).fill(7);
      segment.destroy();
      assert.throws(() => segment.attach({ into: { memory, byteOffset: 4096 } }), code("EIDRM"));
      assert.ok(bytes.every((byte) => byte === 7));
    });
  });

  into("windows take whole pages: five bytes leave no room beside them, and fit the last page", () => {
    withSegment(4096 + 5, (segment) => {
      const memory = new WebAssembly.Memory({ initial: 1 });
      const five = { offset: 4096, length: 5 };
      segment.attach({ ...five, into: { memory, byteOffset: 61440 } });
      assert.throws(() => segment.attach({ into: { memory, byteOffset: 57344 } }), code("ERR_OUT_OF_RANGE"));
      segment.attach({ ...five, into: { memory, byteOffset: 57344 } });
      assert.throws(() => segment.attach({ into: { memory, byteOffset: 61440 } }), code("ERR_OUT_OF_RANGE"));
    });
  });

  into("setPermissions of a locked segment keeps the lock", () => {
    withSegment(SIZE, (segment) => {
      segment.lock();
      segment.setPermissions({ uid: segment.stat().uid });
      assert.is(segment.stat().mode, 0o2600);
    });
  });
  into.run();
}

const scripted = suite("A host that fails");

/** A local host, with some of its calls replaced. */
function hostWith(host: Host, calls: Partial<Host>): Host {
  return new Proxy(host, {
    get: (_, key) => {
      const call =
        (calls as Record<PropertyKey, unknown>)[key] ?? (host as unknown as Record<PropertyKey, unknown>)[key];
      return typeof call === "function" ? call.bind(host) : call;
    },
  });
}

scripted("create with exclusive: false tries again while the segment comes and goes", () => {
  const host = localHost();
  const answers = [-17, -2, -17]; // EEXIST, then gone: ENOENT, then there again: EEXIST
  const stats = [-22]; // and gone between shmget and IPC_STAT
  const there = host.get(5, 10, 0o1600);
  const shm = createShm({
    host: hostWith(host, {
      get: (key, size, flags) => answers.shift() ?? host.get(key, size, flags),
      stat: (id) => stats.shift() ?? host.stat(id),
    }),
  });
  assert.is(shm.create(10, { key: 5, exclusive: false }).id, there);
  assert.equal([answers, stats], [[], []]);
  stats.push(-43);
  assert.is(shm.open({ key: 5 }).id, there);
  assert.equal(stats, []);
});

scripted("a detach that fails does not keep dispose from the rest", () => {
  let failing = 1;
  const host = localHost();
  const shm = createShm({
    host: hostWith(host, { unmap: (mapping) => (failing-- > 0 ? -12 : host.unmap(mapping)) }),
  });
  const segment = shm.create(10);
  const attachments = [segment.attach(), segment.attach(), segment.attach()];
  assert.throws(() => segment[Symbol.dispose](), code("ENOMEM", /detaching segment/));
  assert.throws(() => attachments[1]?.bytes, code("ERR_SHM_DETACHED"));
  assert.throws(() => attachments[2]?.bytes, code("ERR_SHM_DETACHED"));
  const info = host.stat(segment.id);
  assert.ok(typeof info === "object" && info.nattch === 1 && (info.mode & 0o1000) !== 0);
});

scripted("the local host counts and removes as the kernel does", () => {
  const host = localHost();
  const shm = createShm({ host });
  const segment = shm.create(10, { key: 7 });
  const attachment = segment.attach();
  assert.is(segment.stat().dtime, undefined);
  segment.destroy();
  assert.is(shm.list()[0]?.key, 0);
  const next = shm.create(10, { key: 7 }); // the key is free at once
  attachment.detach();
  assert.is(shm.list().length, 1);
  next.attach().detach();
  assert.ok(next.stat().dtime instanceof Date);
  for (let n = 1; n < shm.limits().shmmni; n++) shm.create(1);
  assert.throws(() => shm.create(1), code("ENOSPC", /4096 of 4096 segments/));
  assert.throws(() => shm.create(2 ** 32), code("EINVAL", /the largest segment allowed is 4294901760 bytes$/));
});
scripted.run();
