// The package as installed, without a built addon: a real copy of what npm would unpack, in a folder of its own.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as assert from "uvu/assert";
import { type Ended, root, runModule } from "./child.js";

/** Where the addon is, in the package. */
export const ADDON = "native/build/Release/wasm_shm.node";

/** Nothing of the machine that runs the tests decides: neither its variables nor its home. */
export function environment(home: string, more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { WASM_SHM_HOST, npm_config_ignore_scripts, ...rest } = process.env;
  return { ...rest, HOME: home, ...more };
}

export interface Install {
  /** The project, which has node_modules. */
  readonly project: string;
  /** The package's folder. */
  readonly folder: string;
  /** Runs a module in the project. */
  evaluate(source: string, env?: NodeJS.ProcessEnv, nodeArgs?: readonly string[]): Ended;
}

/** Installs the package without a built addon. @param place the package's folder in the project */
export function installed<T>(use: (install: Install) => T, place = "node_modules/wasm-shm"): T {
  const project = mkdtempSync(join(tmpdir(), "wasm-shm-"));
  try {
    const folder = join(project, place);
    const modules = dirname(folder);
    mkdirSync(modules, { recursive: true });
    for (const part of ["dist", "package.json", "tools/addon.js"])
      cpSync(`${root}${part}`, join(folder, part), { recursive: true });
    for (const name of readdirSync(`${root}node_modules`))
      if (!name.startsWith(".")) symlinkSync(`${root}node_modules/${name}`, join(modules, name));
    writeFileSync(join(project, "package.json"), '{ "type": "module" }');
    const evaluate: Install["evaluate"] = (source, env = {}, nodeArgs = []) =>
      runModule(source, [...nodeArgs], {
        cwd: project,
        env: environment(project, env),
      });
    return use({ project, folder, evaluate });
  } finally {
    rmSync(project, { recursive: true });
  }
}

export interface Told {
  code: string;
  message: string;
  hint?: string;
}

const WHY = (from: string): string => `import { create } from "${from}";
  try { create(10); } catch ({ code, message, hint }) { console.log(JSON.stringify({ code, message, hint })); }`;

/** What `create` of the default instance says. */
export function why(
  install: Install,
  env: NodeJS.ProcessEnv = {},
  nodeArgs: readonly string[] = [],
  from = "wasm-shm",
): Told {
  const ended = install.evaluate(WHY(from), env, nodeArgs);
  assert.is(ended.code, 0, ended.stderr);
  const told = JSON.parse(ended.stdout) as Told;
  assert.is(told.code, "ERR_SHM_UNSUPPORTED");
  assert.match(told.message, /^the sysv host is not supported: /);
  if (told.hint !== undefined) assert.ok(told.message.endsWith(`; ${told.hint}`), told.message);
  return told;
}

/** Prints the names of the hosts, or the errors, of five instances; only the last one names its host. */
export const NAME_HOSTS = `import { createShm, shm } from "wasm-shm";
  const tell = (call) => { try { return call().name; } catch ({ name, code, message }) { return name + " " + code + " " + message; } };
  console.log(JSON.stringify([() => shm.host, () => createShm().host, () => createShm({ core: "js" }).host,
    () => createShm({ host: undefined }).host, () => createShm({ host: "local" }).host].map(tell)));`;
