// Package managers, each of which installs the tarball into a project of its own, with scripts off. They take the package's
// dependencies from the registry.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { type Ended, run, works } from "./child.js";
import { engine, inFolder, packed, toolFile } from "./tarball.js";

export interface Manager {
  /** Its program; undefined if it is not installed. */
  readonly program: readonly string[] | undefined;
  readonly install: readonly string[];
  /** How it runs a program of an installed package. */
  readonly execute: readonly string[];
  /** How it runs a file: Plug'n'Play has no node_modules. */
  readonly node?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}

function script(path: string): readonly string[] | undefined {
  const file = toolFile(path);
  return file === undefined ? undefined : [process.execPath, file];
}

const bun = engine("bun");

const PLUG_AND_PLAY = "enableScripts: false\nenableTelemetry: false\nenableGlobalCache: false\n";

export const managers: Readonly<Record<string, Manager>> = {
  npm: {
    program: ["npm"],
    install: ["install", "--ignore-scripts", "--no-audit", "--no-fund"],
    execute: ["exec", "--"],
  },
  pnpm: { program: script("pnpm/bin/pnpm.cjs"), install: ["add", "--ignore-scripts"], execute: ["exec"] },
  yarn: { program: script("yarn/bin/yarn.js"), install: ["add", "--ignore-scripts"], execute: ["run"] },
  "@yarnpkg/cli-dist": {
    program: script("@yarnpkg/cli-dist/bin/yarn.js"),
    install: ["add"],
    execute: ["run"],
    node: ["node"],
    files: { ".yarnrc.yml": PLUG_AND_PLAY, "yarn.lock": "" },
  },
  bun: { program: bun === undefined ? undefined : [bun], install: ["add", "--ignore-scripts"], execute: ["x"] },
};

/** "the registry" if it answers. */
export const registry = works("npm", ["ping"]) ? "the registry" : undefined;

export interface Installation {
  readonly project: string;
  /** Runs the manager. */
  manage(args: readonly string[], env?: NodeJS.ProcessEnv): Ended;
  /** Runs a module of the project. */
  evaluate(source: string): Ended;
}

/** Installs the tarball, and calls `use`. */
export function withManager(
  { program, install, node, files }: Manager,
  use: (installation: Installation) => void,
): Promise<void> {
  const [command, ...first] = program as [string, ...string[]];
  return inFolder((project) => {
    const home = join(project, "home");
    mkdirSync(home);
    const manage: Installation["manage"] = (args, env = {}) =>
      run(command, [...first, ...args], {
        cwd: project,
        env: { ...process.env, HOME: home, CI: "1", ...env },
        timeout: 280_000,
      });
    writeFileSync(join(project, "package.json"), '{ "name": "project", "private": true, "type": "module" }');
    for (const [name, text] of Object.entries(files ?? {})) writeFileSync(join(project, name), text);
    const added = manage([...install, `wasm-shm@file:${packed()}`]);
    assert.is(added.code, 0, added.stdout + added.stderr);
    use({
      project,
      manage,
      evaluate(source) {
        writeFileSync(join(project, "program.mjs"), source);
        return node ? manage([...node, "program.mjs"]) : run(process.execPath, ["program.mjs"], { cwd: project });
      },
    });
  });
}
