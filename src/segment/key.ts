import { checkString } from "../common/arguments.js";
import { outOfRange } from "../common/errors.js";
import { crc32 } from "../core/js/crc.js";

/** See {@link Shm.keyOf}. The JS twin serves every core: a name is short, and needs no memory. */
export function keyOf(name: string): number {
  const bytes = new TextEncoder().encode(checkString("name", name));
  const key = crc32(new DataView(bytes.buffer), 0, bytes.length, 0) | 0;
  if (key === 0) throw outOfRange("name", "a name whose CRC-32 is not 0, which stands for no key", name);
  return key;
}
