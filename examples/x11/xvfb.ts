// An X server without a screen: Debian's xvfb.
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

export interface XvfbOptions {
  /** `"1920x1080x24"`: width, height and depth (default `"1280x1024x24"`). */
  screen?: string;
  /** More arguments for Xvfb. */
  args?: readonly string[];
  /** A command that starts Xvfb, such as `["unshare", "--ipc"]`. */
  prefix?: readonly string[];
  /** The user of its process (default: this process's). */
  uid?: number;
}

export interface Xvfb {
  /** Its name: `":99"`. */
  readonly display: string;
  readonly pid: number;
  /** Ends the server, and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a server on a free display. It listens on a Unix socket only, without access control. */
export async function startXvfb(asked: XvfbOptions = {}): Promise<Xvfb> {
  const { screen = "1280x1024x24", args = [], prefix = [], uid } = asked;
  // Without -noreset the server restarts when its last client leaves, and drops clients that connect meanwhile.
  const options = ["-displayfd", "3", "-screen", "0", screen, "-nolisten", "tcp", "-ac", "-noreset"];
  const line = [...prefix, "Xvfb", ...options, ...args];
  const child = spawn(line[0] as string, line.slice(1), {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    ...(uid === undefined ? {} : { uid }),
  });
  const said: Buffer[] = [];
  child.stderr?.on("data", (chunk: Buffer) => said.push(chunk));
  const gone = once(child, "close");
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
    child.kill(signal);
    await gone;
  };
  const number = await Promise.race([
    once(child.stdio[3] as Readable, "data").then(([chunk]) => String(chunk).trim()),
    gone.then(() => ""), // rejects if there is no such command
  ]);
  if (!/^\d+$/.test(number)) {
    await stop();
    throw new Error(`Xvfb did not start: ${Buffer.concat(said).toString().trim()}`);
  }
  return { display: `:${number}`, pid: child.pid as number, stop };
}
