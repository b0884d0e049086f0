import { extraArgument } from "../common/arguments.js";
import { checkBytes, firstBytes, type OwnUint8Array, sliceOf } from "../common/bytes.js";
import { frameDamaged, frameTruncated } from "../common/errors.js";
import { access } from "./position.js";

const { positionOf } = access;

/** A frame's header: u32 length of the payload, u32 its CRC-32C, both little-endian. Bytes. */
const FRAME_HEADER = 8;

/**
 * Frames at the cursor: a u32 length, the u32 CRC-32C (RFC 3720) of the payload, both little-endian, and the payload.
 * Eight zero bytes are an empty frame. The checksum finds accidents, not malice.
 */
export abstract class FrameCodec {
  /**
   * Reads a frame. The payload that is returned is the same copy that the checksum was checked on.
   *
   * @returns the payload
   * @throws {ShmRangeError} `ERR_SHM_OUT_OF_BOUNDS` the position is at the end, or past it
   * @throws {ShmError} `ERR_SHM_FRAME_TRUNCATED` the window ends before the frame does; `ERR_SHM_FRAME_DAMAGED` the
   *   checksum is not the payload's
   */
  readFrame(): OwnUint8Array {
    if (arguments.length > 0) throw extraArgument("readFrame", arguments, 0);
    const at = positionOf(this);
    const start = at.peek("readFrame", 1, FRAME_HEADER);
    const { size } = at;
    const room = size - start - FRAME_HEADER;
    if (room < 0)
      throw frameTruncated(`readFrame at ${start} found ${size - start} bytes of a header of ${FRAME_HEADER}`);
    const { view } = at.window.current();
    const length = view.getUint32(start, true); // each field is read once
    const expected = view.getUint32(start + 4, true);
    if (length > room)
      throw frameTruncated(`readFrame at ${start} found a frame of ${length} bytes; ${room} remain of ${size}`);
    const payload = at.window.slice(start + FRAME_HEADER, length);
    const checksum = at.core.crc32c(payload);
    if (checksum !== expected)
      throw frameDamaged(
        `readFrame at ${start} found a frame of ${length} bytes whose crc32c is ${hexadecimal(checksum)}, not ${hexadecimal(expected)}`,
      );
    at.take("readFrame", FRAME_HEADER + length);
    return payload;
  }

  /**
   * Writes a frame of `bytes`.
   *
   * @returns bytes written: 8 more than `bytes.length`
   * @throws {ShmRangeError} `ERR_SHM_OUT_OF_BOUNDS` fewer remain
   */
  writeFrame(bytes: Uint8Array): number {
    if (arguments.length > 1) throw extraArgument("writeFrame", arguments, 1);
    const length = checkBytes("bytes", bytes);
    const at = positionOf(this);
    at.checkWritable("writeFrame");
    const start = at.peek("writeFrame", FRAME_HEADER + length);
    const payload = sliceOf(firstBytes(bytes, length)); // a copy, which no other thread can change
    const checksum = at.core.crc32c(payload);
    const window = at.window.current();
    window.write(payload, start + FRAME_HEADER, length); // first, so that a header never stands before another payload
    window.view.setUint32(start, length, true);
    window.view.setUint32(start + 4, checksum, true);
    at.take("writeFrame", FRAME_HEADER + length);
    return FRAME_HEADER + length;
  }
}

function hexadecimal(checksum: number): string {
  return `0x${checksum.toString(16).padStart(8, "0")}`;
}
