// The crashes that are known, by name: V8, JavaScriptCore and Node read bytes twice and trust the first reading. A crash
// that is not listed fails the test; one that is listed and no longer happens is told by npm run test:builtins.
import type { Kind } from "./outcome.js";

interface Known {
  readonly engines: RegExp;
  readonly kinds: readonly Kind[];
  readonly because: string;
  readonly calls: readonly string[];
}

const DECODERS = ["TextDecoder.decode", "TextDecoder.decode, fatal", 'Buffer.toString("utf8")'];
/** Node before 24 decodes these by ICU, in one pass: no crash was seen. */
const PARTS = ["TextDecoder.decode, stream", "stream/consumers text"];
const STREAMING = ['StringDecoder("utf8")', 'Readable.setEncoding("utf8") of chunks'];
const TRANSCODE = "buffer.transcode, utf8 to utf16le";
const NATIVE_SORTS = ["Float64Array.sort", "Float32Array.sort", "Int32Array.sort", "BigInt64Array.sort"];

const BEFORE_24 = /^Node 2[0-3]$/;
const FROM_24 = /^Node (?:2[4-9]|[3-9]\d)$/;

const known: readonly Known[] = [
  {
    engines: BEFORE_24,
    kinds: ["shared", "plain"],
    because: "V8 measures UTF-8, makes a string of that length, and decodes the bytes as they are by then",
    calls: [...DECODERS, ...STREAMING],
  },
  {
    engines: FROM_24,
    kinds: ["plain"],
    because: "the same; of a shared memory none was seen, and Node 26 copies that first (nodejs/node#63517)",
    calls: [...DECODERS, ...PARTS, ...STREAMING],
  },
  {
    engines: FROM_24,
    kinds: ["shared"],
    because: "StringDecoder does not copy first, as the other decoders do there",
    calls: STREAMING,
  },
  {
    engines: /^Node /,
    kinds: ["shared", "plain"],
    because: "Node measures the UTF-16 that the UTF-8 makes, and writes what it makes by then",
    calls: [TRANSCODE],
  },
  {
    engines: /^(?:Node|Bun|Deno) /,
    kinds: ["plain"],
    because: "std::sort runs past the end if an element changes under it; of a shared memory engines sort a copy",
    calls: NATIVE_SORTS,
  },
  {
    engines: /^Bun /,
    kinds: ["plain"],
    because: "as in Node",
    calls: [...DECODERS, ...PARTS, ...STREAMING, TRANSCODE],
  },
  {
    engines: /^Deno /,
    kinds: ["plain"],
    because: "V8, as in Node; Deno's other decoders are written in Rust",
    calls: ["TextDecoder.decode"],
  },
];

/** Why a call may crash on an engine; undefined if it must not. */
export function knownCrash(engine: string, kind: Kind, call: string): string | undefined {
  return known.find((each) => each.engines.test(engine) && each.kinds.includes(kind) && each.calls.includes(call))
    ?.because;
}

export const knownCalls: readonly string[] = known.flatMap((each) => each.calls);
