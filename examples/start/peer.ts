// The second process of npm start: opens the segment by its id, and checksums it in place.
import { createShm } from "wasm-shm";
import { windowsOf } from "./windows.js";

export type Answer = { kind: "attached" } | { kind: "result"; adler32: number; seconds: number; secondsAgain: number };

/** Sends to the first process, if it is still there. */
const send = (answer: Answer): void => {
  if (process.connected) process.send?.(answer);
};

const segment = createShm({ host: "sysv", core: "wasm" }).open(Number(process.argv[2]));
const attachments = windowsOf(segment.size).map((window) => segment.attach(window));
send({ kind: "attached" });

/** The checksum of the whole segment, and how long it took. */
function checksum(): { adler32: number; seconds: number } {
  const started = process.hrtime.bigint();
  let adler32 = 1; // the Adler-32 of no bytes
  for (const attachment of attachments) adler32 = attachment.checksum("adler32", { previous: adler32 });
  return { adler32, seconds: Number(process.hrtime.bigint() - started) / 1e9 };
}

process.once("message", () => {
  // The first pass also takes one page fault for each page.
  const [first, second] = [checksum(), checksum()];
  segment[Symbol.dispose]();
  send({ kind: "result", adler32: first.adler32, seconds: first.seconds, secondsAgain: second.seconds });
  if (process.connected) process.disconnect();
});
