// Compilers for WebAssembly, and what they make of test/fixtures/modules.
import { copyFileSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import * as assert from "uvu/assert";
import { root, run } from "./child.js";
import { inFolder } from "./folder.js";

export interface Toolchain {
  /** Undefined: it is here. */
  readonly lack: string | undefined;
  /** Compiles a source of test/fixtures/modules, named without what its language adds. */
  build(flags: readonly string[], source?: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** Runs a compiler that writes the file it is given last, in a folder without a configuration of its own. */
function compile(
  command: string,
  args: readonly string[],
  name: string,
  target = "module.wasm",
  env = process.env,
): Promise<Uint8Array<ArrayBuffer>> {
  return inFolder((cwd) => {
    copyFileSync(join(root, "test/fixtures/modules", name), join(cwd, name));
    const { code: status, stderr } = run(command, [...args, name, "-o", target], { cwd, env });
    assert.is(status, 0, stderr);
    return new Uint8Array(readFileSync(join(cwd, "module.wasm")));
  });
}

const lacking = (what: string, command: string, args: string[]): string | undefined => {
  try {
    return run(command, args).code === 0 ? undefined : `there is no ${what}`;
  } catch {
    return `there is no ${what}`;
  }
};

export const CLANG = ["--target=wasm32", "-nostdlib", "-O2", "-Wl,--no-entry"];
export const RUST = ["--target", "wasm32-unknown-unknown", "--crate-type", "cdylib", "-O"];
const DEBIAN_RUSTC = "/usr/bin/rustc"; // one of rustup's has no target for WebAssembly, unless it was added

export const clang: Toolchain = {
  lack: lacking("clang with wasm-ld", "sh", ["-c", "clang --version && command -v wasm-ld wasm-ld-14"]),
  build: (flags, source = "module") => compile("clang", [...CLANG, ...flags], `${source}.c`),
};

export const rust: Toolchain = {
  lack: lacking("rustc with libstd-rust-dev-wasm32", "sh", [
    "-c",
    `ls "$(${DEBIAN_RUSTC} --print sysroot)"/lib/rustlib/wasm32-unknown-unknown/lib/libstd-*.rlib`,
  ]),
  build: (flags, source = "module") => compile(DEBIAN_RUSTC, [...RUST, ...flags], `${source}.rs`),
};

export const asc: Toolchain = {
  lack: undefined,
  build: (flags, source = "module") =>
    compile(process.execPath, [join(root, "node_modules/assemblyscript/bin/asc.js"), ...flags], `${source}.ts`),
};

// Debian's emcc finds its JavaScript packages only by NODE_PATH, and its wasm-opt on PATH, where npm puts another one first.
const environment = {
  ...process.env,
  NODE_PATH: "/usr/share/nodejs",
  PATH: (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((entry) => !entry.endsWith("node_modules/.bin"))
    .join(delimiter),
};

export const emcc: Toolchain = {
  lack: lacking("emcc", "emcc", ["--version"]),
  build: (flags, source = "module") => compile("emcc", flags, `${source}.c`, "module.js", environment),
};
