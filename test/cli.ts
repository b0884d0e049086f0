// The command line, as a shell runs it.
import type { SpawnOptions } from "node:child_process";
import { type Ended, root, run, works } from "./child.js";

export const main = `${root}dist/cli/main.js`;

/** Colours follow the test's own environment else. */
export const environment = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined };

/** wasm-shm with these arguments. Standard input is empty unless `options.input` is given. */
export function cli(args: readonly (string | number)[], options: SpawnOptions & { input?: string } = {}): Ended {
  return run(process.execPath, [main, ...args.map(String)], { input: "", env: environment, ...options });
}

/** A bash script in which `shm` is the command, and so is `wasm-shm`. */
export function script(text: string, options: SpawnOptions & { input?: string } = {}, wrapper: string[] = []): Ended {
  const head = `shm() { "${process.execPath}" "${main}" "$@"; }; wasm-shm() { shm "$@"; }\n`;
  const [command = "bash", ...args] = [...wrapper, "bash", "-c", head + text];
  return run(command, args, { input: "", env: environment, ...options });
}

/** What puts a command in an IPC namespace of its own, where every segment is the test's; undefined where none may. */
export const ownNamespace = [
  ["unshare", "--ipc"],
  ["unshare", "--user", "--map-root-user", "--ipc"],
].find(([command = "", ...args]) => works(command, [...args, "true"]));

/** Why there is none. */
export const NO_NAMESPACE = "no IPC namespace of its own: unshare(1) is missing, or not for this user";

/** Runs a script on a terminal of script(1), with `typed` on its keyboard; what the terminal shows. */
export function onTerminal(text: string, typed: string, wrapper: string[] = []): Ended {
  const [command = "script", ...args] = [...wrapper, "script", "-qec", text, "/dev/null"];
  return run(command, args, { input: typed, env: { ...environment, TERM: "xterm", COLUMNS: "120" } });
}

export const hasTerminal = works("script", ["-qec", "true", "/dev/null"]);
