// Copies between a window and an array that got longer after its length was checked, as another thread grew its buffer.
import * as assert from "uvu/assert";
import { Window } from "#src/memory/window.js";
import { suite } from "../suite.js";

const SIZE = 65_536;
const MARK = 5;

interface Growable {
  new (length: number, options: { maxByteLength: number }): SharedArrayBuffer;
}

const windows = suite("Window");
/** Lengths that were checked, of each way to copy without native code, and how long the array is when it is copied. */
const lengths = [
  [1, 2],
  [16, 40],
  [64, 65],
  [64, 4096],
  [65, 66],
  [2048, 4096],
] as const;

if (!("growable" in SharedArrayBuffer.prototype))
  windows.skip("copies what was checked", "this engine has no growable buffers");
else
  for (const [checked, length] of lengths) {
    const ofWindow = (): Window => new Window(new WebAssembly.Memory({ initial: 2 }), SIZE, SIZE, {});
    const grown = (): Uint8Array => {
      const buffer = new (SharedArrayBuffer as unknown as Growable)(checked, { maxByteLength: length });
      const array = new Uint8Array(buffer);
      (buffer as unknown as { grow(length: number): void }).grow(length);
      return array;
    };

    windows(`writes ${checked} of ${length} bytes, again and again`, () => {
      const window = ofWindow();
      const array = grown().fill(MARK);
      for (let count = 0; count < 200; count++) {
        window.bytes.fill(0);
        window.write(array, 8, checked);
        assert.is(window.bytes[8 + checked - 1], MARK);
        assert.is(window.bytes[8 + checked], 0, `write ${count}`);
      }
    });

    windows(`fills ${checked} of ${length} bytes`, () => {
      const window = ofWindow();
      window.bytes.fill(MARK);
      const array = grown();
      window.read(array, 8, checked);
      assert.equal([array[checked - 1], array[checked]], [MARK, 0]);
    });
  }

windows("writes an array again and again, also at the window's end, and after it has changed", () => {
  const window = new Window(new WebAssembly.Memory({ initial: 2 }), SIZE, SIZE, {});
  const array = new Uint8Array(16);
  for (let count = 0; count < 200; count++) {
    array.fill(count);
    window.write(array, SIZE - 16, 16);
    assert.is(window.bytes[SIZE - 1], count);
    window.write(array.subarray(0, 3), 0, 3);
    assert.equal([...window.bytes.subarray(0, 4)], [count, count, count, 0]);
  }
});
windows.run();
