// The messages between processes: 32-bit words, the first of which is the message's number. If a message is filled, the
// other words follow from its number, so that a receiver knows what each must be.

/**
 * What both ends do with a message beyond its number. "untouched": nothing. "touched": the sender fills all of it, and
 * the receiver sums all of it. "proved": the receiver compares each word.
 */
export type Touch = "untouched" | "touched" | "proved";

const STEP = 0x9e3779b1 | 0; // odd: no two words of a message are alike

export class Payload {
  readonly bytes: number;
  readonly words: number;
  /** A proof goes through the ports that are timed: it changes this meanwhile. */
  touch: Touch;
  /** The sum of the words of message 0. */
  readonly #sum: number;

  /** @param bytes whole words */
  constructor(bytes: number, touch: Touch) {
    this.bytes = bytes;
    this.words = bytes / 4;
    this.touch = touch;
    this.#sum = Math.imul(((this.words * (this.words - 1)) / 2) % 2 ** 32, STEP);
  }

  /** Writes message `number` into the words from `at` on. */
  put(words: Int32Array, at: number, number: number): void {
    if (this.touch === "untouched") {
      words[at] = number;
      return;
    }
    const end = at + this.words;
    for (let index = at, value = number; index < end; index++, value = (value + STEP) | 0) words[index] = value;
  }

  /** @throws {Error} the message at `at` is not message `number`, or is torn */
  check(words: Int32Array, at: number, number: number): void {
    if (words[at] !== (number | 0)) throw new Error(`message ${words[at]} came instead of ${number}`);
    if (this.touch === "untouched") return;
    const end = at + this.words;
    if (this.touch === "touched") {
      let sum = 0;
      for (let index = at; index < end; index++) sum = (sum + (words[index] as number)) | 0;
      if (sum !== ((this.#sum + Math.imul(this.words, number)) | 0))
        throw new Error(`message ${number} has a wrong sum`);
    } else {
      for (let index = at, value = number | 0; index < end; index++, value = (value + STEP) | 0)
        if (words[index] !== value) throw new Error(`message ${number} is wrong at byte ${4 * (index - at)}`);
    }
  }
}
