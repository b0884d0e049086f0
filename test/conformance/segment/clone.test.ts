// Segments, attachments, cursors, servers and sandboxes given to structured clone: refused, as they would arrive without their methods.
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { MessageChannel, Worker } from "node:worker_threads";
import * as assert from "uvu/assert";
import { createSandbox } from "wasm-shm";
import { suite } from "../../suite.js";
import { root } from "../../support/child.js";
import { isBun, NO_LIMIT } from "../../support/engine.js";
import { nativePairs, pairs } from "../../support/pairs.js";

const refused = (send: () => unknown, name: string): void => {
  assert.throws(send, (error: Error) => error.name === "DataCloneError" && (isBun || error.message.includes(name))); // Bun names no class
};

for (const { name, withCursor, withSegment } of pairs) {
  const clone = suite(`Structured clone [${name}]`);

  clone("refuses each object of the package, alone or inside another", () => {
    const { port1, port2 } = new MessageChannel();
    try {
      withCursor(100, (cursor, attachment) =>
        withSegment(100, (segment) => {
          for (const [object, kind] of [
            [cursor, "Cursor"],
            [attachment, "Attachment"],
            [segment, "Segment"],
          ] as const)
            for (const value of [object, [object], { it: object }, new Map([[1, object]])]) {
              refused(() => structuredClone(value), kind);
              refused(() => port1.postMessage(value), kind);
              refused(() => new Worker("", { eval: true, workerData: value }), kind);
            }
          assert.is(structuredClone(segment.id), segment.id);
        }),
      );
    } finally {
      port1.close();
      port2.close();
    }
  });

  clone("shows nothing of how: neither properties nor methods more", () => {
    withCursor(100, (cursor, attachment) =>
      withSegment(100, (segment) => {
        assert.equal(Reflect.ownKeys(segment), ["id", "size"]);
        assert.equal(Reflect.ownKeys(attachment), ["access"]);
        assert.equal(Reflect.ownKeys(cursor), []);
        for (const object of [cursor, attachment, segment]) {
          assert.is("deref" in object, false);
          assert.not(object instanceof WeakRef);
          assert.is(String(object), "[object Object]");
          assert.not.match(inspect(object, { customInspect: false }), /WeakRef/);
        }
        assert.is(JSON.stringify(segment), JSON.stringify({ id: segment.id, size: 100 }));
      }),
    );
  });
  clone("refuses a server", () =>
    withSegment(65_536, async (segment) => {
      const sizes = { capacity: 4096, answerCapacity: 1024, clients: 1 };
      await using server = segment
        .attach()
        .join({ slots: 16 })
        .service(4096, sizes)
        .serve((request) => request);
      refused(() => structuredClone(server), "Server");
    }),
  );
  clone.run();
}

const sandboxes = suite("Structured clone of a sandbox");
const guest = readFileSync(`${root}test/fixtures/hostile/exports.wasm`);
sandboxes("refuses an inline one", async () => {
  await using inline = await createSandbox(guest, { isolation: "inline" });
  refused(() => structuredClone(inline), "InlineSandbox");
});
const apart = "refuses one in a process or a thread";
if (nativePairs.length === 0) sandboxes.skip(apart, "there is no sysv host on this platform");
else
  sandboxes(apart, async () => {
    await using sandbox = await createSandbox(guest, NO_LIMIT);
    refused(() => structuredClone(sandbox), "Sandbox");
  });
sandboxes.run();
