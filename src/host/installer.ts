// Which package manager installed this package, and how it is told to run the package's install script. Each leaves a
// file of its own in node_modules, or beside it.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";

const PACKAGE = "wasm-shm";

export interface Installer {
  /** What on this machine says that the script was not allowed to run; undefined if nothing does. */
  readonly blocked: string | undefined;
  /** What lets the script run, and runs it. */
  readonly cure: string;
}

/** A file's text; undefined if there is no such file. Throws if it may not be read. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** A JSON file's object; an empty one if there is no such file, or it holds something else. */
export function objectOf(path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(textOf(path) ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function npm(modules: string): Installer {
  const project = dirname(modules);
  const ignoring = [join(project, ".npmrc"), join(homedir(), ".npmrc")].find((file) =>
    /^\s*ignore-scripts\s*=\s*true\s*$/m.test(textOf(file) ?? ""),
  );
  // npm sets this for what it runs, if the option was given on its command line or in the environment.
  const told = process.env["npm_config_ignore_scripts"] === "true" ? "npm_config_ignore_scripts is true" : undefined;
  const blocked = told ?? (ignoring && `${ignoring} has ignore-scripts=true`);
  if (blocked) return { blocked, cure: `run npm rebuild ${PACKAGE} --ignore-scripts=false` };
  const { allowScripts } = objectOf(join(project, "package.json"));
  const denied = Object.entries(allowScripts ?? {}).some(
    ([key, allowed]) => (key === PACKAGE || key.startsWith(`${PACKAGE}@`)) && allowed === false,
  );
  const approve = `run npm approve-scripts ${PACKAGE}, then npm rebuild ${PACKAGE}`;
  if (denied) return { blocked: `allowScripts in ${join(project, "package.json")} denies it`, cure: approve };
  // npm 12 runs no script that is not approved, and leaves no note of it; npm before 11.16 has no such command.
  return {
    blocked: undefined,
    cure: `run npm rebuild ${PACKAGE} (npm 12 or later: npm approve-scripts ${PACKAGE} first)`,
  };
}

function pnpm(modules: string): Installer {
  const file = join(modules, ".modules.yaml"); // JSON since pnpm 9, YAML before
  const listed = JSON.stringify(objectOf(file)["ignoredBuilds"] ?? "").includes(`"${PACKAGE}`);
  return {
    blocked: listed ? `${file} lists it under ignoredBuilds` : undefined,
    cure: `run pnpm approve-builds and choose ${PACKAGE}, then pnpm rebuild ${PACKAGE}`,
  };
}

function bun(modules: string): Installer {
  const manifest = join(dirname(modules), "package.json");
  const { trustedDependencies } = objectOf(manifest);
  const trusted = Array.isArray(trustedDependencies) && trustedDependencies.includes(PACKAGE);
  return {
    blocked: trusted ? undefined : `trustedDependencies in ${manifest} does not have it, which Bun requires`,
    cure: `run bun pm trust ${PACKAGE}`,
  };
}

function deno(): Installer {
  return { blocked: undefined, cure: `run deno install --allow-scripts=npm:${PACKAGE}` };
}

/** Yarn 2 and later. @param project the folder with .yarnrc.yml */
function yarn(project: string): Installer {
  const file = join(project, ".yarnrc.yml");
  return {
    blocked: /^enableScripts:\s*false\b/m.test(textOf(file) ?? "") ? `${file} has enableScripts: false` : undefined,
    cure: `set "dependenciesMeta": { "${PACKAGE}": { "built": true, "unplugged": true } } in package.json, then run yarn install and yarn rebuild ${PACKAGE}`,
  };
}

function yarnClassic(): Installer {
  return { blocked: undefined, cure: `run npm rebuild ${PACKAGE}` }; // Yarn 1 can only install everything again
}

const markers: readonly (readonly [string, (modules: string) => Installer])[] = [
  [".modules.yaml", pnpm],
  [".bun", bun],
  [".deno", deno],
  [".yarn-state.yml", (modules) => yarn(dirname(modules))],
  [".yarn-integrity", yarnClassic],
  [".package-lock.json", npm],
  ["../bun.lock", bun],
  ["../bun.lockb", bun],
];

/** @param root the package's folder @returns undefined if no package manager's mark is above it, as in a clone */
export function installerOf(root: string): Installer | undefined {
  // Plug'n'Play: .yarn/cache/wasm-shm-npm-0.2.0-….zip/node_modules/wasm-shm, or .yarn/unplugged/…
  const pnp = /^(.*?)\/\.yarn\/(?:cache|unplugged|berry|__virtual__)\//.exec(root)?.[1];
  if (pnp !== undefined) return yarn(pnp);
  for (let folder = root; folder !== dirname(folder); folder = dirname(folder)) {
    if (basename(folder) !== "node_modules") continue;
    const found = markers.find(([mark]) => existsSync(join(folder, mark)));
    if (found) return found[1](folder);
  }
  return undefined;
}
