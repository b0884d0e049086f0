// Values that cannot cross between threads, and names that are too many or too long for a message.
import * as assert from "uvu/assert";
import { ShmError } from "wasm-shm";
import { suite } from "../suite.js";
import { guest, kinds, NO_HOST, native, rejects, withSandbox } from "./sandboxes.js";

const references = guest("hostile/references");

interface Host {
  take?: (value: unknown) => unknown;
  give?: () => unknown;
  number?: () => unknown;
}

const hosting = ({ take = () => 1, give = () => 1, number = () => 1n }: Host) => ({
  imports: { host: { take, give, number } },
});

/** LEB128, unsigned. */
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

const nameOf = (text: string): number[] => [...leb(text.length), ...Buffer.from(text, "latin1")];
const section = (id: number, content: number[]): number[] => [id, ...leb(content.length), ...content];

/** A module that imports env.memory and `imported`, and exports one function under all these names. */
function moduleOf({ exported = [], imported = [] }: { exported?: string[]; imported?: string[] }): Uint8Array {
  const list = (items: number[][]): number[] => [...leb(items.length), ...items.flat()];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list([[0x60, 0, 0]])),
    ...section(
      2,
      list([
        [...nameOf("env"), ...nameOf("memory"), 2, 0, 1],
        ...imported.map((name) => [...nameOf("env"), ...nameOf(name), 0, 0]),
      ]),
    ),
    ...section(3, list([[0]])),
    ...section(7, list(exported.map((name) => [...nameOf(name), 0, imported.length]))),
    ...section(10, list([[2, 0, 0x0b]])),
  ]);
}

if (!native) {
  const none = suite("References and names of a guest");
  none.skip("are typed errors and short messages", NO_HOST);
  none.run();
} else {
  for (const kind of kinds) {
    const crossing = suite(`References between a guest and the host [${kind}]`);

    crossing("a function as an argument of an import", () =>
      withSandbox(
        kind,
        references,
        hosting({ take: (value) => (typeof value === "function" ? 5 : 6) }),
        async (sandbox) => {
          assert.is(await sandbox.call("takeNull"), 6);
          if (kind === "inline") assert.is(await sandbox.call("takeFunction"), 5);
          else {
            const error = await rejects(() => sandbox.call("takeFunction"), "ERR_SHM_UNSUPPORTED", /host\.take/);
            assert.instance(error, ShmError);
          }
          assert.is(await sandbox.call("answer"), 42);
        },
      ),
    );

    for (const [what, value] of [
      ["function", () => 1],
      ["symbol", Symbol("it")],
      ["WeakMap", new WeakMap()],
      ["promise in an object", { promise: Promise.resolve() }],
    ] as const)
      crossing(`a ${what} as the result of an import`, () =>
        withSandbox(kind, references, hosting({ give: () => value }), async (sandbox) => {
          if (kind === "inline") assert.is(await sandbox.call("giveReference"), 0);
          else {
            const error = await rejects(() => sandbox.call("giveReference"), "ERR_SHM_UNSUPPORTED", /host\.give/);
            assert.instance(error, ShmError);
          }
          assert.is(await sandbox.call("answer"), 42);
        }),
      );

    crossing("a result that is not an i64 is ERR_INVALID_ARG_TYPE", async () => {
      for (const value of ["no number", 1.5, undefined])
        await withSandbox(kind, references, hosting({ number: () => value }), async (sandbox) => {
          await rejects(() => sandbox.call("giveNumber"), "ERR_INVALID_ARG_TYPE", /^giveNumber: /);
          assert.is(await sandbox.call("answer"), 42);
        });
    });

    crossing("a missing export names at most ten that are there, each cut short", async () => {
      const many = Array.from({ length: 20_000 }, (_, index) => `function number ${index}`);
      await withSandbox(kind, moduleOf({ exported: many }), {}, async (sandbox) => {
        const { message } = await rejects(() => sandbox.call("x".repeat(1e6)), "ERR_SHM_GUEST_EXPORT");
        assert.match(message, /^x{60}…: .* function number 9 and 19990 more$/);
      });
      await withSandbox(kind, moduleOf({ exported: ["y".repeat(100_000)] }), {}, async (sandbox) => {
        const { message } = await rejects(() => sandbox.call("z"), "ERR_SHM_GUEST_EXPORT");
        assert.match(message, /functions are y{60}…$/);
      });
    });

    crossing("an import that is not given is named, cut short", async () => {
      const open = withSandbox(kind, moduleOf({ imported: ["w".repeat(90_000)] }), {}, async () => {});
      const { message } = await rejects(() => open, "ERR_SHM_GUEST_IMPORT");
      assert.match(message, /given: env\.w{56}…;/);
    });
    crossing.run();
  }
}
