// A call that the system refuses has changed nothing: neither what the window held, nor what is private, nor who takes
// part. A seccomp filter refuses, or the process has no descriptors left. Not tested: errors that come after the kernel
// has dropped the window's pages, which it hardly ever has.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { askModule, isRoot, moduleFile, run, works } from "../support/child.js";
import { isEmulated } from "../support/engine.js";
import { nativePairs } from "../support/pairs.js";
import { buildProbe, guardedChild, PAGE } from "./guarded.js";

const CALL = process.arch === "x64" ? { mremap: 25, shmat: 30 } : { mremap: 216, shmat: 196 };
const ENOMEM = 12;
const ENFILE = 23;
const ENOSYS = 38;

/** Opens files until the process may open no more. */
const exhaust = `
  const files = [];
  try { for (;;) files.push(openSync("/dev/null")); } catch {}
`;

/** As askModule, after a command of the shell. */
function askAfter<T>(command: string, source: string, wrapper: string[] = []): T {
  const shell = [...wrapper, "sh", "-c", `${command} && exec "$0" "$1"`, process.execPath, moduleFile(source)];
  const ended = run(shell[0] as string, shell.slice(1));
  if (ended.code !== 0) throw new Error(`a child failed (${ended.code ?? ended.signal}): ${ended.stderr}`);
  return JSON.parse(ended.stdout) as T;
}

/** Engines raise the limit on open files, but not past this. */
const FEW_FILES = "ulimit -n 256";

/** As askModule, in a process for which a file of /proc/sys/vm has another value. */
function askWith<T>(setting: string, value: number, source: string): T {
  const file = moduleFile(`${value}\n`); // the folder is for any text
  return askAfter(`${FEW_FILES} && mount --bind ${file} /proc/sys/vm/${setting}`, source, ["unshare", "--mount"]);
}

const refused = suite("A call that the system refuses");
if (nativePairs.length === 0 || isEmulated) refused.skip("changes nothing", "it needs the addon and seccomp");
else {
  buildProbe();

  for (const [call, offset, errno] of [
    ["shmat", 0, ENFILE],
    ["shmat", 0, ENOSYS],
    ["shmat", 0, ENOMEM],
    ["shmat", PAGE, ENFILE],
    ["mremap", PAGE, ENOMEM],
  ] as const)
    refused(`an attach at ${offset} by ${call} with errno ${errno} leaves the bytes that were there`, () => {
      const answer = askModule<unknown>(
        `${guardedChild(3)}
        const memory = new WebAssembly.Memory({ initial: 2 });
        const bytes = new Uint8Array(memory.buffer).fill(7);
        probe.refuse(${CALL[call]}, ${errno});
        const result = map("read-write", { offset: ${offset}, length: length - ${offset}, into: { memory, byteOffset: 65536 } });
        console.log(JSON.stringify([result, bytes.every((byte) => byte === 7), host.stat(id).nattch]));`,
      );
      assert.equal(answer, [-errno, true, 1]);
    });

  refused("a guarded attach leaves the bytes that were there", () => {
    const answer = askModule<unknown>(
      `${guardedChild(3)}
      const memory = new WebAssembly.Memory({ initial: 2 });
      const bytes = new Uint8Array(memory.buffer).fill(7);
      probe.refuse(${CALL.shmat}, ${ENFILE});
      const result = map("read-only", { into: { memory, byteOffset: 65536 } });
      console.log(JSON.stringify([result, bytes.every((byte) => byte === 7), host.stat(id).nattch]));`,
    );
    assert.equal(answer, [-ENFILE, true, 1]);
  });

  for (const [call, offset, errno] of [
    ["shmat", 0, ENFILE],
    ["mremap", PAGE, ENOMEM],
  ] as const)
    refused(`a discard at ${offset} by ${call} keeps the private pages, and the others stay the segment's`, () => {
      const answer = askModule<unknown>(
        `${guardedChild(4, "copy-on-write")}
        const mapping = map("copy-on-write", { offset: ${offset}, length: length - ${offset} });
        const bytes = bytesOf(mapping);
        bytes[${PAGE}] = 1;
        probe.refuse(${CALL[call]}, ${errno});
        const result = host.discard(mapping);
        seen[${offset}] = 9;
        console.log(JSON.stringify([result, host.privatePages(mapping), bytes[${PAGE}], bytes[0]]));`,
      );
      assert.equal(answer, [-errno, 1, 1, 9]);
    });

  if (!isRoot)
    refused.skip("a discard that can read no file leaves a window that takes stores", "only root can drop rights");
  else
    refused("a discard that can read no file leaves a window that takes stores", () => {
      const answer = askAfter<unknown>(
        FEW_FILES,
        `import { openSync } from "node:fs";
        import { create } from "wasm-shm";
        create(1)[Symbol.dispose](); // it loads the addon
        process.setgroups?.([]);
        process.setgid(65534); process.setuid(65534);
        const segment = create(${2 * PAGE});
        const seen = segment.attach().bytes;
        const attachment = segment.attach({ access: "read-only" });
        attachment.bytes[${PAGE}] = 1;
        segment.setPermissions({ mode: 0 });
        ${exhaust}
        let refusal;
        try { attachment.discard(); } catch (error) { refusal = error.code; }
        attachment.bytes[0] = 1;
        segment.destroy();
        console.log(JSON.stringify([refusal, attachment.privatePages, seen[0]]));`,
      );
      assert.equal(answer, ["EACCES", 2, 0]);
    });
}
refused.run();

