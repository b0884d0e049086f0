// Passes over a window of float64, by each access path.
import { PATH } from "../../harness/path.js";
import { loopsOn } from "../../rivals/loops.js";
import { numbersOf, type Paths } from "../../rivals/paths.js";

/** Bytes of a number. */
export const WIDTH = 8;

/** Reads or stores `count` numbers in a row, from `start` on. Reads return their sum, writes any number. */
export type Pass = (start: number, count: number) => number;

/** The same at each of the offsets. */
export type PassAt = (offsets: Uint32Array) => number;

/** The passes of one access path. */
export interface Passes {
  readonly name: string;
  readonly path: string;
  /** The bytes that it works on. */
  readonly bytes: Uint8Array;
  readonly read: Pass;
  readonly write: Pass;
  readonly readAt?: PassAt;
  readonly writeAt?: PassAt;
}

// Every pass is written out. A function with the method as an argument would time the call of that argument.

function byView({ view, attachment: { bytes } }: Paths): Passes {
  return {
    name: PATH.view,
    path: PATH.view,
    bytes,
    read(start, count) {
      let sum = 0;
      for (let offset = start; offset < start + WIDTH * count; offset += WIDTH) sum += view.getFloat64(offset, true);
      return sum;
    },
    write(start, count) {
      for (let offset = start; offset < start + WIDTH * count; offset += WIDTH) view.setFloat64(offset, offset, true);
      return count;
    },
    readAt(offsets) {
      let sum = 0;
      for (let index = 0; index < offsets.length; index++) sum += view.getFloat64(offsets[index] as number, true);
      return sum;
    },
    writeAt(offsets) {
      for (let index = 0; index < offsets.length; index++) {
        const offset = offsets[index] as number;
        view.setFloat64(offset, offset, true);
      }
      return offsets.length;
    },
  };
}

function byBuffer(path: string, buffer: Buffer): Passes {
  return {
    name: path === PATH.mmap ? `${path}, a file in /dev/shm` : path,
    path,
    bytes: buffer,
    read(start, count) {
      let sum = 0;
      for (let offset = start; offset < start + WIDTH * count; offset += WIDTH) sum += buffer.readDoubleLE(offset);
      return sum;
    },
    write(start, count) {
      for (let offset = start; offset < start + WIDTH * count; offset += WIDTH) buffer.writeDoubleLE(offset, offset);
      return count;
    },
    readAt(offsets) {
      let sum = 0;
      for (let index = 0; index < offsets.length; index++) sum += buffer.readDoubleLE(offsets[index] as number);
      return sum;
    },
    writeAt(offsets) {
      for (let index = 0; index < offsets.length; index++) {
        const offset = offsets[index] as number;
        buffer.writeDoubleLE(offset, offset);
      }
      return offsets.length;
    },
  };
}

function byArray(paths: Paths): Passes {
  const numbers = numbersOf(paths);
  return {
    name: "Float64Array",
    path: PATH.array,
    bytes: paths.attachment.bytes,
    read(start, count) {
      let sum = 0;
      for (let index = start / WIDTH; index < start / WIDTH + count; index++) sum += numbers[index] as number;
      return sum;
    },
    write(start, count) {
      for (let index = start / WIDTH; index < start / WIDTH + count; index++) numbers[index] = WIDTH * index;
      return count;
    },
    readAt(offsets) {
      let sum = 0;
      for (let index = 0; index < offsets.length; index++) sum += numbers[(offsets[index] as number) >>> 3] as number;
      return sum;
    },
    writeAt(offsets) {
      for (let index = 0; index < offsets.length; index++) {
        const offset = offsets[index] as number;
        numbers[offset >>> 3] = offset;
      }
      return offsets.length;
    },
  };
}

function byCursor({ cursor, core, attachment: { bytes } }: Paths): Passes {
  return {
    name: `cursor, ${core}`,
    path: core,
    bytes,
    read(start, count) {
      cursor.seek(start);
      let sum = 0;
      for (let index = 0; index < count; index++) sum += cursor.readFloat64();
      return sum;
    },
    write(start, count) {
      cursor.seek(start);
      for (let index = 0; index < count; index++) cursor.writeFloat64(start + WIDTH * index);
      return count;
    },
    readAt(offsets) {
      let sum = 0;
      for (let index = 0; index < offsets.length; index++) {
        cursor.seek(offsets[index] as number);
        sum += cursor.readFloat64();
      }
      return sum;
    },
    writeAt(offsets) {
      for (let index = 0; index < offsets.length; index++) {
        const offset = offsets[index] as number;
        cursor.seek(offset);
        cursor.writeFloat64(offset);
      }
      return offsets.length;
    },
  };
}

function byCall({ native, attachment: { bytes } }: Paths): Passes {
  return {
    name: "N-API call for each",
    path: PATH.call,
    bytes,
    read(start, count) {
      let sum = 0;
      for (let offset = start; offset < start + WIDTH * count; offset += WIDTH) sum += native.readFloat64(offset);
      return sum;
    },
    write(start, count) {
      for (let offset = start; offset < start + WIDTH * count; offset += WIDTH) native.writeFloat64(offset, offset);
      return count;
    },
    readAt(offsets) {
      let sum = 0;
      for (let index = 0; index < offsets.length; index++) sum += native.readFloat64(offsets[index] as number);
      return sum;
    },
    writeAt(offsets) {
      for (let index = 0; index < offsets.length; index++) {
        const offset = offsets[index] as number;
        native.writeFloat64(offset, offset);
      }
      return offsets.length;
    },
  };
}

function byNative({ native, attachment: { bytes } }: Paths): Passes {
  return {
    name: "native loop",
    path: PATH.native,
    bytes,
    read: (start, count) => native.sumFrom(start, count),
    write(start, count) {
      native.storeFrom(start, count);
      return count;
    },
    readAt: (offsets) => native.sumAt(offsets),
    writeAt(offsets) {
      native.storeAt(offsets);
      return offsets.length;
    },
  };
}

/** Passes in a row only: for random access the offsets would have to be in the module's memory. */
async function byWasm({ attachment }: Paths): Promise<Passes> {
  const { bytes, byteOffset } = attachment;
  const loops = await loopsOn(attachment);
  return {
    name: PATH.wasm,
    path: PATH.wasm,
    bytes,
    read: (start, count) => loops.sumFrom(byteOffset + start, count),
    write(start, count) {
      loops.storeFrom(byteOffset + start, start, count);
      return count;
    },
  };
}

/** The passes of all paths. */
export async function passesOf(paths: Paths): Promise<Passes[]> {
  return [
    byView(paths),
    byArray(paths),
    ...[...paths.buffers].map(([path, buffer]) => byBuffer(path, buffer)),
    byCursor(paths),
    byCall(paths),
    await byWasm(paths),
    byNative(paths),
  ];
}
