// Access other than read-write on the local host, which has no pages to protect: a copy, or the segment itself.
import * as assert from "uvu/assert";
import { localHost } from "#src/host/local.js";
import { suite } from "../suite.js";
import { PAGE, withGuarded } from "./guarded.js";

const memory = suite("Access on the local host");
memory("copy-on-write is a copy, discard makes it again, and all its pages are private", () => {
  const host = localHost();
  withGuarded(
    3 * PAGE + 5,
    "copy-on-write",
    ({ mapping, bytes, seen }) => {
      assert.is(host.privatePages(mapping), 4);
      assert.is(bytes.length, 3 * PAGE + 5);
      seen[3 * PAGE + 4] = 7;
      bytes[0] = 1;
      assert.is(seen[0], 0);
      assert.is(bytes[3 * PAGE + 4], 0);
      assert.is(host.discard(mapping), 0);
      assert.is(bytes[0], 0);
      assert.is(bytes[3 * PAGE + 4], 7);
      assert.ok(host.isInPlace(mapping));
    },
    host,
  );
});
memory("read-only is the segment itself, with nothing private", () => {
  const host = localHost();
  withGuarded(
    PAGE,
    "read-only",
    ({ mapping, bytes, seen }) => {
      seen[1] = 3;
      assert.is(bytes[1], 3);
      assert.is(host.privatePages(mapping), 0);
      assert.is(host.discard(mapping), 0);
    },
    host,
  );
});
memory.run();
