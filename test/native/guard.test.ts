// Windows that are attached read-only or copy-on-write, by the host alone: every store that a program can make into one
// stays out of the segment. Threads, signals and crashes are in fault.test.ts. Not tested: kernels before 5.7, which
// have no MREMAP_DONTUNMAP; a process at vm.max_map_count; engines other than the one that runs this.
import { closeSync, openSync, readSync } from "node:fs";
import * as assert from "uvu/assert";
import { memoryKinds } from "#src/common/flags.js";
import { sysvHost } from "#src/host/sysv.js";
import { isShared } from "#src/memory/layout.js";
import { suite } from "../suite.js";
import { askModule, isRoot, perl, works } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import {
  buildProbe,
  bytesOf,
  type Guarded,
  guardedChild,
  map,
  PAGE,
  storesModule,
  storesOf,
  withGuarded,
} from "./guarded.js";

const AA = 0xaaaaaaaa | 0;
const AA_FLOAT = new DataView(new Uint8Array(8).fill(0xaa).buffer).getFloat64(0);
/** Every store puts 0xaa at its first byte. `at` is an offset into the window, a multiple of 16. */
const stores: Record<string, (guarded: Guarded, at: number) => void> = {
  "a view's element": ({ bytes }, at) => {
    bytes[at] = 0xaa;
  },
  "a float's element": ({ bytes }, at) => {
    new Float64Array(bytes.buffer, bytes.byteOffset)[at / 8] = AA_FLOAT;
  },
  "TypedArray.set": ({ bytes }, at) => bytes.set([0xaa, 0xaa], at),
  "TypedArray.set of bytes": ({ bytes }, at) => bytes.set(new Uint8Array(64).fill(0xaa), at),
  "TypedArray.fill": ({ bytes }, at) => bytes.fill(0xaa, at, at + 100),
  "TypedArray.copyWithin": ({ bytes }, at) => {
    bytes[3 * PAGE] = 0xaa;
    bytes.copyWithin(at, 3 * PAGE, 3 * PAGE + 1);
  },
  "TypedArray.reverse": ({ bytes }, at) => {
    const part = bytes.subarray(at, at + 16);
    new DataView(part.buffer, part.byteOffset).setUint8(15, 0xaa);
    part.reverse();
  },
  "Atomics.store": ({ bytes }, at) => Atomics.store(bytes, at, 0xaa),
  "Atomics.add": ({ bytes }, at) => Atomics.add(bytes, at, 0xaa - (bytes[at] as number)),
  "Atomics.compareExchange": ({ bytes }, at) => Atomics.compareExchange(bytes, at, bytes[at] as number, 0xaa),
  "DataView.setUint8": ({ bytes }, at) => new DataView(bytes.buffer, bytes.byteOffset).setUint8(at, 0xaa),
  "DataView.setBigUint64": ({ bytes }, at) =>
    new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(at, 0xaaaaaaaaaaaaaaaan),
  "TextEncoder.encodeInto": ({ bytes }, at) => {
    new TextEncoder().encodeInto("\u00aa", bytes.subarray(at)); // c2 aa
    bytes.copyWithin(at, at + 1, at + 2);
  },
  "Buffer.write": ({ bytes }, at) => {
    Buffer.from(bytes.buffer, bytes.byteOffset).write("aa", at, "hex");
  },
};
const wasm = { shared: storesModule(true), plain: storesModule(false) };
const wasmStores: Record<string, (stores: ReturnType<typeof storesOf>, at: number) => unknown> = {
  "i32.store8": ({ store8 }, at) => store8(at, 0xaa),
  "i32.store": ({ store32 }, at) => store32(at, AA),
  "v128.store": ({ store128 }, at) => store128(at, AA),
  "i32.atomic.store": ({ atomicStore }, at) => atomicStore(at, AA),
  "i32.atomic.rmw.add": ({ add, load32 }, at) => add(at, AA - load32(at)),
  "i32.atomic.rmw.cmpxchg": ({ exchange, load32 }, at) => exchange(at, load32(at), AA),
  "memory.fill": ({ fill }, at) => fill(at, 0xaa, 100),
  "memory.copy": ({ copy, store32 }, at) => {
    store32(0, AA); // page 0 of the memory is not the window's
    copy(at, 0, 4);
  },
  "memory.init": ({ init }, at) => init(at),
};
for (const [name, store] of Object.entries(wasmStores))
  stores[name] = ({ mapping: { memory, byteOffset } }, at) => {
    store(storesOf(memory as WebAssembly.Memory, wasm[isShared(memory) ? "shared" : "plain"]), byteOffset + at);
  };

