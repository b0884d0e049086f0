// Participants of channels, topics and services in processes of their own, in each language.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { firstOutput, root, works } from "../support/child.js";
import { compile } from "../support/peers.js";
import { type Language, lacking as lacks, peerPath } from "../sync/kills.js";

/** A wake that is lost must be seen as a hang: the look after 400 ms would hide it. party.py does the same. */
const flags = ["-std=gnu11", "-O1", "-pthread", "-DWASM_SHM_CHECK_MS=60000"];
const compiled = works("gcc", ["--version"])
  ? compile("../../channel/programs/party.c", [...flags, "-I", join(root, "include")])
  : undefined;
if (compiled && compiled.ended.code !== 0) throw new Error(compiled.ended.stderr);

const every: readonly Language[] = ["node", "c", "python"];
/** Languages that this machine has, and why it lacks the others. */
export const languages = every.filter((language) => lacks[language] === undefined);
export const lacking = lacks;

/** A test that fails leaves none behind. */
const started = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of started) child.kill("SIGKILL");
});

const commands: Record<Language, string[]> = {
  node: [process.execPath, join(root, "build/test/channel/programs/party.js")],
  c: [compiled?.program ?? ""],
  python: ["python3", join(root, "test/channel/programs/party.py")],
};

/** Starts one that has joined. */
export async function start(role: string, segment: number, language: Language): Promise<ChildProcess> {
  const [command = "", ...args] = commands[language];
  const env = language === "python" ? peerPath : process.env;
  const child = spawn(command, [...args, role, String(segment)], { env, stdio: ["ignore", "pipe", "inherit"] });
  started.add(child);
  child.once("exit", () => started.delete(child));
  assert.match(await firstOutput(child), /^in/);
  return child;
}
