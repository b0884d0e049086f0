// Bad input to create, open and the rest: a typed error before any system call, nothing moved, nothing leaked.
import * as assert from "uvu/assert";
import { type CreateOptions, createShm, localHost, type ShmOptions } from "wasm-shm";
import { suite } from "../../suite.js";
import { code, pairs } from "../../support/pairs.js";

const notIntegers = [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];
const notNumbers = ["1", 1n, null, {}, [], true, () => 1, Symbol("one")] as unknown as number[];

for (const { name, shm, withSegment, native } of pairs) {
  const bad = suite(`Bad input [${name}]`);
  const unchanged = (use: () => void): void => {
    const before = shm.list().filter(({ cpid }) => cpid === process.pid).length;
    use();
    assert.is(shm.list().filter(({ cpid }) => cpid === process.pid).length, before);
  };

  bad("a size that is none", () => {
    unchanged(() => {
      for (const make of [shm.create, shm.openSegment]) {
        for (const size of [0, -1, -0.5, ...notIntegers])
          assert.throws(() => make(size), code("ERR_OUT_OF_RANGE", /"size"/));
        for (const size of [...notNumbers, undefined as unknown as number])
          assert.throws(() => make(size), code("ERR_INVALID_ARG_TYPE", /"size"/));
      }
    });
  });

  bad("a size that the system cannot give", () => {
    unchanged(() => {
      for (const size of [2 ** 53 - 1, 2 ** 52]) {
        let error: { code?: string; syscall?: string; errno?: number; message?: string } = {};
        try {
          shm.create(size)[Symbol.dispose]();
        } catch (thrown) {
          error = thrown as typeof error;
        }
        assert.ok(["EINVAL", "ENOMEM", "ENOSPC"].includes(error.code ?? ""), error.message);
        assert.is(error.syscall, "shmget");
        assert.ok((error.errno ?? 0) > 0);
        assert.match(error.message ?? "", new RegExp(`shmget of ${size} bytes, mode 0600, no key; .+`));
      }
    });
  });

  bad("options that are none", () => {
    unchanged(() => {
      for (const [options, expected] of [
        [{ mode: 0o1000 }, "ERR_OUT_OF_RANGE"],
        [{ mode: -1 }, "ERR_OUT_OF_RANGE"],
        [{ mode: "0600" }, "ERR_INVALID_ARG_TYPE"],
        [{ key: 2 ** 32 }, "ERR_OUT_OF_RANGE"],
        [{ key: -(2 ** 31) - 1 }, "ERR_OUT_OF_RANGE"],
        [{ key: "a" }, "ERR_INVALID_ARG_TYPE"],
        [{ exclusive: 1 }, "ERR_INVALID_ARG_TYPE"],
        [{ hugePages: "yes" }, "ERR_INVALID_ARG_TYPE"],
        [{ noReserve: null }, "ERR_INVALID_ARG_TYPE"],
        [null, "ERR_INVALID_ARG_TYPE"],
        [0o600, "ERR_INVALID_ARG_TYPE"],
      ] as [CreateOptions, string][])
        assert.throws(() => shm.create(1, options), code(expected));
      for (const flags of [-1, 0o20000, 1, 0o600, 2 ** 31, 0.5])
        assert.throws(() => shm.openSegment(1, flags), code("ERR_OUT_OF_RANGE", /"flags"/));
      assert.throws(() => shm.openSegment(1, 0, 0o1777), code("ERR_OUT_OF_RANGE", /"mode"/));
    });
  });

  bad("an id or key that is none", () => {
    for (const id of [-1, 2 ** 31, ...notIntegers]) {
      assert.throws(() => shm.open(id), code("ERR_OUT_OF_RANGE", /"id"/));
      assert.throws(() => shm.destroySegment(id), code("ERR_OUT_OF_RANGE", /"id"/));
    }
    for (const id of ["1", 1n, null, undefined, true] as unknown as number[]) {
      assert.throws(() => shm.open(id), code("ERR_INVALID_ARG_TYPE", /"id"/));
      assert.throws(() => shm.destroySegment(id), code("ERR_INVALID_ARG_TYPE", /"id"/));
    }
    for (const key of [0, 2 ** 32, -(2 ** 31) - 1, 0.5]) // 0 is IPC_PRIVATE: shmget would make one
      assert.throws(() => shm.open({ key }), code("ERR_OUT_OF_RANGE", /"key"/));
    for (const key of ["1", null, undefined] as unknown as number[])
      assert.throws(() => shm.open({ key }), code("ERR_INVALID_ARG_TYPE", /"key"/));
  });

  bad("a segment destroyed meanwhile", () => {
    withSegment(3333, (segment) => {
      shm.destroySegment(segment.id);
      assert.throws(() => segment.attach(), code("EIDRM", new RegExp(`segment ${segment.id} \\(3333 bytes\\)`)));
      assert.throws(() => shm.open(segment.id), code("EINVAL"));
    });
  });

  bad("ftok of values that are not a path and a project", () => {
    for (const id of [0, 256, -1, 0.5]) assert.throws(() => shm.ftok("/", id), code("ERR_OUT_OF_RANGE", /"projectId"/));
    assert.throws(() => shm.ftok(5 as unknown as string, 1), code("ERR_INVALID_ARG_TYPE", /"path"/));
    assert.throws(() => shm.ftok("/\0etc", 1), code("ERR_OUT_OF_RANGE", /"path"/));
    if (native) assert.throws(() => shm.ftok("/no/such/file", 1), code("ENOENT", /ftok of "\/no\/such\/file" and 1/));
  });
  bad.run();
}

