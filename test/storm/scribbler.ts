// The peer of a storm: a process that rewrites the bytes of segments all the time, until it is killed. Its arguments are
// ids of segments. What it writes is nearly text, nearly numbers and nearly frames, as that is what readers trust.
import { open } from "wasm-shm";
import { Random } from "../support/random.js";

const random = new Random(1);
const encoder = new TextEncoder();
const pieces = [
  encoder.encode("a".repeat(3000)),
  encoder.encode("€".repeat(1000)),
  encoder.encode("a€".repeat(700)),
  new Uint8Array(1000),
  new Uint8Array(3000).fill(0xff),
  new Uint8Array(Float64Array.from({ length: 300 }, (_, index) => (index % 3 === 0 ? Number.NaN : -index)).buffer),
  new Uint8Array(Uint32Array.of(200, 0xdecafbad, 0x80808080, 0xffffffff, 7).buffer),
  Uint8Array.of(0x80, 0x80, 0x80, 0x01, 0xc2, 0x00, 0xed, 0xa0),
];

const windows = process.argv.slice(2).map((id) => open(Number(id)).attach().bytes);
process.stdout.write("ready\n");
for (;;) {
  const bytes = random.of(windows);
  const piece = random.of(pieces);
  const length = Math.min(piece.length, bytes.length);
  bytes.set(piece.subarray(0, length), random.below(bytes.length - length + 1));
  bytes[random.below(bytes.length)] = random.word();
}
