// Image files: reads PPM and PNG, writes PGM.
import { inflateSync } from "node:zlib";

export interface Image {
  width: number;
  height: number;
  /** Red, green, blue, alpha: 4 bytes per pixel, row by row. */
  pixels: Uint8Array;
}

const PNG_SIGNATURE = "89504e470d0a1a0a";

/** @throws {Error} the file is neither a PNG nor a PPM, or of a kind that this example does not read */
export function readImage(file: Buffer): Image {
  if (file.subarray(0, 8).toString("hex") === PNG_SIGNATURE) return readPng(file);
  if (file.subarray(0, 2).toString("latin1") === "P6") return readPpm(file);
  throw new Error("it is neither a PNG nor a binary PPM (P6)");
}

/** Converts samples of `channels` bytes per pixel (gray, gray and alpha, RGB or RGBA) to RGBA. */
function toPixels(width: number, height: number, samples: Uint8Array, channels: number): Image {
  const pixels = new Uint8Array(4 * width * height).fill(255);
  const colors = channels < 3 ? 1 : 3;
  for (let index = 0; index < width * height; index++) {
    for (let color = 0; color < 3; color++)
      pixels[4 * index + color] = samples[channels * index + (color % colors)] as number;
    if (channels % 2 === 0) pixels[4 * index + 3] = samples[channels * index + channels - 1] as number;
  }
  return { width, height, pixels };
}

/** https://netpbm.sourceforge.net/doc/ppm.html, without comments in the header. */
function readPpm(file: Buffer): Image {
  const found = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(file.subarray(0, 80).toString("latin1"));
  if (!found) throw new Error("its header is not that of a PPM with 8 bits per sample");
  const [header, width, height] = [found[0], Number(found[1]), Number(found[2])];
  const samples = file.subarray(header.length);
  if (width * height === 0 || samples.length < 3 * width * height) throw new Error("its pixels are cut short");
  return toPixels(width, height, samples, 3);
}

/** Bytes per pixel by PNG color type; palettes are not supported. */
const channelsOf: Record<number, number> = { 0: 1, 2: 3, 4: 2, 6: 4 };

/** https://www.w3.org/TR/png-3/: 8 bits per sample, not interlaced. Checksums are not verified. */
function readPng(file: Buffer): Image {
  const parts: Buffer[] = [];
  let [width, height, channels] = [0, 0, 0];
  for (let at = 8; at + 12 <= file.length; at += 12 + file.readUInt32BE(at)) {
    const type = file.toString("latin1", at + 4, at + 8);
    const data = file.subarray(at + 8, at + 8 + file.readUInt32BE(at));
    if (type === "IDAT") parts.push(data);
    if (type !== "IHDR") continue;
    [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
    channels = channelsOf[data[9] as number] ?? 0;
    if (data[8] !== 8 || channels === 0 || data[12] !== 0)
      throw new Error("it is a PNG with a palette, interlaced, or not with 8 bits per sample");
  }
  const stride = width * channels;
  const rows = inflateSync(Buffer.concat(parts));
  if (stride === 0 || rows.length < height * (stride + 1)) throw new Error("its pixels are cut short");
  return toPixels(width, height, unfilter(rows, stride, height, channels), channels);
}

/** Reverses the filter of each row. https://www.w3.org/TR/png-3/#9Filters */
function unfilter(rows: Uint8Array, stride: number, height: number, channels: number): Uint8Array {
  const samples = new Uint8Array(stride * height);
  for (let row = 0; row < height; row++) {
    const filter = rows[row * (stride + 1)] as number;
    for (let column = 0; column < stride; column++) {
      const at = row * stride + column;
      const left = column < channels ? 0 : (samples[at - channels] as number);
      const above = row === 0 ? 0 : (samples[at - stride] as number);
      const corner = row === 0 || column < channels ? 0 : (samples[at - stride - channels] as number);
      const predicted = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter] ?? 0;
      samples[at] = (rows[row * (stride + 1) + 1 + column] as number) + predicted;
    }
  }
  return samples;
}

function paeth(left: number, above: number, corner: number): number {
  const estimate = left + above - corner;
  const [byLeft, byAbove, byCorner] = [left, above, corner].map((value) => Math.abs(estimate - value)) as [
    number,
    number,
    number,
  ];
  if (byLeft <= byAbove && byLeft <= byCorner) return left;
  return byAbove <= byCorner ? above : corner;
}

/** Encodes gray RGBA pixels as a PGM. https://netpbm.sourceforge.net/doc/pgm.html */
export function pgmOf({ width, height, pixels }: Image): Uint8Array {
  const header = Buffer.from(`P5\n${width} ${height}\n255\n`, "latin1");
  const file = new Uint8Array(header.length + width * height);
  file.set(header);
  for (let index = 0; index < width * height; index++) file[header.length + index] = pixels[4 * index] as number;
  return file;
}
