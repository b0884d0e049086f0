import * as assert from "uvu/assert";
import { type Segment, SegmentStatus, SharedMemoryFlags, Whence } from "wasm-shm";
import { suite } from "../../suite.js";
import { code, nativePairs, pairs, randomBytes } from "../../support/pairs.js";

const SIZE = 3333;
/** At a multiple of this an attach finds out by an attachment of its own whether the segment has huge pages: dtime is its end. */
const HUGE_PAGE = process.arch === "arm64" ? 2n ** 16n : 2n ** 21n;
const EMPTY_ID = 0x7ffffff0; // no kernel hands it out so soon

/** A key that no other test is likely to use at the same time. */
const freshKey = (): number => 0x57000000 | Math.floor(Math.random() * 0xffffff);

for (const { name, shm, withSegment } of pairs) {
  const create = suite(`create, open [${name}]`);

  create("makes a segment of that many bytes, all zeros, that stat describes", () => {
    const before = Date.now() - 2000;
    withSegment(SIZE, (segment) => {
      assert.is(segment.size, SIZE);
      const attachment = segment.attach();
      assert.ok(attachment.bytes.every((byte) => byte === 0));
      const info = segment.stat();
      assert.is(info.id, segment.id);
      assert.is(info.key, 0);
      assert.is(info.size, SIZE);
      assert.is(info.mode, 0o600);
      assert.is(info.cpid, process.pid);
      assert.is(info.lpid, process.pid);
      assert.is(info.uid, process.getuid?.());
      assert.is(info.cgid, process.getgid?.());
      assert.is(info.nattch, 1);
      if (name.startsWith("local") || attachment.address % HUGE_PAGE !== 0n) assert.is(info.dtime, undefined);
      for (const time of [info.ctime, info.atime])
        assert.ok(time && time.getTime() > before && time.getTime() <= Date.now() + 1000);
      assert.equal(
        shm.list().find(({ id }) => id === segment.id),
        info,
      );
    });
  });

  create("opens by id, and by key", () => {
    const key = freshKey();
    withSegment(
      SIZE,
      (segment) => {
        segment.write(Uint8Array.of(1, 2, 3));
        assert.is(segment.stat().key, key);
        for (const opened of [shm.open(segment.id), shm.open({ key })]) {
          assert.is(opened.id, segment.id);
          assert.is(opened.size, SIZE);
          assert.equal([...opened.readChunk(3)], [1, 2, 3]);
          opened[Symbol.dispose](); // detaches; the segment stays
        }
        assert.is(segment.stat().nattch, 1);
      },
      { key, mode: 0o640 },
    );
    assert.throws(() => shm.open({ key }), code("ENOENT", new RegExp(`0x${key.toString(16)}`)));
  });

  create("a key that exists: EEXIST, or the segment there with exclusive: false", () => {
    const key = freshKey();
    withSegment(
      SIZE,
      (segment) => {
        assert.throws(() => shm.create(10, { key }), code("EEXIST", /shmget of 10 bytes, mode 0600, key 0x57/));
        const same = shm.create(10, { key, exclusive: false });
        assert.is(same.id, segment.id);
        assert.is(same.size, SIZE);
        same[Symbol.dispose](); // it made nothing, so it removes nothing
        assert.is(segment.stat().key, key);
        assert.throws(() => shm.create(SIZE + 1, { key, exclusive: false }), code("EINVAL", /smaller/));
        assert.throws(() => shm.create(SIZE, { key: 0, exclusive: false }), code("ERR_OUT_OF_RANGE", /no key/));
      },
      { key },
    );
    withSegment(10, (made) => assert.is(made.size, 10), { key, exclusive: false });
    assert.throws(() => shm.open({ key }), code("ENOENT"));
  });

  create("a key above 2^31 is the key_t of the same bits", () => {
    const key = (0xf7000000 | Math.floor(Math.random() * 0xffffff)) >>> 0;
    withSegment(
      SIZE,
      (segment) => {
        assert.is(segment.stat().key, key | 0);
        assert.is(shm.open({ key }).id, segment.id);
        assert.is(shm.open({ key: key | 0 }).id, segment.id);
      },
      { key },
    );
  });

  create("openSegment takes size, flags and mode as shmget does, and leaves the segment at dispose", () => {
    for (const flags of [undefined, SharedMemoryFlags.None, SharedMemoryFlags.Create | SharedMemoryFlags.NoReserve]) {
      const segment = shm.openSegment(SIZE, flags, 0o640);
      try {
        assert.is(segment.stat().mode, 0o640);
        assert.is(segment.size, SIZE);
        segment[Symbol.dispose]();
      } finally {
        shm.destroySegment(segment.id);
      }
      assert.throws(() => shm.destroySegment(segment.id), code("EINVAL", new RegExp(`segment ${segment.id}`)));
    }
  });

  create("an id that never was is EINVAL, and says so", () => {
    assert.throws(() => shm.open(EMPTY_ID), code("EINVAL", /no segment has this id/));
    assert.throws(() => shm.destroySegment(EMPTY_ID), code("EINVAL", /no segment has this id/));
  });
  create.run();

  const own = suite(`The segment's own cursor [${name}]`);

  own("reads, writes, seeks and resets, on one attachment made at first use", () => {
    withSegment(SIZE, (segment) => {
      assert.is(segment.position, 0);
      assert.is(segment.write(randomBytes(100)), 100);
      assert.is(segment.position, 100);
      segment.reset();
      const target = new Uint8Array(100);
      assert.is(segment.read(target), 100);
      assert.equal(target, randomBytes(100));
      assert.is(segment.seek(-8, Whence.End), SIZE - 8);
      assert.is(segment.read(target), 8);
      assert.is(segment.read(target), 0);
      assert.equal(segment.readChunk(10, 90), randomBytes(100).slice(90));
      assert.is(segment.stat().nattch, 1);
    });
  });

  own("goes with destroy, which leaves other attachments alone", () => {
    withSegment(SIZE, (segment) => {
      segment.write(Uint8Array.of(7));
      const attachment = segment.attach();
      segment.destroy();
      const info = segment.stat();
      assert.is(info.nattch, 1);
      assert.is(info.key, 0);
      assert.is(info.mode, 0o600 | SegmentStatus.Destroyed);
      assert.is(attachment.cursor().readUint8(), 7);
      const late = segment.attach(); // it lives until its last detach
      assert.is(late.bytes[0], 7);
      assert.throws(() => segment.read(new Uint8Array(1)), code("EIDRM", /was destroyed/));
      assert.throws(() => segment.destroy(), code("EIDRM"));
      attachment.detach();
      late.detach();
      assert.throws(() => segment.stat(), code("EIDRM"));
    });
  });
  own.run();

  const permissions = suite(`Segment.setPermissions [${name}]`);

  permissions("changes what is named and keeps the rest", () => {
    withSegment(SIZE, (segment) => {
      const before = segment.stat();
      segment.setPermissions({ mode: 0o644 });
      assert.equal({ ...segment.stat(), ctime: 0 }, { ...before, mode: 0o644, ctime: 0 });
      segment.setPermissions({});
      segment.setPermissions({ uid: before.uid, gid: before.gid });
      assert.is(segment.stat().mode, 0o644);
      segment.setPermissions({ mode: 0 });
      segment.setPermissions({ mode: 0o600 }); // the owner may, though a mode of 0 does not let it read
      assert.is(segment.stat().mode, 0o600);
    });
  });

  permissions("refuses an invalid mode, uid or gid, and changes nothing", () => {
    withSegment(SIZE, (segment) => {
      const before = segment.stat();
      for (const wrong of [
        { mode: 0o1000 },
        { mode: -1 },
        { mode: 1.5 },
        { uid: -1 },
        { gid: 2 ** 32 },
        { uid: 2 ** 32 - 1 },
      ])
        assert.throws(() => segment.setPermissions(wrong), code("ERR_OUT_OF_RANGE"));
      for (const wrong of [{ mode: "600" }, { uid: null }, { gid: 1n }, 5, null])
        assert.throws(() => segment.setPermissions(wrong as { mode: number }), code("ERR_INVALID_ARG_TYPE"));
      assert.equal(segment.stat(), before);
    });
  });
  permissions.run();

  const states = suite(`Each call in each state [${name}]`);
  const calls: Record<string, (segment: Segment) => unknown> = {
    stat: (segment) => segment.stat(),
    setPermissions: (segment) => segment.setPermissions({ mode: 0o600 }),
    attach: (segment) => segment.attach().detach(),
    read: (segment) => segment.read(new Uint8Array(1)),
    write: (segment) => segment.write(new Uint8Array(1)),
    readChunk: (segment) => segment.readChunk(-1),
    seek: (segment) => segment.seek(0),
    reset: (segment) => segment.reset(),
    position: (segment) => segment.position,
    destroy: (segment) => segment.destroy(),
    dispose: (segment) => segment[Symbol.dispose](),
  };
  const prepare: Record<string, { make(segment: Segment): void; expect(call: string): string | undefined }> = {
    fresh: { make: () => {}, expect: () => undefined },
    attached: { make: (segment) => segment.write(Uint8Array.of(1)), expect: () => undefined },
    detached: { make: (segment) => segment.attach().detach(), expect: () => undefined },
    destroyed: { make: (segment) => segment.destroy(), expect: (call) => (call === "dispose" ? undefined : "EIDRM") },
    "destroyed by another": {
      make: ({ id }) => shm.destroySegment(id),
      expect: (call) => (call === "dispose" ? undefined : "EIDRM"),
    },
    disposed: {
      make: (segment) => segment[Symbol.dispose](),
      expect: (call) => (call === "dispose" ? undefined : "ERR_SHM_DETACHED"),
    },
  };

  for (const [state, { make, expect }] of Object.entries(prepare))
    for (const [call, use] of Object.entries(calls))
      states(`${call} while ${state}`, () => {
        withSegment(SIZE, (segment) => {
          make(segment);
          const expected = expect(call);
          if (expected === undefined) use(segment);
          else assert.throws(() => use(segment), code(expected));
          assert.is(segment.size, SIZE);
        });
      });
  states.run();

  const dispose = suite(`Symbol.dispose [${name}]`);

  dispose("of a created segment detaches and destroys it", () => {
    withSegment(SIZE, (segment) => {
      const attachment = segment.attach();
      segment.write(Uint8Array.of(1));
      segment[Symbol.dispose]();
      segment[Symbol.dispose]();
      assert.throws(() => shm.open(segment.id), code("EINVAL"));
      assert.throws(() => attachment.bytes, code("ERR_SHM_DETACHED"));
      assert.throws(() => segment.attach(), code("ERR_SHM_DETACHED", /disposed/));
    });
  });

  dispose("of an opened one detaches it alone", () => {
    withSegment(SIZE, (segment) => {
      const opened = shm.open(segment.id);
      opened.write(Uint8Array.of(1));
      opened.attach();
      assert.is(segment.stat().nattch, 2);
      opened[Symbol.dispose]();
      assert.is(segment.stat().nattch, 0);
    });
  });
  dispose.run();
}

for (const { name, withSegment } of nativePairs) {
  const lock = suite(`Segment.lock, unlock [${name}]`);
  lock("sets and clears SHM_LOCKED", () => {
    withSegment(SIZE, (segment) => {
      segment.lock();
      assert.is(segment.stat().mode, 0o600 | SegmentStatus.Locked);
      segment.unlock();
      assert.is(segment.stat().mode, 0o600);
    });
  });
  lock("of a segment that is gone is EIDRM", () => {
    withSegment(SIZE, (segment) => {
      segment.destroy();
      assert.throws(() => segment.lock(), code("EIDRM"));
      assert.throws(() => segment.unlock(), code("EIDRM"));
    });
  });
  lock.run();
}
