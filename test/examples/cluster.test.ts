// examples/cluster, run as a user would: no lookup is wrong while the table is replaced, and no segment is left.
import * as assert from "uvu/assert";
import { list } from "wasm-shm";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

const script = `${root}build/examples/cluster/main.js`;
const example = suite("examples/cluster");
if (nativePairs.length === 0) example.skip("looks up", "there is no sysv host on this platform");
else {
  example("looks up in tables that are replaced, and leaves none", () => {
    const before = new Set(list().map(({ id }) => id));
    const ended = run(process.execPath, [script, "2"]);
    assert.equal([ended.code, ended.stderr], [0, ""]);
    const workers = ended.stdout.match(/^worker \d: 250000 lookups, 0 wrong, [1-4] attached$/gm);
    assert.is(workers?.length, 2, ended.stdout);
    assert.match(ended.stdout, /^primary: 5 tables of 800000 bytes, one at a time$/m);
    assert.not.ok(list().some(({ id, size }) => !before.has(id) && size === 800_000));
  });
  example("used wrongly says how", () => {
    assert.match(run(process.execPath, [script, "many"]).stderr, /WORKERS is 1 to 64, not many/);
  });
}
example.run();
