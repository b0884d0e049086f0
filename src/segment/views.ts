// Views of a window for programs that ask for them again and again: one of each type is kept.
import { checkInteger, checkSize } from "../common/arguments.js";
import { checkType, type ElementArray, type ElementArrayConstructor } from "../common/elements.js";
import { misaligned, outOfRange } from "../common/errors.js";
import type { Window } from "../memory/window.js";

export class Views {
  readonly #window: Window;
  readonly #kept = new WeakMap<ElementArrayConstructor, ElementArray>();

  constructor(window: Window) {
    this.#window = window;
  }

  /** @param offset bytes from the window's start. @param length elements; undefined: all whole ones from there */
  view<T extends ElementArrayConstructor>(Type: T, offset: number, length: number | undefined): InstanceType<T> {
    const { name, width } = checkType(Type);
    const { byteLength } = this.#window;
    checkSize("offset", offset);
    if (offset > byteLength) throw outOfRange("offset", `<= ${byteLength}`, offset);
    const most = Math.floor((byteLength - offset) / width);
    const elements = length === undefined ? most : checkInteger("length", length, 0, most);
    if (offset % width !== 0)
      throw misaligned(`view of ${name} at ${offset} needs an offset that is a multiple of ${width}`);
    const { buffer, byteOffset } = this.#window.current();
    const kept = this.#kept.get(Type);
    // After a grow of a plain memory the buffer is another one.
    if (kept?.buffer === buffer && kept.byteOffset === byteOffset + offset && kept.length === elements)
      return kept as InstanceType<T>;
    const view = new Type(buffer as ArrayBuffer, byteOffset + offset, elements);
    this.#kept.set(Type, view);
    return view as InstanceType<T>;
  }
}
