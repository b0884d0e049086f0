// A process with little address space. A WebAssembly.Memory takes some 10 GiB of it.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { type Ended, moduleFile, root, run } from "../support/child.js";
import { NO_LIMIT_SOURCE } from "../support/engine.js";
import { nativePairs } from "../support/pairs.js";

const ROOM_FOR_ONE = 12 * 2 ** 20; // KiB of address space: Node and one memory

/** Runs the source of an ES module with at most `kibibytes` of address space. */
function runWithin(kibibytes: number, source: string, nodeArgs: string[] = []): Ended {
  const prelude = `const tell = (call) => {
    try { return String(call()); } catch (error) { return [error.constructor.name, error.code, error.errno, error.hint].join(); }
  };\n`;
  const node = [process.execPath, ...nodeArgs, moduleFile(prelude + source)];
  return run("sh", ["-c", `ulimit -v ${kibibytes}; exec "$0" "$@"`, ...node]);
}

/**
 * From Node 24 on the engine itself gives memories only their own size if the address space is limited: 30,442 attachments
 * fit in 12 GiB (Node 24.21).
 */
const takesMuch = Number(process.versions.node.split(".")[0]) < 24;
const TAKES_LITTLE = "from Node 24 on a memory takes only its own size if the address space is limited";

const LESS = "detach what is not in use; under node --disable-wasm-trap-handler a memory takes only its own size";

for (const { name, shm } of nativePairs) {
  const composed = `import { createShm } from "wasm-shm"; const shm = createShm({ host: "sysv", core: "${shm.core}" });`;
  const little = suite(`Little address space [${name}]`);

  little("a cursor and a range take no more than their attachment's memory", () => {
    const ended = runWithin(
      ROOM_FOR_ONE,
      `${composed}
      using(shm.create(4096));
      function using(segment) {
        try {
          const attachment = segment.attach();
          const cursor = attachment.cursor();
          cursor.writeUint32(7);
          cursor.writeFrame(new Uint8Array(2000));
          console.log(cursor.core, attachment.indexOf(7), typeof attachment.checksum("xxh3"));
          attachment.detach();
        } finally { segment.destroy(); }
      }`,
    );
    assert.is(ended.stdout, `${shm.core} 0 bigint\n`, ended.stderr);
  });

  if (!takesMuch)
    little("a hundred attachments fit", () => {
      const source = `${composed}
        const segment = shm.create(4096);
        const all = [];
        console.log(tell(() => { while (all.length < 100) all.push(segment.attach()); }), all.length);
        segment.destroy();`;
      const ended = runWithin(ROOM_FOR_ONE, source);
      assert.is(ended.stdout, "undefined 100\n", ended.stderr);
    });

  const scarce = takesMuch ? little : (title: string, _: () => void) => little.skip(title, TAKES_LITTLE);
  scarce("one memory too many is ENOMEM, and its hint says how a memory takes less", () => {
    const source = `${composed}
      const segment = shm.create(4096);
      const all = [];
      const last = tell(() => { for (;;) all.push(segment.attach()); });
      console.log(last, all.length);
      segment.destroy();`;
    const ended = runWithin(ROOM_FOR_ONE, source);
    assert.is(ended.stdout, `ShmError,ENOMEM,12,${LESS} 1\n`, ended.stderr);
    const many = runWithin(ROOM_FOR_ONE, source.replace("for (;;)", "while (all.length < 100)"), [
      "--disable-wasm-trap-handler",
    ]);
    assert.is(many.stdout, "undefined 100\n", many.stderr);
  });

  scarce("a copy that does not fit is ENOMEM, and moves nothing", () => {
    const ended = runWithin(
      ROOM_FOR_ONE,
      `${composed}
      const segment = shm.create(2 ** 31, { noReserve: true });
      try {
        const cursor = segment.attach().cursor();
        const bytes = 2 ** 31;
        console.log(tell(() => cursor.readChunk(bytes)));
        console.log(tell(() => cursor.readArray(Uint32Array, bytes / 4)));
        console.log(tell(() => cursor.readArray(Uint32Array, bytes / 4, false)));
        console.log(tell(() => cursor.readVarUintArray(2 ** 30)));
        console.log(cursor.position);
      } finally { segment.destroy(); }`,
    );
    assert.is(ended.stdout, `${"ShmError,ENOMEM,12,\n".repeat(4)}0\n`, ended.stderr);
  });

  little.run();
}

const others = suite("Little address space, elsewhere");

const elsewhere = takesMuch ? others : (title: string, _: () => void) => others.skip(title, TAKES_LITTLE);
elsewhere("a memory of the local host is ENOMEM", () => {
  const ended = runWithin(
    ROOM_FOR_ONE,
    `import { createShm } from "wasm-shm";
    const shm = createShm({ host: "local" });
    const all = [];
    console.log(tell(() => { for (;;) all.push(shm.create(1).attach()); }), all.length);`,
  );
  assert.is(ended.stdout, `ShmError,ENOMEM,12,${LESS} 1\n`, ended.stderr);
});

if (nativePairs.length === 0) others.skip("a sandbox's memory is ENOMEM", "there is no sysv host");
else
  elsewhere("a sandbox's memory is ENOMEM, in a thread and inline", () => {
    const guest = readFileSync(`${root}test/fixtures/hostile/grow.wasm`).toString("base64");
    for (const isolation of ["thread", "inline"]) {
      const ended = runWithin(
        ROOM_FOR_ONE,
        `import { createSandbox } from "wasm-shm";
        const taken = new WebAssembly.Memory({ initial: 1 });
        const guest = Buffer.from("${guest}", "base64");
        const refused = await createSandbox(guest, { ${NO_LIMIT_SOURCE}isolation: "${isolation}" }).catch((error) => error);
        console.log(tell(() => { throw refused; }), refused.message);`,
      );
      assert.match(
        ended.stdout,
        `ShmError,ENOMEM,12,${LESS} ENOMEM: out of memory: a guest's memory of `,
        ended.stderr,
      );
    }
  });
others.run();
