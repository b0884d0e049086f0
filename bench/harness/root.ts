// Where this checkout lies. The bench runs from build/bench/, and reads what the compiler does not copy there.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** The checkout's folder, with a slash at its end. */
export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Loads packages of bench/package.json; `npm ci` in bench/ installs them. */
export const benchRequire = createRequire(`${root}bench/package.json`);
