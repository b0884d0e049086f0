// A participant in a process of its own: node participant.js PRIMITIVE SEGMENT. It ends by a kill.
import { open } from "wasm-shm";
import { type Primitive, place, work } from "../workload.js";

const [, , primitive, id] = process.argv;
const attachment = open(Number(id)).attach();
const words = new Int32Array(attachment.memory.buffer, attachment.byteOffset, Math.floor(attachment.byteLength / 4));
const domain = attachment.join();
console.log("joined", place.data);
let steps = 0;
await work(primitive as Primitive, domain, words, () => ++steps > 0);
