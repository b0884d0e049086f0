import type { StreamPosition } from "./position.js";

/** The state of a stream in one word, for `util.inspect`. */
export type StreamState = "open" | "detached" | "done" | "destroyed" | "failed";

/** @param done whether the stream has ended (a readable) or finished (a writable) */
export function streamState(
  stream: { readonly errored: Error | null; readonly destroyed: boolean },
  done: boolean,
  position: StreamPosition,
): StreamState {
  if (stream.errored) return "failed";
  if (done) return "done";
  if (stream.destroyed) return "destroyed";
  return position.isOpen ? "open" : "detached";
}