const guard = suite("Guarded windows");
if (nativePairs.length === 0) guard.skip("every store", "there is no addon on this platform");
else {
  buildProbe();
  for (const access of ["read-only", "copy-on-write"] as const)
    for (const [name, store] of Object.entries(stores))
      guard(`${access}: ${name} lands in a private page, and discard drops it`, () => {
        const storesAndDrops = (guarded: Guarded): void => {
          const { host, mapping, bytes, seen } = guarded;
          for (let index = 0; index < seen.length; index++) seen[index] = index * 7;
          const before = seen.slice();
          store(guarded, PAGE + 32);
          assert.is(bytes[PAGE + 32], 0xaa);
          assert.equal(seen, before);
          const pages = host.privatePages(mapping);
          assert.ok(pages === 1 || pages === 2, `${pages} pages`); // copyWithin's source is the second
          store(guarded, PAGE + 32);
          assert.is(host.privatePages(mapping), pages);
          seen[PAGE + 33] = 99; // that page is private now, its neighbour is not
          seen[2 * PAGE] = 98;
          assert.is.not(bytes[PAGE + 33], 99);
          assert.is(bytes[2 * PAGE], 98);
          assert.is(host.discard(mapping), 0);
          assert.equal(bytes, seen);
          assert.is(host.privatePages(mapping), 0);
          store(guarded, PAGE + 32);
          assert.is(host.privatePages(mapping), pages);
        };
        for (const memory of memoryKinds) withGuarded(4 * PAGE, access, storesAndDrops, sysvHost(), 0, memory);
      });

  const seesNone = (another: string, read: (id: number) => string): void =>
    guard(`${another} sees none of the stores`, () => {
      withGuarded(PAGE, "read-only", ({ id, bytes, seen }) => {
        seen.set(new TextEncoder().encode("mine"));
        bytes.set(new TextEncoder().encode("not yours"));
        assert.is(read(id), "mine");
      });
    });
  seesNone("another process", (id) =>
    askModule(
      `import { open } from "wasm-shm"; console.log(JSON.stringify(Buffer.from(open(${id}).readChunk(4)).toString()));`,
    ),
  );
  if (!works("perl", ["-e", "1"])) absent(guard, "a Perl program sees none of the stores", "there is no Perl");
  else seesNone("a Perl program", (id) => perl('shmread($ARGV[0], my $bytes, 0, 4) or die "$!"; print $bytes', [id]));

  guard("counts each page once; a store across two counts both; a page back and forth is one", () => {
    withGuarded(64 * PAGE, "copy-on-write", ({ host, mapping, bytes, seen }) => {
      for (let page = 0; page < 64; page += 3) bytes[page * PAGE] = 1;
      assert.is(host.privatePages(mapping), 22);
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(2 * PAGE - 2, 0xffffffff);
      assert.is(host.privatePages(mapping), 24);
      bytes.fill(2);
      assert.is(host.privatePages(mapping), 64);
      assert.ok(seen.every((byte) => byte === 0));
      assert.ok(bytes.every((byte) => byte === 2));
    });
  });

  guard("a mapping for reading and writing has nothing private, and its discard changes nothing", () => {
    withGuarded(PAGE, "read-write", ({ host, mapping, bytes, seen }) => {
      bytes[0] = 4;
      assert.is(seen[0], 4);
      assert.is(host.privatePages(mapping), 0);
      assert.is(host.discard(mapping), 0);
      assert.is(bytes[0], 4);
    });
  });

  guard("a detached one reads zeros and takes stores; its attach count is gone, pieces and all", () => {
    const host = sysvHost();
    const id = host.get(0, 9 * PAGE, 0o1600);
    const mapping = map(host, id, 9 * PAGE, "read-only");
    const bytes = bytesOf(mapping);
    const nattch = () => (host.stat(id) as { nattch: number }).nattch;
    assert.is(nattch(), 1);
    bytes[4 * PAGE] = 1; // the segment is two mappings now, and the kernel counts each
    assert.is(nattch(), 2);
    bytes.fill(1); // and none, but for the one that keeps it attached
    assert.is(nattch(), 1);
    assert.is(host.unmap(mapping), 0);
    assert.is(nattch(), 0);
    assert.ok(bytes.every((byte) => byte === 0));
    bytes.fill(3);
    assert.is(bytes[0], 3);
    host.remove(id);
  });

  guard("a destroyed segment lives in a window that is all private, and discard shows it again", () => {
    withGuarded(2 * PAGE, "copy-on-write", ({ host, id }) => {
      const other = host.get(0, 2 * PAGE, 0o1600);
      assert.is.not(other, id);
      const writable = map(host, other, 2 * PAGE, "read-write");
      bytesOf(writable).fill(5);
      const mapping = map(host, other, 2 * PAGE, "copy-on-write");
      host.remove(other);
      host.unmap(writable);
      const bytes = bytesOf(mapping);
      for (let turn = 0; turn < 3; turn++) {
        bytes.fill(turn);
        assert.is(host.privatePages(mapping), 2);
        assert.is(host.discard(mapping), 0);
        assert.ok(bytes.every((byte) => byte === 5));
      }
      bytes[0] = 1;
      assert.is(host.discard(mapping), 0);
      host.unmap(mapping);
      assert.is(host.discard(mapping), -22); // EINVAL: no window any more
      assert.ok((host.stat(other) as number) < 0);
    });
  });

  guard("a part of a segment, and a place in the caller's memory", () => {
    withGuarded(8 * PAGE, "read-write", ({ host, id, seen }) => {
      seen.fill(1);
      const memory = new WebAssembly.Memory({ initial: 2 });
      const all = new Uint8Array(memory.buffer).fill(9);
      const into = { memory, byteOffset: 5 * PAGE };
      const mapping = map(host, id, 3 * PAGE, "copy-on-write", { offset: 2 * PAGE, into });
      seen[3 * PAGE + 5] = 77;
      assert.is(all[6 * PAGE + 5], 77);
      all.fill(4);
      assert.is(host.privatePages(mapping), 3);
      assert.is(seen[3 * PAGE + 5], 77);
      assert.ok(seen.every((byte) => byte === 1 || byte === 77));
      assert.is(host.discard(mapping), 0);
      assert.is(all[6 * PAGE + 5], 77);
      assert.is(all[5 * PAGE - 1], 4);
      assert.is(all[8 * PAGE], 4);
      host.unmap(mapping);
    });
  });

  guard("a grow leaves it in place, guarded", () => {
    withGuarded(2 * PAGE, "read-write", ({ host, id, seen }) => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 64 });
      const mapping = map(host, id, 2 * PAGE, "read-only", { into: { memory, byteOffset: 0 } });
      assert.ok(host.isInPlace(mapping));
      memory.grow(20);
      assert.ok(host.isInPlace(mapping));
      new Uint8Array(memory.buffer)[PAGE] = 1;
      assert.is(host.privatePages(mapping), 1);
      assert.is(seen[PAGE], 0);
      memory.grow(20); // with a private page there
      new Uint8Array(memory.buffer).fill(1);
      assert.is(host.privatePages(mapping), 2);
      assert.ok(seen.every((byte) => byte === 0));
      assert.is(host.discard(mapping), 0);
      host.unmap(mapping);
    });
  });

  guard("a memory that is not where it was mapped is left alone", () => {
    withGuarded(PAGE, "copy-on-write", ({ host, mapping, bytes }) => {
      bytes[0] = 1;
      const moved = { ...mapping, address: mapping.address + 65536n }; // V8 moves a memory only if it cannot reserve 10 GiB
      assert.not.ok(host.isInPlace(moved));
      assert.equal([host.privatePages(moved), host.discard(moved), host.unmap(moved)], [0, 0, 0]);
      assert.is(host.privatePages(mapping), 1);
    });
  });

  guard("a system call that would store there fails with EFAULT, and stores nothing", () => {
    withGuarded(PAGE, "read-only", ({ host, mapping, bytes, seen }) => {
      const file = openSync("/proc/self/exe", "r");
      assert.throws(
        () => readSync(file, bytes),
        (error: NodeJS.ErrnoException) => error.code === "EFAULT",
      );
      closeSync(file);
      assert.is(host.privatePages(mapping), 0);
      assert.is(seen[1], 0);
    });
  });

  if (!isRoot) guard.skip("needs no permission to write", "only root can become another user");
  else
    guard("needs no permission to write", () => {
      const host = sysvHost();
      const id = host.get(0, 2 * PAGE, 0o1644);
      try {
        const answer = askModule<unknown>(`
        import { sysvHost } from "#src/host/sysv.js";
        const host = sysvHost();
        process.setgroups?.([]); // Deno has none; its group 0 may not write either
        process.setgid(65534); process.setuid(65534);
        const ask = (access, offset = 0) => host.map({ id: ${id}, offset, length: ${PAGE}, access, into: undefined });
        const refused = ask("read-write");
        const mapping = ask("copy-on-write", ${PAGE});
        new Uint8Array(mapping.memory.buffer, mapping.byteOffset)[0] = 1;
        console.log(JSON.stringify([refused, host.privatePages(mapping), host.discard(mapping)]));
      `);
        assert.equal(answer, [-13, 1, 0]); // EACCES
      } finally {
        host.remove(id);
      }
    });

  guard("4,000 at once, each with a private page, see the same segment", () => {
    withGuarded(3 * PAGE, "read-write", ({ host, id, seen }) => {
      const mappings = Array.from({ length: 4000 }, () => map(host, id, 3 * PAGE, "copy-on-write"));
      mappings.forEach(({ memory, byteOffset }, index) => {
        new DataView(memory.buffer, byteOffset).setUint32(PAGE, index);
      });
      seen[0] = 5;
      mappings.forEach((mapping, index) => {
        const { memory, byteOffset } = mapping;
        assert.is(new DataView(memory.buffer, byteOffset).getUint32(PAGE), index);
        assert.is(bytesOf(mapping)[0], 5);
        assert.is(host.privatePages(mapping), 1);
      });
      assert.is(seen[PAGE + 3], 0);
      for (const [index, mapping] of mappings.entries()) if (index % 2) host.unmap(mapping);
      for (const [index, mapping] of mappings.entries()) {
        if (index % 2) continue;
        bytesOf(mapping)[2 * PAGE] = 1;
        assert.is(host.privatePages(mapping), 2);
        assert.is(host.unmap(mapping), 0);
      }
    });
  });

  guard("stores into every other page of 1 GiB do not use up the process's mappings", () => {
    const answer = askModule<{ before: number; after: number; most: number; pages: number; bad: number; seen: number }>(
      `${guardedChild(2 ** 18, "copy-on-write")}
      const mapping = map();
      const bytes = bytesOf(mapping);
      const before = mapLines();
      let most = 0;
      for (let page = 0; page < length / ${PAGE}; page += 2) {
        bytes[page * ${PAGE} + 7] = page | 1;
        if (page % 16384 === 0) most = Math.max(most, mapLines());
      }
      const pages = host.privatePages(mapping);
      let bad = 0;
      for (let page = 0; page < length / ${PAGE}; page += 2) bad += bytes[page * ${PAGE} + 7] !== ((page | 1) & 255);
      const after = mapLines();
      host.discard(mapping);
      console.log(JSON.stringify({ before, after, most, pages, bad, seen: seen[7] }));`,
    );
    assert.is(answer.bad, 0);
    assert.is(answer.seen, 0);
    assert.ok(answer.pages >= 2 ** 17, `${answer.pages} pages`);
    assert.ok(answer.most < answer.before + 6000, `${answer.before} mappings, then ${answer.most}`);
  });

  guard("a page after the other of 256 MiB is one mapping in the end", () => {
    const answer = askModule<{ before: number; after: number; pages: number }>(
      `${guardedChild(2 ** 16)}
      const mapping = map();
      const before = mapLines();
      for (let at = 0; at < length; at += ${PAGE}) bytesOf(mapping)[at] = 1;
      console.log(JSON.stringify({ before, after: mapLines(), pages: host.privatePages(mapping) }));`,
    );
    assert.is(answer.pages, 2 ** 16);
    assert.ok(answer.after < answer.before + 50, `${answer.before} mappings, then ${answer.after}`);
  });

  guard("one that is collected without a detach takes its guard along, and what it held", () => {
    const answer = askModule<{ left: number; mapLines: number[]; again: number[] }>(
      `${guardedChild(4)}
      const settle = async () => { for (let n = 0; n < 10; n++) { gc(); await new Promise((done) => setTimeout(done, 10)); } };
      const drop = () => { for (let n = 0; n < 500; n++) { const bytes = bytesOf(map()); bytes[0] = 1; if (n % 2) bytes.fill(1); } };
      drop();
      await settle();
      const lines = [mapLines()];
      drop();
      await settle();
      lines.push(mapLines());
      const left = host.stat(id).nattch;
      // Addresses come again: with a guard of another's there, or none.
      const again = new Set();
      for (let n = 0; n < 300; n++) {
        const mapping = map(n % 3 ? "read-only" : "read-write");
        bytesOf(mapping)[${PAGE}] = n % 3 ? 255 : 1;
        again.add(host.privatePages(mapping));
        if (n % 2) host.unmap(mapping);
        if (n % 50 === 0) await settle();
      }
      console.log(JSON.stringify({ left, mapLines: lines, again: [...again].sort(), seen: seen[${PAGE}] }));`,
      ["--expose-gc"],
    );
    assert.is(answer.left, 1);
    assert.ok((answer.mapLines[1] as number) < (answer.mapLines[0] as number) + 100, `${answer.mapLines}`);
    assert.equal(answer, { ...answer, again: [0, 1], seen: 1 } as typeof answer);
  });

  guard("a view alone keeps memory and guard", () => {
    const answer = askModule<number[]>(
      `${guardedChild(4)}
      const view = (() => bytesOf(map()))();
      for (let n = 0; n < 20; n++) { gc(); await new Promise((done) => setTimeout(done, 10)); }
      view.fill(1);
      console.log(JSON.stringify([view[0], seen[0]]));`,
      ["--expose-gc"],
    );
    assert.equal(answer, [1, 0]);
  });
}
guard.run();