const compose = suite("createShm");
compose("takes a host and a core by name, or a Host, and says which it has", () => {
  assert.is(createShm({ host: "local" }).host.name, "local");
  assert.is(createShm({ core: "js" }).core, "js");
  assert.is(createShm().core, "wasm");
  const host = localHost();
  assert.is(createShm({ host }).host, host);
});
compose('a localHost() has segments of its own; those of host "local" are the thread\'s', () => {
  const [mine, other] = [createShm({ host: localHost() }), createShm({ host: localHost() })];
  const segment = mine.create(1, { key: 5 });
  assert.throws(() => other.open({ key: 5 }), code("ENOENT"));
  assert.is(mine.open({ key: 5 }).id, segment.id);
  const named = createShm({ host: "local" }).create(1);
  try {
    assert.is(createShm({ host: "local", core: "js" }).open(named.id).size, 1);
  } finally {
    named.destroy();
  }
});
compose("refuses any other", () => {
  for (const options of [{ host: 5 }, { host: {} }, { host: null }, { core: "c" }, { core: null }, 5, null])
    assert.throws(() => createShm(options as unknown as ShmOptions), code("ERR_INVALID_ARG_TYPE"));
});
compose("a host's former name, or one that does not exist, is refused with the names there are", () => {
  for (const [host, words] of [
    ["native", /'options\.host' is invalid\. It is called 'sysv' since 0\.2\.0\. Received type string \('native'\)/],
    ["memory", /It is called 'local' since 0\.2\.0/],
    ["kernel", /It must be 'sysv', 'local' or a Host\. Received type string \('kernel'\)/],
    ["constructor", /It must be 'sysv', 'local' or a Host/],
  ] as const)
    assert.throws(() => createShm({ host } as object), code("ERR_INVALID_ARG_VALUE", words));
});
compose("names each member that a host lacks", () => {
  const host = localHost();
  const prototype = Object.getPrototypeOf(host) as object;
  const methods = Object.getOwnPropertyNames(prototype).filter(
    (name) => name !== "constructor" && name !== "join", // a host may have it
  );
  assert.is(methods.length, 16);
  for (const lacking of [...methods.map((method) => [method]), ["discard", "explain"], ["name"], ["pageSize"]]) {
    const partial = new Proxy(host, {
      get: (target, name) => {
        const value = lacking.includes(String(name)) ? undefined : (target as never)[name];
        return typeof value === "function" ? (value as CallableFunction).bind(target) : value;
      },
    });
    const words = lacking.map((name) => (methods.includes(name) ? `${name}\\(\\)` : `${name} \\(a \\w+\\)`)).join(", ");
    assert.throws(
      () => createShm({ host: partial }),
      code(
        "ERR_INVALID_ARG_TYPE",
        new RegExp(`"options\\.host" argument must be .*a Host; this one lacks ${words}\\. Received`),
      ),
    );
  }
});
compose.run();
