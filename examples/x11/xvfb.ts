// An X server without a screen: Debian's xvfb.
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

export interface XvfbOptions {
  /** `"1920x1080x24"`: width, height and depth (default `"1280x1024x24"`). */
  screen?: string;
  /** Further arguments of Xvfb's. */
  args?: readonly string[];
  /** A command that starts it: `["unshare", "--ipc"]`. */
  prefix?: readonly string[];
  /** Whose process it is (default: ours). */
  uid?: number;
}

export interface Xvfb {
  /** Its name: `":99"`. */
  readonly display: string;
  readonly pid: number;
  /** Ends it, and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts one on a display that is free. It listens on a Unix socket alone, and lets in whoever can reach that. */
export async function startXvfb(asked: XvfbOptions = {}): Promise<Xvfb> {
  const { screen = "1280x1024x24", args = [], prefix = [], uid } = asked;
  // Without -noreset it begins anew when its last client leaves, and hangs up on who connects meanwhile.
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
    gone.then(() => ""), // rejects where there is no such command
  ]);
  if (!/^\d+$/.test(number)) {
    await stop();
    throw new Error(`Xvfb did not start: ${Buffer.concat(said).toString().trim()}`);
  }
  return { display: `:${number}`, pid: child.pid as number, stop };
}
