import { checkBytes, copyBytes, firstBytes } from "../common/bytes.js";
import { frameDamaged, frameTruncated } from "../common/errors.js";
import { ArrayCursor } from "./array.js";

/** A frame's header: u32 length of the payload, u32 its CRC-32C, both little-endian. Bytes. */
export const FRAME_HEADER = 8;

/**
 * Frames at the cursor: a u32 length, the u32 CRC-32C (RFC 3720) of the payload, both little-endian, and the payload.
 * Eight zero bytes are a frame of nothing. The checksum finds accidents, not malice.
 */
export abstract class FrameCursor extends ArrayCursor {
  /**
   * Reads a frame; what is returned is the very copy that the checksum was checked on.
   *
   * @returns the payload
   * @throws {ShmRangeError} `ERR_SHM_OUT_OF_BOUNDS` the position is at the end, or past it
   * @throws {ShmError} `ERR_SHM_FRAME_TRUNCATED` it is cut short by the window's end; `ERR_SHM_FRAME_DAMAGED` the
   *   checksum is not the payload's
   */
  readFrame(): Uint8Array<ArrayBuffer> {
    this.checkOpen("readFrame");
    const { position, remaining, size } = this;
    if (remaining === 0) this.require("readFrame", FRAME_HEADER);
    const room = remaining - FRAME_HEADER;
    if (room < 0)
      throw frameTruncated(`readFrame at ${position} found ${remaining} bytes of a header of ${FRAME_HEADER}`);
    const header = new DataView(this.copy(position, FRAME_HEADER).buffer);
    const length = header.getUint32(0, true);
    if (length > room)
      throw frameTruncated(`readFrame at ${position} found a frame of ${length} bytes; ${room} remain of ${size}`);
    const payload = this.copy(position + FRAME_HEADER, length);
    const checksum = this.running.crc32c(payload);
    const expected = header.getUint32(4, true);
    if (checksum !== expected)
      throw frameDamaged(
        `readFrame at ${position} found a frame of ${length} bytes whose crc32c is ${hexadecimal(checksum)}, not ${hexadecimal(expected)}`,
      );
    this.take("readFrame", FRAME_HEADER + length);
    return payload;
  }

  /**
   * Writes a frame of `bytes`.
   *
   * @returns bytes it took: 8 more than `bytes.length`
   * @throws {ShmRangeError} `ERR_SHM_OUT_OF_BOUNDS` fewer remain
   */
  writeFrame(bytes: Uint8Array): number {
    const length = checkBytes("bytes", bytes);
    this.checkWritable("writeFrame");
    const start = this.require("writeFrame", FRAME_HEADER + length);
    const payload = firstBytes(bytes, length).slice(); // from here on nobody changes it
    const header = new DataView(new ArrayBuffer(FRAME_HEADER));
    header.setUint32(0, length, true);
    header.setUint32(4, this.running.crc32c(payload), true);
    const window = this.window.current().bytes;
    copyBytes(window, payload, start + FRAME_HEADER); // first, so that a header never stands before another payload
    copyBytes(window, new Uint8Array(header.buffer), start);
    this.take("writeFrame", FRAME_HEADER + length);
    return FRAME_HEADER + length;
  }
}

function hexadecimal(checksum: number): string {
  return `0x${checksum.toString(16).padStart(8, "0")}`;
}
