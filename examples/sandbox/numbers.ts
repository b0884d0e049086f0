// The second process: opens a segment by its id and fills it with floats.
import { open } from "wasm-shm";

const segment = open(Number(process.argv[2]));
const attachment = segment.attach();
const floats = new Float32Array(attachment.memory.buffer, attachment.byteOffset, segment.size / 4);
// Multiples of 1/8 below 125: the f64 sum of up to 2^53 / 1000 of them is exact in any order.
for (let index = 0; index < floats.length; index++) floats[index] = (index % 1000) / 8;
segment[Symbol.dispose]();
