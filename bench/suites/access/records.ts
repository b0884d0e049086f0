// Records of mixed fields in a row, as a table of C structs in a segment has them. Each has 32 bytes: a u32, a u16, a
// u8, a byte of padding, a double, a float, an i32 and 8 unused bytes.
import { named, type Rival, type Timer } from "../../harness/group.js";
import { PATH } from "../../harness/path.js";
import { expectEqual } from "../../harness/proof.js";
import { KiB } from "../../harness/size.js";
import type { Variant } from "../../harness/window.js";
import { type Paths, withPaths } from "../../rivals/paths.js";

const SIZE = 64 * KiB;
const RECORD = 32;
const COUNT = SIZE / RECORD;

function fill(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SIZE);
  let sum = 0;
  for (let index = 0; index < COUNT; index++) {
    const at = RECORD * index;
    const fields = [index * 1000, index * 7, index & 255, index + 0.5, index + 0.25, -index] as const;
    view.setUint32(at, fields[0], true);
    view.setUint16(at + 4, fields[1], true);
    view.setUint8(at + 6, fields[2]);
    view.setFloat64(at + 8, fields[3], true);
    view.setFloat32(at + 16, fields[4], true);
    view.setInt32(at + 20, fields[5], true);
    sum += fields.reduce((total, field) => total + field, 0); // exact: at most two binary digits after the point
  }
  return sum;
}

function byView({ view }: Paths): () => number {
  return () => {
    let sum = 0;
    for (let at = 0; at < SIZE; at += RECORD) {
      sum += view.getUint32(at, true) + view.getUint16(at + 4, true) + view.getUint8(at + 6);
      sum += view.getFloat64(at + 8, true) + view.getFloat32(at + 16, true) + view.getInt32(at + 20, true);
    }
    return sum;
  };
}

function byBuffer(buffer: Buffer): () => number {
  return () => {
    let sum = 0;
    for (let at = 0; at < SIZE; at += RECORD) {
      sum += buffer.readUInt32LE(at) + buffer.readUInt16LE(at + 4) + buffer.readUInt8(at + 6);
      sum += buffer.readDoubleLE(at + 8) + buffer.readFloatLE(at + 16) + buffer.readInt32LE(at + 20);
    }
    return sum;
  };
}

/** One array for each type, over the same bytes. It works because the fields are aligned. */
function byArrays({ attachment: { bytes } }: Paths): () => number {
  const { buffer, byteOffset } = bytes;
  const uint32 = new Uint32Array(buffer, byteOffset, SIZE / 4);
  const uint16 = new Uint16Array(buffer, byteOffset, SIZE / 2);
  const float64 = new Float64Array(buffer, byteOffset, SIZE / 8);
  const float32 = new Float32Array(buffer, byteOffset, SIZE / 4);
  const int32 = new Int32Array(buffer, byteOffset, SIZE / 4);
  return () => {
    let sum = 0;
    for (let at = 0; at < SIZE; at += RECORD) {
      sum += (uint32[at >>> 2] as number) + (uint16[(at + 4) >>> 1] as number) + (bytes[at + 6] as number);
      sum += (float64[(at + 8) >>> 3] as number) + (float32[(at + 16) >>> 2] as number);
      sum += int32[(at + 20) >>> 2] as number;
    }
    return sum;
  };
}

function byCursor({ cursor }: Paths): () => number {
  return () => {
    let sum = 0;
    for (let at = 0; at < SIZE; at += RECORD) {
      cursor.seek(at);
      sum += cursor.readUint32() + cursor.readUint16() + cursor.readUint8();
      cursor.seek(at + 8);
      sum += cursor.readFloat64() + cursor.readFloat32() + cursor.readInt32();
    }
    return sum;
  };
}

export async function records(variant: Variant, time: Timer): Promise<void> {
  await withPaths(variant, SIZE, async (paths) => {
    const { attachment, core, buffers, native, absent } = paths;
    const rival = (name: string, path: string, run: () => number, bytes: Uint8Array = attachment.bytes): Rival => ({
      name,
      path,
      operations: COUNT,
      run,
      prove: () => expectEqual(fill(bytes), run(), `the sum of records by ${name}`),
    });
    await time({
      ...named("read a record of 6 fields", SIZE, "sequential"),
      bytes: RECORD,
      rivals: [
        rival(PATH.view, PATH.view, byView(paths)),
        rival("five typed arrays", PATH.array, byArrays(paths)),
        ...[...buffers].map(([path, buffer]) => rival(path, path, byBuffer(buffer), buffer)),
        rival(`cursor, ${core}`, core, byCursor(paths)),
        rival("native loop", PATH.native, () => native.sumRecords(COUNT)),
      ],
      absent,
    });
  });
}
