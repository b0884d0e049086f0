// One guest, in each language that has a compiler here, with the flags that it is usually built with. It hashes a window, and then
// fills its heap until there is no memory left: the segment is as it was. docs/sandbox.md has the table that this makes.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { ModuleBinary } from "#src/module/binary.js";
import { scan } from "#src/module/instructions.js";
import { kinds, NO_HOST, native, rejects } from "../sandbox/sandboxes.js";
import { suite } from "../suite.js";
import { root } from "../support/child.js";
import { absent } from "../support/peers.js";
import { asc, CLANG, clang, emcc, RUST, rust, type Toolchain } from "../support/toolchains.js";
import { over, text } from "./windows.js";

const MIB = 2 ** 20;
const BLOCK = 60_000;

const EMCC = ["--no-entry", "-sALLOW_MEMORY_GROWTH"];
const NOT_IN_CI = true;
/** The compiler, its flags, those of them that it always gets, and whether CI lacks it. */
const built: [name: string, toolchain: Toolchain, flags: string[], always: string[], isPeer?: boolean][] = [
  ["clang, without a C library", clang, [], CLANG],
  ["clang, importing its memory", clang, ["-Wl,--import-memory"], CLANG],
  ["rustc", rust, [], RUST],
  ["rustc, importing its memory", rust, ["-C", "link-arg=--import-memory"], RUST],
  ["AssemblyScript", asc, ["-O"], []],
  ["AssemblyScript, importing its memory", asc, ["-O", "--importMemory"], []],
  ["emscripten", emcc, [...EMCC, "-O1"], [], NOT_IN_CI],
  ["emscripten", emcc, [...EMCC, "-O3"], [], NOT_IN_CI],
  ["emscripten", emcc, [...EMCC, "-O2", "-sIMPORTED_MEMORY"], [], NOT_IN_CI],
];

const page = readFileSync(`${root}docs/sandbox.md`, "utf8");

/** What the table says of a module. */
function rowOf(name: string, flags: readonly string[], wasm: Uint8Array<ArrayBuffer>): string {
  const binary = new ModuleBinary(wasm, (reason) => new Error(reason));
  const { bodies, resizers } = scan(binary);
  const functions = binary.imports.filter(({ kind }) => kind === "function");
  const named = (index: number) => `${functions[index]?.module}.${functions[index]?.name}`;
  const [resizer] = resizers;
  const grows = [...bodies.values()].flat().some(({ kind }) => kind === "grow");
  const heap = grows ? "`memory.grow`" : resizer === undefined ? "does not grow" : `its host, by \`${named(resizer)}\``;
  const memory = binary.imports.find(({ kind }) => kind === "memory");
  const others = functions.map((_, index) => named(index)).filter((_, index) => index !== resizer);
  const cells = [
    name,
    `\`${flags.join(" ")}\``,
    memory ? `imports \`${memory.module}.${memory.name}\`` : "its own",
    heap,
    others.length === 0 ? "nothing" : others.map((other) => `\`${other}\``).join(", "),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The names of hash and fill, the only functions of two numbers: letters, at emscripten's -O3. */
function namesOf(wasm: Uint8Array<ArrayBuffer>): [hash: string, fill: string] {
  const binary = new ModuleBinary(wasm, (reason) => new Error(reason));
  const { exports, functions, types } = binary;
  const imported = binary.imported("function");
  const names = exports.flatMap(({ kind, name, index }) =>
    kind === "function" && types[functions[index - imported] ?? -1]?.parameters.length === 2 ? [name] : [],
  );
  return names as [string, string];
}

const fnv = (bytes: Uint8Array): number =>
  bytes.reduce((state, byte) => Math.imul(state ^ byte, 0x01000193), 0x811c9dc5 | 0);

const toolchains = suite("A guest of each toolchain");
const message = text(100_003);
for (const [name, toolchain, flags, always, notInCi] of built) {
  const title = `${name} ${flags.join(" ")}`;
  if (!native) toolchains.skip(title, NO_HOST);
  else if (toolchain.lack !== undefined && notInCi) toolchains.skip(title, toolchain.lack);
  else if (toolchain.lack !== undefined) absent(toolchains, title, toolchain.lack);
  else
    toolchains(`${title} hashes a window, and fills its heap beside it`, async () => {
      const wasm = await toolchain.build(flags, "heap");
      const [hash, fill] = namesOf(wasm);
      const row = rowOf(name, [...always, ...flags], wasm);
      assert.ok(page.includes(`\n${row}\n`), `docs/sandbox.md lacks\n${row}`);
      for (const kind of kinds) {
        await over(
          kind,
          wasm,
          { message, room: { bytes: 5000 } },
          { imports: "trap", memoryLimit: 32 * MIB },
          async (windows) => {
            const { number, place, sandbox, contents } = windows;
            assert.is((await number(hash, ...place("message"))) | 0, fnv(message));
            if (toolchain === asc) await rejects(() => sandbox.call(fill, BLOCK, 0xa5), "ERR_SHM_GUEST_TRAP");
            const blocks = toolchain === asc ? await number("filled") : await number(fill, BLOCK, 0xa5);
            const { used, allowed } = sandbox.memory;
            assert.is(allowed, 32 * MIB);
            assert.ok(blocks * BLOCK > 8 * MIB, `${blocks} blocks`);
            assert.ok(used <= allowed && used <= place("message")[0], `${used} of ${allowed}`);
            assert.is((await number(hash, ...place("message"))) | 0, fnv(message));
            assert.ok(contents("room").every((byte) => byte === 0));
          },
        );
      }
    });
}
toolchains.run();
