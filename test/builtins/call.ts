// A call that the test makes on bytes that a peer rewrites meanwhile.
import type { Attachment } from "wasm-shm";

/** What the peer writes: ASCII and "€" in turn; doubles; or bytes of any kind. */
export type Content = "text" | "doubles" | "bytes";

export interface Call {
  /** As the page names it. */
  readonly name: string;
  readonly content: Content;
  /** Whether the engine has it. */
  readonly exists: boolean;
  /** A copy is expected, not a second view of the same memory. */
  readonly copies?: true;
  /** A call of this package, not of the engine: it must never crash. */
  readonly own?: true;
  /** A call of this package takes `attachment`, all others `bytes`. */
  run(bytes: Uint8Array, attachment: Attachment): unknown;
}
