// The windows of a sandbox: which segments may have one, and which windows are refused.
import * as assert from "uvu/assert";
import { createSandbox, createSandboxPool, type Segment } from "wasm-shm";
import { built } from "../module/built.js";
import { suite } from "../suite.js";
import { confines, NO_LIMIT } from "../support/engine.js";
import { code, nativePairs, pairs } from "../support/pairs.js";
import { at, guest, kinds, NO_HOST, native, rejects, withSandbox, withSegments } from "./sandboxes.js";

const WASM_PAGE = 65_536;
const guests = { assemblyscript: guest("assemblyscript/guest"), c: guest("c/guest") };

const where = suite("Windows of a sandbox");
for (const { name, shm } of pairs.filter(({ native: isNative }) => !isNative))
  where(`are not supported for segments of the local host: ERR_SHM_UNSUPPORTED [${name}]`, async () => {
    const segment = shm.create(10);
    for (const isolation of kinds)
      await rejects(
        () =>
          createSandbox(guests.c, { ...NO_LIMIT, windows: { window: { segment } }, isolation: isolation as "inline" }),
        "ERR_SHM_UNSUPPORTED",
        /a sandbox on segment \d+ by the local host is not supported: use host: "sysv"/,
      );
    segment[Symbol.dispose]();
  });

if (!native) where.skip("lie outside of the guest's heap", NO_HOST);
else {
  where("are read-only by default, and a sandbox may have none", () =>
    withSegments([10], async (segment) => {
      for (const kind of kinds) {
        await withSandbox(kind, guest("hostile/traps"), {}, async (sandbox) => {
          assert.equal(sandbox.windows, {});
          assert.is(await sandbox.call("answer"), 42);
        });
        await withSandbox(kind, guest("hostile/traps"), { windows: { window: { segment } } }, async (sandbox) => {
          assert.equal(sandbox.windows, {
            window: { byteOffset: 256 * 2 ** 20 + WASM_PAGE, byteLength: 10, access: "read-only" },
          });
          assert.throws(
            () => Object.assign(sandbox.windows, { other: 1 }),
            (error: unknown) => error instanceof TypeError,
          );
        });
      }
    }),
  );

  for (const { name, shm } of nativePairs)
    where(`may show a segment of either core [${name}]`, async () => {
      const segment = shm.create(4096);
      try {
        segment.write(Uint8Array.of(5));
        for (const kind of kinds)
          await withSandbox(kind, guest("hostile/loads"), { windows: { window: { segment } } }, async (sandbox) => {
            assert.is(await sandbox.call("i32.load8_u", at(sandbox, "window")), 5);
          });
      } finally {
        segment[Symbol.dispose]();
      }
    });

  where("show at once what other attachments write", () =>
    withSegments([4096], async (segment) => {
      for (const kind of kinds)
        for (const access of ["read-only", "read-write"] as const)
          await withSandbox(
            kind,
            guest("hostile/loads"),
            { windows: { window: { segment, access } } },
            async (sandbox) => {
              const attachment = segment.attach();
              for (let value = 1; value < 50; value++) {
                attachment.bytes[4095] = value;
                assert.is(await sandbox.call("i32.load8_u", at(sandbox, "window") + 4095), value);
              }
              attachment.detach();
            },
          );
    }),
  );

  where("of a destroyed segment are refused", () =>
    withSegments([4096], async (segment) => {
      const windows = { window: { segment } };
      segment.destroy();
      for (const kind of kinds)
        await rejects(
          () => withSandbox(kind, guests.c, { windows }, async () => 0),
          kind === "inline" ? "EIDRM" : "EINVAL",
        );
    }),
  );

  where("may be larger than what the guest's process may take beside them", async () => {
    const segment = native?.shm.create(2 ** 30) as Segment;
    try {
      for (const kind of kinds)
        for (const access of ["read-write", "copy-on-write"] as const)
          await withSandbox(
            kind,
            guest("hostile/loads"),
            { windows: { window: { segment, access } } },
            async (sandbox) => {
              assert.is(await sandbox.call("i32.load8_u", at(sandbox, "window") + 2 ** 30 - 1), 0);
            },
          );
    } finally {
      segment[Symbol.dispose]();
    }
  });

  const noRoom = "of a pool's guest that leave no room for its memory are refused";
  if (!confines) where.skip(noRoom, "this engine has no pool");
  else
    where(noRoom, () =>
      withSegments([1 << 20], async (segment) => {
        await using pool = await createSandboxPool(guests.c, { memoryLimit: 2 ** 32, size: 1 });
        await rejects(
          () => pool.use(async () => 0, { windows: { window: { segment } } }),
          "ERR_SHM_GUEST_MEMORY",
          /65536 are its own, and the windows need 17; a lower memoryLimit leaves more/,
        );
      }),
    );

  where("that do not fit are refused, and leave nothing attached", () =>
    withSegments([4096, 1 << 20], async (small, large) => {
      const options = { windows: { small: { segment: small }, large: { segment: large } } };
      for (const kind of kinds) {
        await rejects(
          () => withSandbox(kind, guest("hostile/memory-largest"), { ...options, memoryLimit: 2 ** 32 }, async () => 0),
          "ERR_SHM_GUEST_MEMORY",
          /65517 are left beside the windows/,
        );
        await rejects(
          () =>
            withSandbox(
              kind,
              guests.assemblyscript,
              { windows: { small: { segment: small, offset: 4097 } } },
              async () => 0,
            ),
          "ERR_OUT_OF_RANGE",
          /offset/,
        );
        for (const window of [{ offset: 1 }, { length: 4097 }, { length: 0 }, { offset: -1 }])
          assert.ok(
            code("ERR_OUT_OF_RANGE")(
              await rejects(
                () =>
                  withSandbox(
                    kind,
                    guests.assemblyscript,
                    { windows: { small: { segment: small, ...window } } },
                    async () => 0,
                  ),
                "ERR_OUT_OF_RANGE",
              ),
            ),
          );
        await rejects(
          () => withSandbox(kind, built({ heap: false }), { ...options, allocator: "pages" }, async () => 0),
          "ERR_SHM_MEMORY_LIMIT",
          /^pages\(131072\) gave no memory$/,
        );
      }
      assert.equal([small.stat().nattch, large.stat().nattch], [0, 0]);
    }),
  );
}
where.run();
