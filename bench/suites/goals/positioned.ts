// What a program that needs a position between its calls would write: a class with a DataView, a position, and a check of
// the bounds before either changes. Ten lines for each kind of number.
import { compileValue } from "./way.js";

/** A cursor with the calls that are measured. */
type Positioned = Record<string, (...values: unknown[]) => unknown>;

/**
 * A class of its own for each kind, as a program that reads one has it. With only the DataView's own check V8 (Node 20 and
 * 22) calls the DataView out of line for good, once a read has met the end: `if` keeps it inline.
 */
export function positioned(view: DataView, name: string, width: number): Positioned {
  const order = width > 1;
  const source = `class {
    constructor(view) { this.view = view; this.size = view.byteLength; this.position = 0; }
    reset() { this.position = 0; }
    take() {
      const { position } = this;
      if (this.size - position < ${width}) throw new RangeError("the end");
      this.position = position + ${width};
      return position;
    }
    read${name}(${order ? "littleEndian = true" : ""}) {
      return this.view.get${name}(this.take()${order ? ", littleEndian" : ""});
    }
    write${name}(value${order ? ", littleEndian = true" : ""}) {
      this.view.set${name}(this.take(), value${order ? ", littleEndian" : ""});
    }
  }`;
  const Made = compileValue({}, source) as new (view: DataView) => Positioned;
  return new Made(view);
}
