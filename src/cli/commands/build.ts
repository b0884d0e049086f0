import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Command } from "commander";
import loader from "#loader";
import { AlreadyReported, UserError } from "../failure.js";

/** tools/addon.js prints what went wrong, and leaves it in a log for the errors of the package. */
function build(): void {
  if (loader.root === undefined)
    throw new UserError("the package's sources are not beside this program, as in a bundle");
  const { status, error } = spawnSync(process.execPath, [join(loader.root, "tools/addon.js")], { stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) throw new AlreadyReported();
  process.stderr.write(`built ${loader.built}\n`);
}

export function addBuild(program: Command): void {
  program
    .command("build")
    .summary("compile the addon, on a machine that none of the package's fits")
    .description(
      "Compile the package's addon for this machine. It is needed if none fits: the package has addons for x64 and arm64. " +
        "It takes python3, make, a C++17 compiler and node-gyp, which comes with npm. From then on the package uses what was " +
        "built, until it is installed again.",
    )
    .addHelpText("after", "\nExample:\n  npx wasm-shm build")
    .action(build);
}
