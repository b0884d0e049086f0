// A domain as its bytes describe it, for those that take no part in it.
import { domainBytes, Header, isAlive, MAX_SLOTS, Slot, slotWord } from "../host/membership.js";
import { MAGIC, READY } from "./layout.js";
import { type Peer, peerAt } from "./peers.js";

export interface Survey {
  /** Bytes of the domain. Objects lie outside them. */
  readonly bytes: number;
  readonly slots: number;
  readonly peers: Peer[];
  /** The slots whose life words say that a participant lives, also one that has not described itself yet. */
  readonly living: readonly number[];
}

/** Whether a domain may still come: zeros are there, or a header that is being made. Its magic is stored first, its state last. */
export function isUnready(words: Int32Array, base: number): boolean {
  const isZero = (word: number): boolean => Atomics.load(words, base + word) === 0;
  if (!isZero(Header.State)) return false;
  const rest = [Header.Version, Header.Bytes, Header.Slots];
  return Atomics.load(words, base + Header.Magic) === MAGIC || (isZero(Header.Magic) && rest.every(isZero));
}

/** The domain whose first word is `base`; undefined if there is none, or not a whole one. */
export function survey(words: Int32Array, base: number): Survey | undefined {
  if (base + domainBytes(1) / 4 > words.length) return undefined;
  const word = (index: number): number => Atomics.load(words, base + index);
  if (word(Header.State) !== READY || word(Header.Magic) !== MAGIC) return undefined;
  const slots = word(Header.Slots);
  if (slots < 1 || slots > MAX_SLOTS || base + domainBytes(slots) / 4 > words.length) return undefined;
  const all = Array.from({ length: slots }, (_, slot) => slot);
  const peers = all.flatMap((slot) => peerAt(words, base, slot) ?? []);
  const living = all.filter((slot) => isAlive(word(slotWord(slot) + Slot.Life)));
  return { bytes: domainBytes(slots), slots, peers, living };
}
