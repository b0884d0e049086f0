/// <reference types="node" preserve="true" />
// The streams of a cursor as Node's: what the Node face provides, and what its types then are.
import type { Readable, Writable } from "node:stream";

declare module "../cursor/streams.js" {
  interface CursorReadable extends Readable {
    [Symbol.asyncIterator](): NodeJS.AsyncIterator<Buffer>;
  }
  interface CursorWritable extends Writable {}
}

export type { CursorReadable, CursorWritable } from "../cursor/streams.js";
