// examples/image, run as a user would, if sharp is installed in its folder.
import { existsSync } from "node:fs";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

const script = `${root}build/examples/image/main.js`;
const example = suite("examples/image");
const hasSharp = existsSync(`${root}examples/image/node_modules/sharp`);
if (nativePairs.length === 0) example.skip("makes a thumbnail", "there is no sysv host on this platform");
else if (!hasSharp) {
  example.skip("makes a thumbnail", "sharp is not installed: npm install in examples/image");
  example("says what is missing", () => {
    const ended = run(process.execPath, [script]);
    assert.equal([ended.code, ended.stderr], [1, "sharp is not installed: npm install in examples/image\n"]);
  });
} else
  example("makes a thumbnail of pixels in a segment, in a second process", () => {
    const ended = run(process.execPath, [script]);
    assert.equal([ended.code, ended.stderr], [0, ""]);
    assert.match(ended.stdout, /^1200 x 800, 3840000 bytes .* segment \d+; a thumbnail of 120 x 80 made of them\n$/);
  });
example.run();
