// What a page does with the package: each core, on the local host.
import { createShm } from "wasm-shm";

/** A line for each step, or what was refused. */
export function scenario() {
  const lines = [];
  for (const core of ["wasm", "auto", "js"])
    try {
      const shm = createShm({ core });
      const segment = shm.create(70_001);
      const attachment = segment.attach();
      const cursor = attachment.cursor();
      cursor.writeString("text");
      cursor.writeFloat64(Math.PI);
      cursor.writeArray(Float32Array.of(1, 2, 3));
      cursor.seek(0);
      const text = cursor.readString(4);
      const sum = attachment.checksum("xxh3");
      attachment.detach();
      segment.destroy();
      lines.push(`${core} ${shm.host.name} ${text} ${sum}`);
    } catch ({ code, message, hint }) {
      lines.push(`${core} ${code} ${message} ${hint}`);
    }
  return lines;
}
