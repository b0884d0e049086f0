// A host that a user wrote is as good as the package's own: what it maps, what it refuses, and in which words.
import { readdirSync, readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { createSandbox, createShm, ShmError } from "wasm-shm";
import { suite } from "../../suite.js";
import { root } from "../../support/child.js";
import { NO_LIMIT } from "../../support/engine.js";
import { USER_LIMIT, USER_PAGE, UserHost } from "../../support/host.js";
import { code, randomBytes } from "../../support/pairs.js";

const SIZE = 3 * USER_PAGE + 333;

/** An error of the user's host, in its own words. */
function refused(errno: string, message: string, syscall: string): (error: unknown) => boolean {
  return (error) => {
    assert.instance(error, ShmError);
    const { code, syscall: called, hint, message: said } = error as ShmError;
    assert.equal([code, called, hint, said], [errno, syscall, "ask its author", message]);
    return true;
  };
}

for (const core of ["wasm", "auto", "js"] as const) {
  const user = suite(`A host of the user's [${core}]`);

  user("creates, opens by id and key, lists and limits", () => {
    const host = new UserHost();
    const shm = createShm({ host, core });
    assert.is(shm.host, host);
    using segment = shm.create(SIZE, { key: 5, mode: 0o640 });
    assert.is(segment.id, 7);
    assert.equal([shm.open(7).size, shm.open({ key: 5 }).id], [SIZE, 7]);
    assert.is(shm.create(10, { key: 5, exclusive: false }).size, SIZE);
    assert.equal(
      shm.list().map(({ id, size, mode }) => [id, size, mode]),
      [[7, SIZE, 0o640]],
    );
    segment.setPermissions({ mode: 0o600 });
    assert.is(segment.stat().mode, 0o600);
    assert.equal([shm.limits().shmmax, shm.limits().segmentsInUse], [USER_LIMIT, 1]);
  });

  user("attachments, cursors, ranges and the segment's own cursor see the same bytes", () => {
    const shm = createShm({ host: new UserHost(), core });
    using segment = shm.create(SIZE);
    const [first, second] = [segment.attach(), shm.open(segment.id).attach({ access: "read-only" })];
    assert.equal([first.core, first.byteLength, first.byteOffset, first.address], [core, SIZE, 65536, 0n]);
    const bytes = randomBytes(SIZE);
    assert.is(first.cursor().write(bytes), SIZE);
    assert.equal(second.bytes, bytes);
    assert.is(second.checksum("crc32c"), first.checksum("crc32c"));
    assert.is(second.compare(bytes), 0);
    first.cursor().writeFrame(Uint8Array.of(1, 2, 3));
    assert.equal([...second.cursor().readFrame()], [1, 2, 3]);
    assert.equal(segment.readChunk(SIZE - 100, 100), bytes.subarray(100));
    assert.throws(() => second.fill(0), code("ERR_SHM_READ_ONLY"));
    assert.is(segment.stat().nattch, 3);
    const part = segment.attach({ offset: USER_PAGE, length: USER_PAGE });
    assert.equal(part.bytes, bytes.subarray(USER_PAGE, 2 * USER_PAGE));
    assert.throws(() => segment.attach({ offset: 4096 }), code("ERR_OUT_OF_RANGE", /the page size, 8192/));
  });

  user("views and cursors work after a grow", () => {
    using segment = createShm({ host: new UserHost(), core }).create(SIZE);
    const attachment = segment.attach();
    const cursor = attachment.cursor();
    attachment.memory.grow(1);
    cursor.writeUint32(7);
    attachment.memory.grow(1);
    assert.is(attachment.bytes[0], 7);
    attachment.memory.grow(1);
    assert.is(attachment.sum(Uint8Array), 7);
  });

  user("copy-on-write is private until it is discarded; pages that are not counted are 0", () => {
    using segment = createShm({ host: new UserHost(), core }).create(SIZE);
    const attachment = segment.attach({ access: "copy-on-write", offset: USER_PAGE });
    attachment.fill(1);
    assert.is(attachment.privatePages, 0);
    assert.equal([...segment.readChunk(2, USER_PAGE)], [0, 0]);
    attachment.discard();
    assert.is(attachment.sum(Uint8Array), 0);
  });

  user("detach, destroy and dispose do for it what they do for the others", () => {
    const host = new UserHost();
    const shm = createShm({ host, core });
    const segment = shm.create(SIZE, { key: 5 });
    const [first, second] = [segment.attach(), segment.attach()];
    first.detach();
    assert.throws(() => first.bytes, code("ERR_SHM_DETACHED"));
    assert.is(segment.stat().nattch, 1);
    segment.destroy();
    assert.throws(() => shm.open({ key: 5 }), code("ENOENT"));
    second.cursor().writeUint8(1);
    assert.throws(
      () => segment.destroy(),
      refused("EIDRM", "EIDRM: segment removed: remove of 7; ask its author", "user_remove"),
    );
    segment[Symbol.dispose]();
    assert.throws(() => second.bytes, code("ERR_SHM_DETACHED"));
    assert.equal(shm.list(), []);
  });

  user("explains its own refusals, and is told the whole call", () => {
    const host = new UserHost();
    const shm = createShm({ host, core });
    const segment = shm.create(SIZE, { key: 5 });
    assert.throws(
      () => shm.create(USER_LIMIT + 1),
      refused("EINVAL", "EINVAL: invalid argument: get of key 0; at most 1048576 bytes; ask its author", "user_get"),
    );
    assert.throws(
      () => shm.create(1, { key: 5 }),
      refused("EEXIST", "EEXIST: segment exists: get of key 5; ask its author", "user_get"),
    );
    assert.throws(
      () => shm.open(99),
      refused("EINVAL", "EINVAL: invalid argument: stat of 99; ask its author", "user_stat"),
    );
    host.remove(segment.id);
    assert.throws(
      () => segment.attach({ offset: USER_PAGE, access: "read-only" }),
      refused("EIDRM", "EIDRM: segment removed: map of 7; ask its author", "user_map"),
    );
    assert.throws(() => segment.setPermissions({ mode: 0o600 }), code("EIDRM", /stat of 7/));
    assert.equal(host.explained.slice(2), [
      [22, { operation: "stat", id: 99, size: undefined }],
      [
        43,
        {
          operation: "map",
          size: SIZE,
          id: 7,
          offset: USER_PAGE,
          length: SIZE - USER_PAGE,
          into: undefined,
          reserve: undefined,
          access: "read-only",
          memory: undefined,
        },
      ],
      [43, { operation: "stat", id: 7, size: SIZE }],
    ]);
  });

  user("what it cannot do is ERR_SHM_UNSUPPORTED, by its name", () => {
    const shm = createShm({ host: new UserHost(), core });
    using segment = shm.create(SIZE);
    const memory = new WebAssembly.Memory({ initial: 1 });
    for (const use of [
      () => segment.lock(),
      () => segment.unlock(),
      () => shm.ftok("/", 1),
      () => shm.create(1, { hugePages: true }),
      () => segment.attach({ into: { memory, byteOffset: 0 }, length: USER_PAGE }),
    ])
      assert.throws(use, code("ERR_SHM_UNSUPPORTED", /by the user host is not supported: use host: "sysv" on Linux$/));
  });

  user("without a page for the core, its cursors run on the JS core", () => {
    using segment = createShm({ host: new UserHost(0), core }).create(SIZE);
    const attachment = segment.attach();
    assert.equal([attachment.core, attachment.byteOffset], ["js", 0]);
    attachment.cursor().writeUint32(0x01020304);
    assert.is(attachment.sum(Uint8Array, 0, 4), 10);
  });
  user.run();
}

const sandbox = suite("A sandbox on a host of the user's");
sandbox("is refused before a thread starts: ids of such a host mean nothing there", async () => {
  /** Maps into memories, but has ids of its own. */
  class Into extends UserHost {
    override can(capability: string): boolean {
      return capability === "attach into a memory";
    }
  }
  const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0); // would be ERR_SHM_GUEST_MEMORY
  for (const [host, words] of [
    [new UserHost(), /a sandbox on segment 7 by the user host/],
    [new Into(), /a (process|thread) for a sandbox on segment 7 by the user host/],
  ] as const) {
    using segment = createShm({ host }).create(SIZE);
    await createSandbox(empty, { ...NO_LIMIT, windows: { input: { segment } } }).then(
      () => assert.unreachable(),
      code("ERR_SHM_UNSUPPORTED", words),
    );
  }
});
sandbox.run();

const seam = suite("The seam of hosts");
seam("no system call is named, and no host is told by its name, outside src/host", () => {
  const files = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.startsWith("host/") && !file.startsWith("cli/"),
  );
  assert.ok(files.length > 70, `${files.length} files`);
  for (const file of files) {
    let withoutComments = readFileSync(`${root}src/${file}`, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    // An emscripten guest imports a function of that name.
    if (file === "sandbox/toolchains.ts") withoutComments = withoutComments.replace(/^ +mmap: /m, "");
    const found = /\b(?:shm(?:get|at|dt|ctl)|mmap|mremap|IPC_\w+|SHM_[A-Z]+|host\.name ===?)\b/.exec(
      withoutComments.replaceAll(/ERR_SHM_\w+|WASM_SHM_\w+/g, ""),
    );
    assert.is(found?.[0], undefined, file);
  }
});
seam.run();
