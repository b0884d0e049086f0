// Participants as people know them: their processes.
import { readFileSync, statSync } from "node:fs";
import type { Peer } from "../../sync/peers.js";

/** The number of this process's pid namespace; 0 if it does not know. */
function ownNamespace(): number {
  try {
    return statSync("/proc/self/ns/pid").ino;
  } catch {
    return 0;
  }
}

/** What a process was started with, shortened; undefined if its pid is of another namespace, or it is gone. */
export function commandOf({ pid, pidNamespace, alive }: Peer): string | undefined {
  if (!alive || pidNamespace !== ownNamespace()) return undefined;
  try {
    const [program = "", ...words] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const text = [program, ...words].map((word) => word.split("/").at(-1) ?? word).join(" ");
    return (
      text
        .replaceAll(/\p{Cc}/gu, "?")
        .trim()
        .slice(0, 60) || undefined
    );
  } catch {
    return undefined;
  }
}

/** `pid 123, node worker.js` */
export function nameOf(peers: readonly Peer[], slot: number): string {
  const peer = peers.find((each) => each.slot === slot);
  if (!peer) return `slot ${slot}`;
  const command = commandOf(peer);
  return command === undefined ? `pid ${peer.pid}, ${peer.kind}` : `pid ${peer.pid}, ${command}`;
}
