// A cursor as an object: who may make one, what can be reached of it, and what console.log shows.
import { inspect } from "node:util";
import * as assert from "uvu/assert";
import { Cursor } from "wasm-shm";
import { suite } from "../../suite.js";
import { cursorOperations } from "../../support/operations.js";
import { code, pairs } from "../../support/pairs.js";

const SIZE = 3333;
type Constructor = new (...values: unknown[]) => Cursor;

const one = suite("The class Cursor");

one("has each of its methods on its own prototype", () => {
  for (const name of cursorOperations) assert.ok(Object.hasOwn(Cursor.prototype, name), name);
});

one("is made by attachments only", () => {
  const Illegal = Cursor as unknown as Constructor;
  const Parent = Object.getPrototypeOf(Cursor) as Constructor;
  class Derived extends Illegal {}
  for (const Type of [Illegal, Parent, Derived])
    for (const values of [[], [{}], [Cursor.prototype], [1, 2, true]])
      assert.throws(() => new Type(...values), code("ERR_ILLEGAL_CONSTRUCTOR", /attachment\.cursor\(\)/));
});

one("refuses objects that are not cursors", () => {
  const wrongThis = (error: unknown): boolean => error instanceof TypeError;
  for (const value of [{}, Cursor.prototype, Object.create(Cursor.prototype)]) {
    assert.throws(() => Cursor.prototype.readUint8.call(value), wrongThis);
    assert.throws(() => Cursor.prototype.readString.call(value, 1), wrongThis);
    assert.throws(() => Reflect.get(Cursor.prototype, "position", value), wrongThis);
  }
});

one("prints without fields if it is not a cursor of an attachment", () => {
  assert.is(inspect(Object.create(Cursor.prototype)), "Cursor {}");
  assert.type(inspect(Cursor.prototype), "string");
});
one.run();

for (const { name, shm, withCursor, withSegment } of pairs) {
  const object = suite(`A cursor as an object [${name}]`);
  const core = shm.core;

  object("keeps its state out of reach", () => {
    withCursor(SIZE, (cursor) => {
      assert.equal(Reflect.ownKeys(cursor), []);
      for (let from: object = cursor; from !== Object.prototype; from = Object.getPrototypeOf(from))
        for (const [key, { get }] of Object.entries(Object.getOwnPropertyDescriptors(from)))
          if (get) assert.not.type(get.call(cursor), "object", key);
    });
  });

  object("prints its position", () => {
    withCursor(SIZE, (cursor) => {
      cursor.seek(3330);
      assert.is(
        inspect(cursor, { breakLength: Number.POSITIVE_INFINITY }),
        `Cursor { position: 3330, size: 3333, remaining: 3, core: '${core}', writable: true, state: 'open' }`,
      );
      cursor.seek(2 ** 33);
      assert.match(inspect(cursor), /position: 8589934592,.* remaining: 0,/s);
      assert.is(cursor.position, 2 ** 33);
    });
  });

  object("prints that it is read-only", () => {
    withSegment(SIZE, (segment) => {
      const cursor = segment.attach({ access: "read-only" }).cursor();
      assert.match(inspect(cursor), /writable: false/);
    });
  });

  object("prints in every state: after a grow, a dispose, and a detach", () => {
    withCursor(SIZE, (cursor, attachment) => {
      const disposed = attachment.cursor();
      disposed[Symbol.dispose]();
      const line = { breakLength: Number.POSITIVE_INFINITY };
      assert.is(inspect(disposed, line), `Cursor { size: 3333, core: '${core}', writable: true, state: 'disposed' }`);
      attachment.memory.grow(0);
      assert.match(inspect(cursor), /position: 0,/);
      attachment.detach();
      assert.is(inspect(cursor, line), `Cursor { size: 3333, core: '${core}', writable: true, state: 'detached' }`);
      assert.is(inspect(disposed, line), `Cursor { size: 3333, core: '${core}', writable: true, state: 'disposed' }`);
      assert.is(inspect({ cursor }, { depth: -1 }), "[Object]");
      assert.match(inspect([[[cursor]]], { depth: 2 }), /Cursor/);
    });
  });
  object.run();
}
