// What the processes of the kill campaigns share: places, and messages that can be checked.

/** Behind a domain with 16 slots. */
export const PLACE = 4096;
/** A counter for each message that was read. */
export const RESULTS = 524288;
/** Where no message is counted: what participants that check messages have done, and what they found wrong. */
export const Result = { Progress: 0, Violations: 1 } as const;
export const MOST_RESULTS = 1_900_000;
export const BYTES = 1 << 23;

/** The sender, the number, and bytes that follow from both. */
export function stamped(sender: number, number: number): Uint8Array {
  const bytes = new Uint8Array(8 + ((number * 37) % 300)).fill((sender + number) & 0xff);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, sender, true);
  view.setUint32(4, number, true);
  return bytes;
}

/** Throws if it is not as it was written. */
export function checkStamp(bytes: Uint8Array): { sender: number; number: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [sender, number] = [view.getUint32(0, true), view.getUint32(4, true)];
  const wanted = stamped(sender, number);
  if (Buffer.compare(bytes, wanted) !== 0) throw new Error(`message ${number} of ${sender} is torn`);
  return { sender, number };
}
