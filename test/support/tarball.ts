// The npm package, packed as it is now and unpacked into a project: what users get, without this checkout. Its addons must
// have been built (npm run build:prebuilds).
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { suite } from "../suite.js";
import { type Ended, root, run } from "./child.js";
import { absent } from "./peers.js";

/** Where tools of a folder with a package.json of its own are, once they are installed there. */
const toolFolders = [
  `${root}node_modules`,
  `${root}test/package/tools/node_modules`,
  `${root}test/engines/node_modules`,
];

/** A file of an npm package that tests use; undefined if the package is not installed. */
export function toolFile(path: string): string | undefined {
  return toolFolders.map((folder) => join(folder, path)).find((file) => existsSync(file));
}

/** The program of an engine: "node26", "bun", "deno". This Node is among them. */
export function engine(name: string): string | undefined {
  if (name === `node${process.versions.node.split(".")[0]}`) return process.execPath;
  const programs: Record<string, string> = { bun: "bin/bun", deno: "deno" };
  return toolFile(join(name, programs[name] ?? "bin/node"));
}

/** Each of these must exist, or the test is skipped by name: packages of npm, or what `npm run build:prebuilds` makes. */
export function withTools(
  tests: ReturnType<typeof suite>,
  title: string,
  needs: Readonly<Record<string, string | undefined>>,
  test: () => void | Promise<void>,
): void {
  const lacking = Object.keys(needs).filter((name) => needs[name] === undefined);
  if (lacking.length > 0) absent(tests, title, `absent: ${lacking.join(", ")}`);
  else tests(title, test);
}

/** An addon of the package; undefined if it was not built. */
export function prebuilt(arch: string): string | undefined {
  const file = `${root}prebuilds/linux-${arch}.node`;
  return existsSync(file) ? file : undefined;
}

let tarball: string | undefined;

/** Packs the package. @returns the tarball, which is removed when this process ends */
export function packed(): string {
  if (tarball !== undefined) return tarball;
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-tarball-"));
  process.on("exit", () => rmSync(folder, { recursive: true }));
  const ended = run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder]);
  assert.is(ended.code, 0, ended.stderr);
  tarball = join(folder, readdirSync(folder)[0] as string);
  return tarball;
}

/** A new folder of its own, without the package. */
export async function inFolder(use: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "wasm-shm-project-")));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A project, of ES modules, with the tarball unpacked in its node_modules. */
export async function inProject(use: (project: string) => void | Promise<void>): Promise<void> {
  await inFolder(async (project) => {
    const modules = join(project, "node_modules");
    mkdirSync(modules);
    const unpacked = run("tar", ["-xzf", packed(), "-C", project]);
    assert.is(unpacked.code, 0, unpacked.stderr);
    cpSync(join(project, "package"), join(modules, "wasm-shm"), { recursive: true });
    rmSync(join(project, "package"), { recursive: true });
    for (const name of readdirSync(`${root}node_modules`))
      if (!name.startsWith(".")) symlinkSync(`${root}node_modules/${name}`, join(modules, name));
    writeFileSync(join(project, "package.json"), '{ "type": "module" }');
    await use(project);
  });
}

/** Works on a segment through the addon, with a store into a read-only window, a stream and a sandbox. */
const WORK = `
  const segment = create(5000);
  const cursor = segment.attach().cursor();
  cursor.writeUint32(42);
  const guarded = segment.attach({ access: "read-only" });
  guarded.bytes[0] = 1;
  let streamed = 0;
  cursor.readable({ start: 0 }).on("data", (chunk) => { streamed += chunk.length; }).on("end", async () => {
    // (module (import "env" "memory" (memory 1)))
    const guest = Buffer.from("AGFzbQEAAAACDwEDZW52Bm1lbW9yeQIAAQ==", "base64");
    const windows = { input: { segment } };
    // A process needs a Node, and the right to start it.
    const isolation = process.versions.bun || globalThis.Deno || process.permission ? "thread" : "process";
    const sandbox = await createSandbox(guest, { windows, isolation, timeLimitMs: Infinity });
    console.log(shm.host.name, guarded.privatePages, segment.readChunk(1)[0], streamed, sandbox.windows.input.byteLength);
    await sandbox.close();
    segment[Symbol.dispose]();
  });`;
export const ESM = `import { create, createSandbox, shm } from "wasm-shm";${WORK}`;
export const CJS = `const { create, createSandbox, shm } = require("wasm-shm");${WORK}`;
const WORKED = "sysv 1 42 5000 5000\n";

export function checkWork(ended: Ended): void {
  assert.is(ended.stdout, WORKED, ended.stderr);
  assert.is(ended.code, 0, ended.stderr);
}
