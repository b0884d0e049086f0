// What Segment and Attachment are as objects: users cannot construct one, and console.log prints what they want to know.
import { inspect } from "node:util";
import * as assert from "uvu/assert";
import { Attachment, createShm, localHost, Segment } from "wasm-shm";
import { suite } from "../../suite.js";
import { code, pairs } from "../../support/pairs.js";

const SIZE = 3333;

for (const { name, shm, native, withSegment } of pairs) {
  const illegal = suite(`Constructors [${name}]`);

  illegal("refuse every other caller, with what makes such an object", () => {
    withSegment(SIZE, (segment) => {
      const attachment = segment.attach();
      for (const [object, from] of [
        [segment, /^Illegal constructor: Segment objects come from create\(\), open\(\) and openSegment\(\)$/],
        [attachment, /^Illegal constructor: Attachment objects come from segment\.attach\(\)$/],
      ] as const) {
        const Type = object.constructor as new (...values: unknown[]) => object;
        class Derived extends Type {}
        for (const construct of [
          () => new Type(),
          () => new Type(Symbol("make"), segment, attachment),
          () => new Derived(),
          () => Reflect.construct(Type, [undefined, {}, 1, 2, true]),
        ])
          assert.throws(
            construct,
            (error: unknown) => error instanceof TypeError && code("ERR_ILLEGAL_CONSTRUCTOR", from)(error),
          );
      }
      assert.is(segment.stat().nattch, 1);
    });
  });
  illegal.run();

  const printed = suite(`util.inspect [${name}]`);

  printed("a Segment shows its id, size, state and attachments", () => {
    withSegment(SIZE, (segment) => {
      const { id } = segment;
      const shown = (state: string, attachments: number): string =>
        `Segment { id: ${id}, size: 3333, state: '${state}', attachments: ${attachments} }`;
      assert.is(inspect(segment), shown("live", 0));
      const attachment = segment.attach();
      segment.readChunk(1);
      assert.is(inspect(segment), shown("live", 2));
      attachment.detach();
      assert.is(inspect(segment), shown("live", 1));
      segment.destroy();
      assert.is(inspect(segment), shown("destroyed", 0));
      segment[Symbol.dispose]();
      assert.is(inspect(segment), shown("disposed", 0));
    });
  });

  printed("an Attachment shows where it is, what it may do, and its private pages", () => {
    withSegment(3 * 4096, (segment) => {
      const fieldsOf = (attachment: Attachment): Record<string, unknown> => {
        const text = inspect(attachment, { compact: true, breakLength: Number.POSITIVE_INFINITY });
        assert.match(text, /^Attachment \{ /);
        return Object.fromEntries(
          text
            .slice("Attachment { ".length, -" }".length)
            .split(", ")
            .map((field) => field.split(": ")),
        );
      };
      const attachment = segment.attach({ access: "copy-on-write", offset: 4096 });
      const common = {
        segment: `${segment.id}`,
        access: "'copy-on-write'",
        byteOffset: "65536",
        byteLength: "8192",
        core: `'${shm.core}'`,
      };
      attachment.fill(1, 0, 1);
      assert.equal(fieldsOf(attachment), { ...common, state: "'attached'", privatePages: native ? "1" : "2" });
      attachment.detach();
      assert.equal(fieldsOf(attachment), { ...common, state: "'detached'" });
      segment[Symbol.dispose]();
      assert.equal(fieldsOf(attachment), { ...common, state: "'detached'" });
    });
  });

  printed("nested, at any depth and with colours, neither throws nor shows internals", () => {
    withSegment(SIZE, (segment) => {
      const attachment = segment.attach();
      const nested = { list: [{ segment, attachment }] };
      for (const depth of [0, 1, 2, 3, null])
        for (const colors of [true, false]) {
          const text = inspect(nested, { depth, colors, showHidden: true });
          assert.not.match(text, /#|host|parts|lifetime|Symbol|link/i);
        }
      assert.match(inspect(nested, { depth: 3 }), /segment: Segment \{[^}]*id: \d+[^}]*\}/);
      assert.match(inspect(nested, { depth: 3 }), /attachment: Attachment \{[^}]*core: '\w+'[^}]*\}/);
      assert.match(inspect(new Map([[segment, attachment]])), /Segment \{[\s\S]*=> Attachment \{/);
    });
  });
  printed.run();
}

const awkward = suite("util.inspect of what is broken");
awkward("does not throw if the host does, or if the object is one by prototype alone", () => {
  const inner = localHost();
  const host = new Proxy(inner, {
    get(target, name) {
      if (name === "privatePages") return () => assert.unreachable();
      const value = Reflect.get(target, name) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const segment = createShm({ host }).create(10);
  assert.match(inspect(segment.attach({ access: "read-only" })), /^Attachment \{[\s\S]*state: 'attached'\s*\}$/);
  for (const Type of [Segment, Attachment]) {
    assert.type(inspect(Type.prototype), "string");
    assert.is(inspect(Object.create(Type.prototype)), `${Type.name} {}`);
    assert.match(inspect(Type), new RegExp(`class ${Type.name}`));
  }
});
awkward.run();
