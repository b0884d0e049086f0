// examples/numpy, run as a user would.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run, works } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

const script = `${root}build/examples/numpy/main.js`;
const example = suite("examples/numpy");
const hasNumpy = works("python3", ["-c", "import numpy"]);
if (nativePairs.length === 0) example.skip("hands frames over", "there is no sysv host on this platform");
else if (!hasNumpy && process.env["WASM_SHM_PEERS"] !== "required")
  example.skip("hands frames over", "no python3 with NumPy is installed");
else
  example("hands frames to NumPy and back, in place", () => {
    const ended = run(process.execPath, [script, "40"]);
    assert.equal([ended.code, ended.stderr], [0, ""]);
    assert.is(ended.stdout, "40 frames of 640 x 360 through NumPy and back, 0 wrong\n");
  });
example("says what is missing", () => {
  const ended = run(process.execPath, [script], { env: { PATH: "/nonexistent" } });
  assert.equal([ended.code, ended.stderr], [1, "python3 has no NumPy here: apt install python3-numpy\n"]);
});
example.run();
