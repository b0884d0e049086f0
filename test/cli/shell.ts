// The command line as a shell runs it.
import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { type Ended, root, run, works } from "../support/child.js";

export const main = `${root}dist/cli/main.cjs`;

/** Without the variables that decide on colours; with CI, because libraries of colours take that for a terminal. */
export const environment = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, CI: "true" };

/** Runs wasm-shm with these arguments. Standard input is empty unless `options.input` is given. */
export function cli(args: readonly (string | number)[], options: SpawnOptions & { input?: string } = {}): Ended {
  return run(process.execPath, [main, ...args.map(String)], { input: "", env: environment, ...options });
}

/** Runs a bash script in which `shm` and `wasm-shm` are the command. */
export function script(text: string, options: SpawnOptions & { input?: string } = {}, wrapper: string[] = []): Ended {
  const head = `shm() { "${process.execPath}" "${main}" "$@"; }; wasm-shm() { shm "$@"; }\n`;
  const [command = "bash", ...args] = [...wrapper, "bash", "-c", head + text];
  return run(command, args, { input: "", env: environment, ...options });
}

/** Runs a command in an IPC namespace of its own, where all segments are the test's; undefined if not allowed. */
export const ownNamespace = [
  ["unshare", "--ipc"],
  ["unshare", "--user", "--map-root-user", "--ipc"],
].find(([command = "", ...args]) => works(command, [...args, "true"]));

/** The reason for a skip without it. */
export const NO_NAMESPACE = "no IPC namespace: unshare(1) is missing, or not allowed for this user";

/** What to do once the terminal shows a text: type an answer, or call a function. */
export type Reply = readonly [shown: string, typed: string | (() => void)];

/**
 * Runs a script on a terminal of script(1). Each reply waits for its text, because a key that is typed too early would go
 * to the shell.
 *
 * @returns the standard output is what the terminal showed
 */
export async function onTerminal(
  text: string,
  replies: readonly Reply[] = [],
  wrapper: readonly string[] = [],
): Promise<Ended> {
  const [command = "script", ...args] = [...wrapper, "script", "-qec", text, "/dev/null"];
  const child = spawn(command, args, { cwd: root, env: { ...environment, TERM: "xterm" } });
  const limit = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const waiting = [...replies];
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    for (let next = waiting[0]; next && stdout.includes(next[0]); next = waiting[0]) {
      const [, typed] = next;
      waiting.shift();
      if (typeof typed === "string") child.stdin.write(typed);
      else typed();
    }
  });
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  clearTimeout(limit);
  return { code, signal, stdout, stderr: "" };
}

export const hasTerminal = works("script", ["-qec", "true", "/dev/null"]);
