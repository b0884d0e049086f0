// limits, list, ftok and the errors at a limit, against /proc, ipcs and Perl; lowered limits in an IPC namespace.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { SegmentStatus, SharedMemoryFlags } from "wasm-shm";
import { sysvHost } from "#src/host/sysv.js";
import { suite } from "../suite.js";
import { askModule, isRoot, moduleFile, perl, root, run, works } from "../support/child.js";
import { code, nativePairs, pairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { withGuarded } from "./guarded.js";

const sysctl = (path: string): number => Number(readFileSync(`/proc/sys/${path}`, "latin1"));

for (const { name, shm, native, withSegment } of pairs) {
  const limits = suite(`limits, list [${name}]`);

  limits("count what is in use", () => {
    const before = shm.limits();
    withSegment(3 * before.pageSize - 1, (segment) => {
      if (native) {
        assert.ok(shm.limits().segmentsInUse >= 1); // other processes come and go
        assert.ok(shm.limits().pagesInUse >= 3);
      } else {
        assert.is(shm.limits().segmentsInUse, before.segmentsInUse + 1);
        assert.is(shm.limits().pagesInUse, before.pagesInUse + 3);
      }
      segment.destroy();
      assert.not.ok(shm.list().some(({ id }) => id === segment.id));
    });
  });

  limits("are what a segment may be", () => {
    const { shmmax, shmmin, shmmni, shmall, pageSize } = shm.limits();
    assert.is(shmmin, 1);
    for (const limit of [shmmax, shmmni, shmall, pageSize]) assert.ok(limit >= 1);
    assert.is(pageSize, shm.host.pageSize);
  });
  limits.run();
}

for (const { name, shm, withSegment } of nativePairs) {
  const system = suite(`The system's own view [${name}]`);

  system("limits are the kernel's", () => {
    const limits = shm.limits();
    assert.is(limits.shmmax, sysctl("kernel/shmmax"));
    assert.is(limits.shmall, sysctl("kernel/shmall"));
    assert.is(limits.shmmni, sysctl("kernel/shmmni"));
    assert.is(limits.maxMapCount, sysctl("vm/max_map_count"));
    assert.is(limits.pageSize, Number(run("getconf", ["PAGESIZE"]).stdout));
  });

  system("list is /proc/sysvipc/shm, field by field", () => {
    withSegment(
      3333,
      (segment) => {
        segment.attach();
        const [head, ...rows] = readFileSync("/proc/sysvipc/shm", "latin1").trimEnd().split("\n");
        const names = (head as string).trim().split(/\s+/);
        const row = rows.map((text) => text.trim().split(/\s+/)).find((fields) => Number(fields[1]) === segment.id);
        const field = (label: string): number => Number(row?.[names.indexOf(label)]);
        const info = shm.list().find(({ id }) => id === segment.id);
        assert.ok(info);
        for (const label of ["key", "size", "uid", "gid", "cuid", "cgid", "cpid", "lpid", "nattch"] as const)
          assert.is(info[label], field(label), label);
        assert.is(info.mode.toString(8), String(row?.[names.indexOf("perms")]));
        for (const label of ["atime", "dtime", "ctime"] as const)
          assert.is((info[label]?.getTime() ?? 0) / 1000, field(label), label);
      },
      { key: 0x5b000000 | process.pid, mode: 0o640 },
    );
  });

  system("list shows what is removed but attached", () => {
    withSegment(10, (segment) => {
      const attachment = segment.attach();
      segment.destroy();
      const info = shm.list().find(({ id }) => id === segment.id);
      assert.is(info?.mode, SegmentStatus.Destroyed | 0o600);
      attachment.detach();
    });
  });

  if (!isRoot) system.skip("list shows another user's segment", "only root can become another user");
  else
    system("list shows another user's segment", () => {
      withSegment(10, (segment) => {
        const sizes = askModule<number[]>(
          `import { list } from "wasm-shm"; console.log(JSON.stringify(list().filter(({ id }) => id === ${segment.id}).map(({ size }) => size)));`,
          [],
          { uid: 65534, gid: 65534 },
        );
        assert.equal(sizes, [10]);
      });
    });

  if (!works("perl", ["-MIPC::SysV", "-e", "1"])) absent(system, "ftok is Perl's", "Perl's IPC::SysV is not installed");
  else
    system("ftok is Perl's", () => {
      for (const [path, id] of [
        [root, 1],
        ["/etc/passwd", 65],
        ["/", 255],
      ] as const)
        assert.is(
          shm.ftok(path, id),
          Number(perl("use IPC::SysV 'ftok'; print unpack 'l', pack 'l', ftok($ARGV[0], 0 + $ARGV[1])", [path, id])),
        );
    });
  system.run();
}

const namespace = suite("At a limit");
if (nativePairs.length === 0 || !works("unshare", ["--ipc", "true"]))
  namespace.skip("the error names it, and its value", "this user cannot make an IPC namespace of its own");
else {
  const within = (sysctls: string, source: string): { code: string; message: string } => {
    const script = `${sysctls} && exec "$0" "$1"`;
    const module = moduleFile(`import { create } from "wasm-shm"; ${source}`);
    const ended = run("unshare", ["--ipc", "sh", "-c", script, process.execPath, module]);
    if (ended.code !== 0) throw new Error(ended.stderr);
    return JSON.parse(ended.stdout) as { code: string; message: string };
  };
  const attempt = (use: string): string =>
    `try { ${use}; console.log("{}"); } catch ({ code, message }) { console.log(JSON.stringify({ code, message })); }`;

  namespace("kernel.shmmax: EINVAL", () => {
    const error = within("echo 8192 > /proc/sys/kernel/shmmax", attempt("create(8193)"));
    assert.is(error.code, "EINVAL");
    assert.match(error.message, /shmget of 8193 bytes.*8192 bytes \(kernel\.shmmax\)/);
  });

  namespace("kernel.shmmni: ENOSPC", () => {
    const error = within("echo 2 > /proc/sys/kernel/shmmni", attempt("for (;;) create(1)"));
    assert.is(error.code, "ENOSPC");
    assert.match(error.message, /2 of 2 segments \(kernel\.shmmni\)/);
  });

  namespace("kernel.shmall: ENOSPC", () => {
    const error = within("echo 4 > /proc/sys/kernel/shmall", attempt("create(3 * 4096); create(2 * 4096)"));
    assert.is(error.code, "ENOSPC");
    assert.match(error.message, /3 of 4 pages of 4096 bytes \(kernel\.shmall\)/);
  });
}
namespace.run();

const space = suite("Out of address space");
if (nativePairs.length === 0) space.skip("is ENOMEM", "there is no sysv host on this platform");
else
  space("is ENOMEM, names vm.max_map_count, and the process continues", () => {
    const answer = askModule<{ code: string; message: string; nattch: number; after: number }>(
      `import { create } from "wasm-shm";
      const segment = create(4096);
      const attachments = [];
      let error;
      try { for (;;) attachments.push(segment.attach()); } catch (thrown) { error = thrown; }
      const nattch = segment.stat().nattch;
      for (const attachment of attachments) attachment.detach();
      const after = segment.stat().nattch;
      segment[Symbol.dispose]();
      console.log(JSON.stringify({ code: error.code, message: error.message, nattch, after, made: attachments.length }));`,
    );
    assert.is(answer.code, "ENOMEM");
    assert.match(answer.message, /address space.*vm\.max_map_count, now \d+/);
    assert.ok(answer.nattch > 1000);
    assert.is(answer.after, 0);
  });
if (nativePairs.length > 0)
  space("by mappings alone, in one memory of the caller's: ENOMEM well before the engine runs out", () => {
    const answer = askModule<{ code: string; message: string; made: number; maps: number }>(
      `import { readFileSync } from "node:fs";
      import { create } from "wasm-shm";
      const segment = create(4096);
      const memory = new WebAssembly.Memory({ initial: 65536 });
      let made = 0;
      let error;
      try { for (; made < 60000; made++) segment.attach({ into: { memory, byteOffset: made * 8192 } }); } catch (thrown) { error = thrown; }
      const maps = readFileSync("/proc/self/maps", "latin1").split("\\n").length;
      segment[Symbol.dispose]();
      console.log(JSON.stringify({ code: error?.code, message: error?.message, made, maps }));`,
      [],
      { timeout: 240_000 }, // 30,000 attachments take 30 s of processor time: on a busy machine, minutes
    );
    assert.is(answer.code, "ENOMEM");
    assert.match(answer.message, /; its mappings come near vm\.max_map_count, now \d+; detach/);
    assert.ok(answer.made > 10_000 && answer.maps < sysctl("vm/max_map_count") - 2000, JSON.stringify(answer));
  });
space.run();

const reserve = suite("noReserve");
const overcommits = nativePairs.length > 0 && sysctl("vm/overcommit_memory") === 0;
if (!overcommits) reserve.skip("skips the reservation", "only with vm.overcommit_memory=0 does the kernel refuse");
else
  reserve("makes a segment larger than all memory, which the kernel refuses without", () => {
    const total = Number(/MemTotal: +(\d+)/.exec(readFileSync("/proc/meminfo", "latin1"))?.[1]) * 1024;
    const swap = Number(/SwapTotal: +(\d+)/.exec(readFileSync("/proc/meminfo", "latin1"))?.[1]) * 1024;
    const size = 4 * (total + swap);
    for (const { shm, withSegment } of nativePairs) {
      assert.throws(() => shm.create(size), code("ENOMEM", /noReserve: true/));
      withSegment(size, (segment) => assert.is(segment.stat().size, size), { noReserve: true });
    }
  });
reserve.run();

const huge = suite("Huge pages");
const pool = "/proc/sys/vm/nr_hugepages";
const before = nativePairs.length > 0 ? sysctl("vm/nr_hugepages") : 0;
const setPool = (pages: number): void => {
  run("sh", ["-c", `echo ${pages} > ${pool}`]);
};

/** Whether the kernel found four huge pages; memory that is too scattered has none. */
function poolOfFour(): boolean {
  setPool(4);
  const found = sysctl("vm/nr_hugepages") >= 4;
  setPool(before);
  return found;
}

if (!isRoot || nativePairs.length === 0) huge.skip("map and work", "only root can set vm.nr_hugepages");
else if (!poolOfFour()) huge.skip("map and work", "the kernel could not find four of them");
else {
  const size = nativePairs[0]?.shm.limits().hugePageSize ?? 0;
  const withPool = (pages: number, use: () => void): void => {
    try {
      setPool(pages);
      use();
    } finally {
      setPool(before);
    }
  };

  huge("are ENOMEM if none are free, and the message names the setting", () => {
    withPool(0, () => {
      for (const { shm } of nativePairs)
        assert.throws(() => shm.create(size, { hugePages: true }), code("ENOMEM", /huge pages.*vm\.nr_hugepages/));
    });
  });

  huge("map whole and in part, at a multiple of their size", () => {
    withPool(4, () => {
      for (const { withSegment } of nativePairs)
        withSegment(
          size + 3333,
          (segment) => {
            const attachment = segment.attach();
            assert.is(attachment.byteLength, size + 3333);
            assert.is(attachment.address % BigInt(size), 0n);
            const smaps = readFileSync("/proc/self/smaps", "latin1");
            const mapping = smaps.slice(smaps.indexOf(attachment.address.toString(16)));
            assert.match(mapping, new RegExp(`KernelPageSize: +${size / 1024} kB`));
            const cursor = attachment.cursor();
            cursor.seek(-4, 2);
            cursor.writeUint32(0x600df00d);
            const second = segment.attach({ offset: size });
            assert.is(second.byteLength, 3333);
            const behind = segment.attach({ offset: size, reserve: 100_000 });
            assert.is(behind.address % BigInt(size), 0n);
            assert.ok(behind.byteOffset >= 65536 + 131072);
            assert.is(behind.bytes[3332], second.bytes[3332]);
            behind.detach();
            second.cursor().writeUint8(1);
            assert.is(attachment.bytes[size], 1);
            assert.is(second.cursor().readChunk(-1, 3329)[0], 0x0d);
            assert.throws(() => segment.attach({ offset: 4096 }), code("EINVAL", /huge pages/));
            assert.throws(() => attachment.join(), code("ERR_SHM_UNSUPPORTED", /huge pages/));
            assert.is(attachment.bytes[0], 0); // no header was stored
            second.detach();
            attachment.detach();
            assert.is(segment.stat().nattch, 0);
          },
          { hugePages: true },
        );
    });
  });

  huge("never reach past a window in a memory of the caller's, even on a multiple of their size", () => {
    withPool(4, () => {
      for (const { withSegment } of nativePairs)
        withSegment(
          3333, // granted a whole huge page
          (segment) => {
            const memory = new WebAssembly.Memory({ initial: 128 });
            const all = new Uint8Array(memory.buffer).fill(7);
            for (let byteOffset = 0; byteOffset + size <= all.length; byteOffset += 65536)
              assert.throws(() => segment.attach({ into: { memory, byteOffset } }), code("EINVAL"));
            assert.ok(all.every((byte) => byte === 7));
            assert.is(segment.stat().nattch, 0);
          },
          { hugePages: true },
        );
    });
  });

  huge("guarded: a store makes a huge page private, and discard drops it", () => {
    withPool(4, () => {
      withGuarded(
        3 * size,
        "copy-on-write",
        ({ host, mapping, bytes, seen }) => {
          seen[2 * size] = 6;
          bytes[size + 5] = 1;
          bytes[2 * size - 1] = 1;
          assert.is(host.privatePages(mapping), 1);
          assert.is(bytes[2 * size], 6);
          bytes.fill(2);
          assert.is(host.privatePages(mapping), 3);
          assert.is(seen[size + 5], 0);
          assert.is(host.discard(mapping), 0);
          assert.is(host.privatePages(mapping), 0);
          assert.is(bytes[2 * size], 6);
          assert.is(bytes[size + 5], 0);
        },
        sysvHost(),
        SharedMemoryFlags.HugePages,
      );
    });
  });
}
huge.run();
