// Why the addon did not load, and what to do about it: read from the files of this machine and from the error itself.
// What they do not tell is not guessed: the reason is then the error's own text, without a cure.
import { join } from "node:path";
import { fs } from "./builtin.js";
import { buildCommand, textOf } from "./installer.js";

const { closeSync, existsSync, openSync, readSync } = fs;

export interface Diagnosis {
  readonly reason: string;
  /** `error.hint`. Undefined if the machine does not tell enough for a cure. */
  readonly hint?: string;
}

const BUNDLING = "see docs/bundling.md, or leave wasm-shm out of the bundle (external)";
const NO_ADDONS = "start Node without --no-addons; with --permission, add --allow-addons";
const TOOLS = "install python3, make and g++ (C++17)";
const FROM_SOURCE = "run npm run build:native in ";
const REINSTALL = "install wasm-shm again, or copy its whole folder, prebuilds included";

/** What runs the package's build. */
function build(root: string): string {
  const command = buildCommand(root);
  return command === undefined ? FROM_SOURCE + root : `run ${command}`;
}

/** What node-gyp and make print if something that they need is absent. */
const needs: readonly (readonly [RegExp, string])[] = [
  [/Could not find any Python|need to install the latest version of Python/, "python3"],
  [/not found: make$|spawn make ENOENT/m, "make"],
  [/(?:\+\+|\bcc|gcc|clang): (?:No such file|(?:command )?not found)/, "g++"], // make and the shell
  // gyp, if CXX is set. Permission denied: PATH has a folder that this user may not read, and the others lack the compiler.
  [/(?:No such file or directory|Permission denied): '[^']*(?:\+\+|\bcc|gcc|clang)'/, "g++"],
];

/** tools/addon.js writes the log: a line that says why, then what node-gyp printed. */
function failedBuild(root: string, file: string, log: string): Diagnosis {
  const absent = new Set(needs.filter(([printed]) => printed.test(log)).map(([, name]) => name));
  if (absent.size > 0)
    return {
      reason: `its addon was not built, as the build found no ${[...absent].join(" and no ")} (log: ${file})`,
      hint: `${TOOLS}, then ${build(root)}`,
    };
  const lines = log.split("\n");
  const telling = lines.slice(1).find((line) => /error: |^gyp: |^make: (?!Entering|\*\*\*)/i.test(line));
  return {
    reason: `its addon was not built: ${(telling ?? (lines[0] as string)).trim()} (log: ${file})`,
    hint: `read ${file}, then ${build(root)}`,
  };
}

/** There is neither an addon nor the log of a failed build. */
function noAddon(root: string, text: string): Diagnosis {
  if (existsSync(join(root, "prebuilds/linux-x64.node")))
    return { reason: `the package has no addon for ${process.arch}, and none was built (${text})`, hint: build(root) };
  if (buildCommand(root) !== undefined || !existsSync(join(root, "native/binding.gyp")))
    return { reason: `the package's folder, ${root}, lacks its prebuilt addons (${text})`, hint: REINSTALL };
  return { reason: `its addon was not built (${text})`, hint: build(root) };
}

/** By e_machine in elf(5): Node's names of processors. */
const machines: Readonly<Record<number, string>> = {
  3: "ia32",
  8: "mips",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  62: "x64",
  183: "arm64",
  243: "riscv64",
  258: "loong64",
};

/** The processor that a file is built for; undefined if it is not an ELF file. */
function machineOf(file: string): string | undefined {
  const header = Buffer.alloc(20);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, header, 0, header.length, 0);
  } finally {
    closeSync(descriptor);
  }
  if (header.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  const big = header[5] === 2; // EI_DATA
  const machine = big ? header.readUInt16BE(18) : header.readUInt16LE(18);
  return machines[machine] ?? `machine ${machine}`;
}

/** Names of the C libraries and of their loaders, as dlopen(3) prints them if they are another's. */
const OTHER_LIBC = /ld-linux|ld-musl|libc\.musl|libc\.so\.6|version `GLIBC|GLIBCXX|Error relocating/;

/** @param cure what to do about a file of no use */
function refusedByLoader(addon: string, text: string, cure: string): Diagnosis {
  const machine = machineOf(addon);
  if (machine === undefined) return { reason: `its addon, ${addon}, is not an ELF file: ${text}`, hint: cure };
  // glibc says "No such file or directory" of a file for another processor.
  if (machine !== process.arch)
    return { reason: `its addon is built for ${machine}, and this Node for ${process.arch}: ${text}`, hint: cure };
  if (OTHER_LIBC.test(text)) return { reason: `its addon is built for another C library: ${text}`, hint: cure };
  return { reason: `its addon did not load: ${text}`, hint: cure };
}

function diagnosed(root: string | undefined, given: string | undefined, error: unknown): Diagnosis {
  const { code } = error as NodeJS.ErrnoException;
  const text = (error instanceof Error ? error.message : String(error))
    .replace(/\nRequire stack:.*/s, "") // files of this package, or of its bundle
    .trim()
    .replace(/\.$/, "")
    .replaceAll(/\s*\n\s*/g, "; ");
  if (code === "ERR_DLOPEN_DISABLED") return { reason: `this Node loads no addons: ${text}`, hint: NO_ADDONS };
  if (given !== undefined) return { reason: `options.addon did not load: ${text}` };
  if (root === undefined) return { reason: `this is a bundle, which lacks the addon: ${text}`, hint: BUNDLING };
  const built = join(root, "native/build/Release/wasm_shm.node");
  const prebuilt = join(root, `prebuilds/linux-${process.arch}.node`);
  const found = [built, prebuilt].find((file) => existsSync(file)); // as src/loader.cts chooses
  if (found !== undefined && code !== "ERR_DLOPEN_FAILED") return { reason: `its addon did not load: ${text}` };
  if (found === built) return refusedByLoader(built, text, `remove ${join(root, "native/build")}, then ${build(root)}`);
  if (found === prebuilt) return refusedByLoader(prebuilt, text, build(root));
  const file = join(root, "native/build/failed.log");
  const log = textOf(file);
  return log === undefined ? noAddon(root, text) : failedBuild(root, file, log);
}

/**
 * @param root the package's folder; undefined in a bundle
 * @param given the addon's path, if it was named
 * @param error what loading the addon threw
 */
export function whyNotLoaded(root: string | undefined, given: string | undefined, error: unknown): Diagnosis {
  try {
    return diagnosed(root, given, error);
  } catch (unreadable) {
    return { reason: `its addon did not load: ${String(error)}; nor can its files be read: ${String(unreadable)}` };
  }
}
