// Runs the tests on Node for linux-arm64 under qemu-user. The addon is built with Debian's cross compiler, in a copy of the
// package, build/arm64, so that the ordinary build stays as it is. Words choose test files as in `npm test`.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const copy = join(root, "build/arm64");
const words = process.argv.slice(2);

function run(args, env) {
  const { status, error } = spawnSync(process.execPath, args, {
    cwd: copy,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const PARTS = [
  "package.json",
  "tools",
  "build/src",
  "build/test",
  "build/examples",
  "build/core.wasm",
  "build/core.debug.wasm",
  "dist",
  "native",
  "test",
  "examples",
  "include",
  "assembly",
  "asconfig.json",
];
const isSource = (path) => !/\/(native\/build|node_modules)(\/|$)/.test(path.slice(root.length - 1));
for (const part of PARTS.filter((name) => !name.startsWith("native")))
  rmSync(join(copy, part), { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
for (const part of PARTS) cpSync(join(root, part), join(copy, part), { recursive: true, filter: isSource });
for (const modules of ["node_modules", "test/engines/node_modules", "test/engines/arm64/node_modules"])
  if (existsSync(join(root, modules)) && !existsSync(join(copy, modules)))
    symlinkSync(join(root, modules), join(copy, modules));

const tools = { CC: "aarch64-linux-gnu-gcc", CXX: "aarch64-linux-gnu-g++", AR: "aarch64-linux-gnu-ar" };
const cross = { ...tools, npm_config_arch: "arm64" };
run(["tools/addon.js", "native"], cross);
// Nobody joins a domain under qemu-user 7.2 (test/engines/qemu.test.ts), so a whole turn has no locks and channels.
const chosen = words.length > 0 ? words : ["--without", "sync/", "--without", "channel/"];
// The runner is a program of this machine, and cannot load that addon.
run(["build/test/run.js", "--engine", "arm64", ...chosen], { ...cross, WASM_SHM_HOST: "local" });
