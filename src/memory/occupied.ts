// Which bytes of a memory are taken: by the core's page, or by an attachment that a second one must not cover.
import { outOfRange } from "../common/errors.js";
import type { Mapping } from "../host/host.js";
import { roundUp, type WasmMemory, WINDOW_START } from "./window.js";

/**
 * As long as a memory lives, so do its attachments here: dispose of their segment must find them. A view is enough to
 * keep one, as its buffer keeps the memory (V8).
 */
const attached = new WeakMap<WasmMemory, Map<Mapping, object>>();

export function occupy(mapping: Mapping, attachment: object): void {
  const { memory } = mapping.window;
  const there = attached.get(memory);
  if (there) there.set(mapping, attachment);
  else attached.set(memory, new Map([[mapping, attachment]]));
}

export function vacate(mapping: Mapping): void {
  attached.get(mapping.window.memory)?.delete(mapping);
}

/** @throws {RangeError} `ERR_OUT_OF_RANGE` some of the bytes are taken */
export function checkFree(memory: WasmMemory, byteOffset: number, length: number, unit: number): void {
  for (const { window, corePage } of attached.get(memory)?.keys() ?? []) {
    const start = corePage ? 0 : window.byteOffset;
    const end = roundUp(window.byteOffset + window.byteLength, unit);
    if (byteOffset >= end || byteOffset + length <= start) continue;
    const what = corePage && byteOffset < WINDOW_START ? "the core's page" : `the attachment at ${window.byteOffset}`;
    throw outOfRange("options.into.byteOffset", `a place of its own; ${what} is there`, byteOffset);
  }
}
