// Real modules, out of npm packages of their own: test/guests/npm/package.json. CI installs them.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../support/child.js";

const folder = join(root, "test/guests/npm");

/** Why they are not available; undefined if they are there. */
export const missing = existsSync(join(folder, "node_modules/.package-lock.json"))
  ? undefined
  : "the modules are not installed: npm ci --prefix test/guests/npm --ignore-scripts";

const path = (file: string): string => join(folder, "node_modules", file);

export const fileOf = (file: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(path(file)));
export const textOf = (file: string): string => readFileSync(path(file), "utf8");

/** The modules that a script has as base64, in its order. */
export const embeddedIn = (file: string): Uint8Array<ArrayBuffer>[] =>
  [...textOf(file).matchAll(/AGFzbQEAAAA[A-Za-z0-9+/=]+/g)].map(([text]) =>
    Uint8Array.from(Buffer.from(text, "base64")),
  );

const require = createRequire(join(folder, "package.json"));

/** What a package exports: the other implementation of a test. */
export const api = <T>(name: string): T => require(name) as T;
export const apiOf = async <T>(file: string): Promise<T> => (await import(pathToFileURL(path(file)).href)) as T;

/** The letters that emscripten gave exports, out of its script: `g._malloc=A.Fe`, `Module["_malloc"]=…["asm"]["f"]`. */
export function lettersOf(file: string): (name: string) => string {
  const text = textOf(file);
  return (name) => {
    // The last one: libsodium has those of a build without WebAssembly before.
    const found = [
      ...text.matchAll(
        new RegExp(
          `\\b_${name}(?:["']\\])?\\s*=(?![^;]*?\\b_${name}\\s*=)[^;]*?[.'"]([A-Za-z$_]{1,2})(?=['"]?\\]?[),;])`,
          "g",
        ),
      ),
    ].at(-1)?.[1];
    if (found === undefined) throw new Error(`${file} does not name ${name}`);
    return found;
  };
}

/** Functions for all that a module imports: those that are given, and for each other one what it returns. */
export function imports(
  wasm: Uint8Array<ArrayBuffer>,
  given: Readonly<Record<string, (...values: number[]) => unknown>> = {},
  otherwise: (name: string) => number = (name) => {
    throw new Error(`the guest called ${name}`);
  },
): Record<string, Record<string, (...values: number[]) => unknown>> {
  const all: Record<string, Record<string, (...values: number[]) => unknown>> = {};
  for (const { module, name, kind } of WebAssembly.Module.imports(new WebAssembly.Module(wasm))) {
    if (kind !== "function") continue;
    const plain = name.replace(/_[0-9a-f]{16}$/, ""); // wasm-bindgen adds a hash
    all[module] = { ...all[module], [name]: given[plain] ?? (() => otherwise(name)) };
  }
  return all;
}