const settings = suite("What the system's settings say");
if (nativePairs.length === 0 || isEmulated || !isRoot || !works("unshare", ["--mount", "true"]))
  settings.skip("holds", "only root can put a file in the place of a setting");
else {
  settings("vm.overcommit_memory is 2: a detach that is refused leaves the segment where it is", () => {
    const source = (body: string): string =>
      `${guardedChild(3)} const mapping = map("read-write"); const bytes = bytesOf(mapping); seen[0] = 7; ${body}
      console.log(JSON.stringify([host.unmap(mapping), bytes[0], host.stat(id).nattch]));`;
    assert.equal(askWith("overcommit_memory", 2, source("")), [0, 0, 1]);
    const refuse = `probe.refuse(${CALL.mremap}, ${ENOMEM});`;
    assert.equal(askWith("overcommit_memory", 2, source(refuse)), [-ENOMEM, 7, 2]);
  });

  const LIMIT = 4096 + 2000; // the first 4,096 are kept free
  settings("vm.max_map_count holds, also if no file could be opened at the first attach", () => {
    const answer = askWith<{ first: string; code: string; made: number }>(
      "max_map_count",
      LIMIT,
      `import { closeSync, openSync } from "node:fs";
      import { create } from "wasm-shm";
      const segment = create(1);
      ${exhaust}
      let first, code;
      try { segment.attach(); } catch (error) { first = error.code; }
      for (const file of files) closeSync(file);
      const made = [];
      try { while (made.length < ${LIMIT}) made.push(segment.attach()); } catch (error) { code = error.code; }
      segment[Symbol.dispose]();
      console.log(JSON.stringify({ first, code, made: made.length }));`,
    );
    assert.equal([answer.first, answer.code], ["EMFILE", "ENOMEM"]);
    assert.ok(answer.made > 10 && answer.made < 2000, `${answer.made} attachments`);
  });

  settings("vm.max_map_count holds for participants, too", () => {
    const answer = askWith<{ code: string; made: number }>(
      "max_map_count",
      LIMIT,
      `import { create } from "wasm-shm";
      const segment = create(1 << 19);
      const attachment = segment.attach();
      let code;
      const made = [];
      try { while (made.length < ${LIMIT}) made.push(attachment.join({ offset: made.length * 192, slots: 1 })); } catch (error) { code = error.code; }
      segment[Symbol.dispose]();
      console.log(JSON.stringify({ code, made: made.length }));`,
    );
    assert.is(answer.code, "ENOMEM");
    assert.ok(answer.made > 10 && answer.made < 2000, `${answer.made} participants`);
  });
}
settings.run();
