// Errors about values that cannot be described: what is thrown is still the error that was meant.
import * as assert from "uvu/assert";
import { suite } from "../../suite.js";
import { code, pairs } from "../../support/pairs.js";

/** JSON has six characters for each. */
const nuls = "\0".repeat(1e8);

const Odd = Object.defineProperty(class {}, "name", { value: Symbol("odd") });

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const { proxy: revokedFunction, revoke: revokeFunction } = Proxy.revocable(() => 1, {});
revokeFunction();

const odd: Record<string, unknown> = {
  "a class whose name is a symbol": Odd,
  "an object of such a class": new Odd(),
  "a revoked Proxy": revoked,
  "a revoked Proxy of a function": revokedFunction,
  "an object without a prototype": Object.create(null),
  "an object whose constructor has a getter that throws": {
    get constructor(): never {
      throw new Error("no");
    },
  },
};

for (const { name, shm, withCursor } of pairs.filter(({ name }) => name.endsWith("wasm"))) {
  const messages = suite(`Messages of errors [${name}]`);

  for (const [what, value] of Object.entries(odd))
    messages(`${what} is refused by its type`, () => {
      withCursor(64, (cursor) => {
        assert.throws(() => cursor.writeUint8(value as number), code("ERR_INVALID_ARG_TYPE", /Received \w+/));
        assert.throws(() => shm.create(value as number), code("ERR_INVALID_ARG_TYPE", /Received \w+/));
      });
    });

  messages("a long text is cut", () => {
    withCursor(64, (cursor) => {
      const isShort = (error: unknown): boolean =>
        code("ERR_OUT_OF_RANGE", /Received "\\u0000/)(error) && (error as Error).message.length < 300;
      assert.throws(() => cursor.writeCString(nuls), isShort);
      assert.throws(() => cursor.writeFixedText(nuls, 8), isShort);
      if (shm.host.name === "sysv") assert.throws(() => shm.ftok(nuls, 1), isShort);
      assert.throws(() => cursor.writeFixedText("é€", 8, { encoding: "latin1" }), code("ERR_OUT_OF_RANGE", /"é€"/));
    });
  });
  messages.run();
}
