// Another process: writes the numbers 0, 1, 2, … behind the header, and ends.
import { open } from "wasm-shm";
import { HEADER } from "./task.js";

using attachment = open(Number(process.argv[2])).attach();
const cursor = attachment.cursor();
cursor.seek(HEADER);
const numbers = cursor.viewArray(Uint32Array, cursor.remaining / 4);
for (let index = 0; index < numbers.length; index++) numbers[index] = index;
