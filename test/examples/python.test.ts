// examples/python, run as a user would.
import * as assert from "uvu/assert";
import { list } from "wasm-shm";
import { suite } from "../suite.js";
import { root, run, works } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

const script = `${root}build/examples/python/main.js`;
const example = suite("examples/python");
const hasPeer = ["python3", "/usr/bin/python3"].some((command) => works(command, ["-c", "import sysv_ipc"]));
const required = process.env["WASM_SHM_PEERS"] === "required";

if (nativePairs.length === 0) example.skip("sums what Python wrote", "there is no sysv host on this platform");
else {
  if (!hasPeer && !required) example.skip("sums what Python wrote", "no python3 with sysv_ipc is installed");
  else
    example("sums what Python wrote, in place, and Python agrees", () => {
      const before = new Set(list().map(({ id }) => id));
      const ended = run(process.execPath, [script, "12345"]);
      assert.is(ended.code, 0, ended.stderr);
      assert.match(
        ended.stdout,
        /^python: wrote 12345 numbers\nnode: {3}summed them in place: (\d+\.\d{6})\npython: read the sum \1, and agrees\n$/,
      );
      assert.is(ended.stderr, "");
      const mine = list().filter(({ id, size }) => !before.has(id) && size === 12346 * 8);
      assert.equal(mine, []);
    });

  example("says what is missing if Python has no such module, and what is wrong with a count", () => {
    const bare = run(process.execPath, [script], { env: { PATH: "/nonexistent", PYTHONPATH: "/nonexistent" } });
    if (bare.code !== 0) assert.match(bare.stderr, /apt install python3-sysv-ipc/);
    else assert.ok(hasPeer); // the system's own was found by its path
    const wrong = run(process.execPath, [script, "many"]);
    assert.is(wrong.code, 1);
    assert.match(wrong.stderr, /COUNT is how many numbers, not many/);
  });
}
example.run();
