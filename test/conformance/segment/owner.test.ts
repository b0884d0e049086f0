// segment.created, keyOf, and the owner that an open by key demands.
import * as assert from "uvu/assert";
import { keyOf, list } from "wasm-shm";
import * as portable from "wasm-shm/portable";
import { suite } from "../../suite.js";
import { askModule, isRoot, run, runModule, works } from "../../support/child.js";
import { crc32Oracle } from "../../support/oracle.js";
import { code, nativePairs, pairs } from "../../support/pairs.js";
import { absent } from "../../support/peers.js";

const SIZE = 3333;
const me = process.getuid?.() ?? 0;

for (const { name, shm } of pairs) {
  const created = suite(`Segment.created [${name}]`);
  created("tells what made the segment from what found it", () => {
    const key = 0x57a5c000 | (process.pid & 0xfff);
    const first = shm.create(SIZE, { key, exclusive: false });
    const second = shm.create(SIZE, { key, exclusive: false });
    const made = shm.openSegment(SIZE);
    try {
      const objects = [first, second, shm.open({ key }), shm.open(first.id), made, shm.open(made.id)];
      assert.equal(
        objects.map((segment) => segment.created),
        [true, false, false, false, true, false],
      );
    } finally {
      made.destroy();
      first[Symbol.dispose]();
    }
  });
  created.run();

  const owner = suite(`The owner that is demanded [${name}]`);
  owner("is that of the segment with the key", () => {
    const key = 0x57a5d000 | (process.pid & 0xfff);
    const segment = shm.create(SIZE, { key, exclusive: false, uid: me });
    try {
      assert.is(segment.created, true);
      assert.is(shm.open({ key, uid: me }).id, segment.id);
      assert.is(shm.create(SIZE, { key, exclusive: false, uid: me }).created, false);
      const foreign = code("ERR_SHM_OWNER", new RegExp(`belongs to user ${me} and was created by user ${me}, not by`));
      assert.throws(() => shm.open({ key, uid: me + 1 }), foreign);
      assert.throws(() => shm.create(SIZE, { key, exclusive: false, uid: me + 1 }), foreign);
    } finally {
      segment[Symbol.dispose]();
    }
  });
  owner("is refused if it is not a user, or without a key", () => {
    for (const uid of [-1, 2 ** 32 - 1, 0.5]) {
      assert.throws(() => shm.open({ key: 7, uid }), code("ERR_OUT_OF_RANGE", /target\.uid/));
      assert.throws(() => shm.create(10, { key: 7, exclusive: false, uid }), code("ERR_OUT_OF_RANGE", /options\.uid/));
    }
    assert.throws(() => shm.open({ key: 7, uid: "0" as unknown as number }), code("ERR_INVALID_ARG_TYPE"));
    for (const options of [{}, { key: 7 }, { exclusive: false }])
      assert.throws(() => shm.create(10, { ...options, uid: me }), code("ERR_INVALID_ARG_VALUE", /options\.uid/));
  });
  owner.run();
}

const keys = suite("keyOf");
keys("is zlib's CRC-32 of the UTF-8 bytes, signed, at both entry points", () => {
  for (const text of ["my-app/frames", "a", "grüße", "\ud83d\ude00", "\0", "x".repeat(100_000)]) {
    const expected = crc32Oracle(Buffer.from(text)) | 0;
    assert.equal([keyOf(text), portable.keyOf(text)], [expected, expected]);
  }
});
keys("refuses names without a key, and what is not a name", () => {
  assert.throws(() => keyOf(""), code("ERR_OUT_OF_RANGE", /CRC-32 is not 0/));
  for (const name of [undefined, 1, Buffer.from("a")])
    assert.throws(() => keyOf(name as unknown as string), code("ERR_INVALID_ARG_TYPE"));
});
const asPython = "is what Python's zlib.crc32 gives";
if (!works("python3", ["-c", "import zlib"])) absent(keys, asPython, "there is no Python");
else
  keys(asPython, () => {
    const { stdout } = run("python3", ["-c", "import zlib; print(zlib.crc32('my-app/grüße'.encode()))"]);
    assert.is(keyOf("my-app/grüße") >>> 0, Number(stdout));
  });
keys("needs no host", () => {
  const source = 'import { keyOf } from "wasm-shm"; console.log(keyOf("a"));';
  const ended = runModule(source, [], { env: { ...process.env, WASM_SHM_HOST: "posix" } });
  assert.is(ended.stdout, `${keyOf("a")}\n`);
});
keys.run();

const guessed = suite("A segment under a guessed key");
for (const { name, shm } of nativePairs) {
  const title = `that another user made and gave away is refused [${name}]`;
  if (!isRoot) {
    guessed.skip(title, "this needs root");
    continue;
  }
  guessed(title, () => {
    const key = 0x57a5e000 | (process.pid & 0xfff);
    const source = (rest: string): string => `import { create } from "wasm-shm";
      process.setuid(65534);
      const segment = create(${SIZE}, { key: ${key}, mode: 0o666, exclusive: false });
      segment.setPermissions({ ${rest} });
      console.log(JSON.stringify(segment.id));
      process.exit();`; // without dispose
    const id = askModule<number>(source("mode: 0o666"));
    const segment = shm.open(id);
    try {
      assert.is(shm.open({ key }).id, id);
      assert.throws(() => shm.open({ key, uid: 0 }), code("ERR_SHM_OWNER", /user 65534 and was created by user 65534/));
      segment.setPermissions({ uid: 0 }); // as the owner could
      assert.throws(() => shm.open({ key, uid: 0 }), code("ERR_SHM_OWNER", /user 0 and was created by user 65534/));
      assert.throws(
        () => shm.create(SIZE, { key, exclusive: false, uid: 0 }),
        code("ERR_SHM_OWNER", /created by user 65534/),
      );
      assert.is(shm.open({ key }).id, id);
    } finally {
      segment.destroy();
    }
    assert.not.ok(list().some((info) => info.id === id));
  });
}
guessed.run();
