// The domain of a segment that the command line names.

import { ShmError } from "../../common/errors.js";
import type { Segment } from "../../segment/segment.js";
import type { Shm } from "../../segment/shm.js";
import { survey } from "../../sync/survey.js";
import { domainIn, type FoundDomain, type FoundObject } from "./objects.js";

/** A domain has at most 8256 bytes; windows are whole pages of up to 64 KiB. */
const PAGES_OF_DOMAIN = 2 ** 16;

/** The words of a segment, attached to be read only. It stays attached until the segment is disposed of. */
export function wordsIn(segment: Segment): Int32Array {
  const attachment = segment.attach({ access: "read-only" });
  return attachment.view(Int32Array, 0, Math.floor(attachment.byteLength / 4));
}

const noDomain = (segment: Segment): ShmError => {
  const hint = "peers and channel show segments with a domain at byte 0; wasm-shm ls --domains lists them";
  return new ShmError(`segment ${segment.id} has no domain at byte 0; ${hint}`, "ERR_SHM_LAYOUT", { hint });
};

/** @throws {ShmError} `ERR_SHM_LAYOUT` there is none */
export function domainOf(segment: Segment, words: Int32Array): FoundDomain {
  const domain = domainIn(words);
  if (!domain) throw noDomain(segment);
  return domain;
}

/** The channels and topics of a segment, or the one at an offset. @throws {ShmError} `ERR_SHM_LAYOUT` there is none */
export function ringsOf(segment: Segment, words: Int32Array, offset: number | undefined): FoundObject[] {
  const all = domainOf(segment, words).objects.filter(({ name }) => name === "channel" || name === "topic");
  const found = offset === undefined ? all : all.filter((each) => each.offset === offset);
  if (found.length > 0) return found;
  const where = offset === undefined ? "" : ` at ${offset}`;
  const others = all.length === 0 ? "" : `; there are some at ${all.map((each) => each.offset).join(", ")}`;
  throw new ShmError(`segment ${segment.id} has no channel or topic${where}${others}`, "ERR_SHM_LAYOUT");
}

/** How many participants of the domain at byte 0 live; undefined if there is none, or it may not be read. */
export function livingPeers(shm: Shm, id: number): number | undefined {
  try {
    const segment = shm.open(id);
    try {
      const length = Math.min(segment.size, PAGES_OF_DOMAIN);
      const attachment = segment.attach({ access: "read-only", length });
      return survey(attachment.view(Int32Array, 0, length >> 2), 0)?.peers.filter(({ alive }) => alive).length;
    } finally {
      segment[Symbol.dispose]();
    }
  } catch {
    return undefined; // it is gone, or its mode refuses this user
  }
}
