// attachment.view and attachment.buffer: the elements themselves, one object until the memory grows.
import { runInNewContext } from "node:vm";
import * as assert from "uvu/assert";
import * as portable from "wasm-shm/portable";
import { suite } from "../../suite.js";
import { code, nativePairs, PLAIN, pairs } from "../../support/pairs.js";

const SIZE = 3333;

for (const { name, withAttachment } of pairs) {
  const view = suite(`Attachment.view [${name}]`);

  view("is the elements themselves, of every type, from an offset", () => {
    withAttachment(SIZE, (attachment) => {
      for (const Type of [Int8Array, Uint8ClampedArray, Uint16Array, Float32Array, Float64Array, BigUint64Array]) {
        const width = Type.BYTES_PER_ELEMENT;
        const array = attachment.view(Type as unknown as typeof Uint8Array, 8 * width, 3);
        assert.instance(array, Type);
        assert.equal([array.byteOffset - attachment.byteOffset, array.length], [8 * width, 3]);
        attachment.bytes.fill(0xff, 8 * width, 9 * width);
        assert.equal([...new Uint8Array(array.buffer, array.byteOffset, width)], new Array(width).fill(0xff));
      }
    });
  });

  view("has all whole elements by default", () => {
    withAttachment(SIZE, (attachment) => {
      assert.is(attachment.view(Float64Array).length, 416);
      assert.is(attachment.view(Float64Array, 3328).length, 0);
      assert.is(attachment.view(Uint8Array, SIZE).length, 0);
      assert.is(attachment.view(Uint32Array, 4).length, 832);
    });
  });

  view("is the same array if the arguments are", () => {
    withAttachment(SIZE, (attachment) => {
      const first = attachment.view(Float32Array);
      assert.is(attachment.view(Float32Array), first);
      assert.is(attachment.view(Float32Array, 0, 833), first);
      const other = attachment.view(Float32Array, 4);
      assert.is.not(other, first);
      assert.is(attachment.view(Float32Array, 4), other);
      assert.is.not(attachment.view(Int32Array), attachment.view(Uint32Array) as unknown as Int32Array);
    });
  });

  view("refuses what is not inside, misaligned, or of no type, and a detached attachment", () => {
    withAttachment(SIZE, (attachment) => {
      for (const [offset, length] of [[3334], [-4], [0.5], [0, 834], [3332, 1], [0, -1], [4, 0.5]] as [
        number,
        number,
      ][])
        assert.throws(() => attachment.view(Float32Array, offset, length), code("ERR_OUT_OF_RANGE"));
      assert.throws(() => attachment.view(Float32Array, 2), code("ERR_SHM_MISALIGNED", /view of Float32Array at 2/));
      for (const Type of [Buffer, class extends Uint8Array {}, Array, "Float32Array", undefined])
        assert.throws(() => attachment.view(Type as typeof Uint8Array), code("ERR_INVALID_ARG_TYPE"));
      assert.throws(() => attachment.view(Uint8Array, "0" as unknown as number), code("ERR_INVALID_ARG_TYPE"));
      attachment.detach();
      assert.throws(() => attachment.view(Float32Array), code("ERR_SHM_DETACHED"));
      assert.throws(() => attachment.buffer, code("ERR_SHM_DETACHED"));
    });
  });

  view("takes the constructors of another realm", () => {
    withAttachment(SIZE, (attachment) => {
      const Other = runInNewContext("Uint16Array") as typeof Uint16Array;
      const array = attachment.view(Other, 2, 5);
      assert.ok(array instanceof Other);
      assert.is(attachment.view(Other, 2, 5), array);
    });
  });
  view.run();

  const buffer = suite(`Attachment.buffer [${name}]`);
  buffer("is the window as a Buffer, the same one each time", () => {
    withAttachment(SIZE, (attachment) => {
      const whole = attachment.buffer;
      assert.ok(Buffer.isBuffer(whole));
      assert.is(attachment.buffer, whole);
      whole.writeUInt32LE(0xfeedface, 8);
      assert.is(attachment.view(Uint32Array)[2], 0xfeedface);
      assert.equal([whole.byteOffset, whole.length], [attachment.byteOffset, SIZE]);
    });
  });
  buffer.run();
}

for (const { name, withSegment, withAttachment } of nativePairs) {
  const grown = suite(`Views in a memory that grows [${name}]`);
  grown("are made again, where the window still is", () => {
    withSegment(SIZE, (segment) => {
      const memory = new WebAssembly.Memory({ initial: 4, maximum: 8 });
      const attachment = segment.attach({ into: { memory, byteOffset: 65536 } });
      const [view, buffer] = [attachment.view(Int32Array, 8), attachment.buffer];
      view[0] = 7;
      memory.grow(1);
      assert.equal([view.length, buffer.length], [0, 0]);
      assert.is(attachment.view(Int32Array, 8)[0], 7);
      assert.is(attachment.buffer[8], 7);
      assert.is(attachment.view(Int32Array, 8), attachment.view(Int32Array, 8));
    });
  });
  grown("are views of the kind of memory that was asked for", () => {
    withAttachment(SIZE, (attachment) => assert.instance(attachment.view(Int8Array).buffer, ArrayBuffer), PLAIN);
    withAttachment(SIZE, (attachment) => assert.instance(attachment.view(Int8Array).buffer, SharedArrayBuffer));
  });
  grown.run();
}

const elsewhere = suite("wasm-shm/portable");
elsewhere("has a Uint8Array as the buffer, which is the bytes", () => {
  const attachment = portable.create(SIZE).attach();
  assert.is(attachment.buffer, attachment.bytes);
});
elsewhere.run();
