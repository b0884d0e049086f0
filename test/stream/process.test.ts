// Streams and their process: which of them keep it alive, and the error of the portable entry point.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { runModule } from "../support/child.js";

const inProcess = suite("Streams and their process");

inProcess("an idle stream does not keep the process alive; a running pipeline does", () => {
  const idle = runModule(`import { createShm } from "wasm-shm";
    const segment = createShm({ host: "local" }).create(1000);
    const cursor = segment.attach().cursor();
    cursor.readable().on("readable", () => {});
    cursor.readable();
    cursor.writable().write("text");
    console.log("end");`);
  assert.is(`${idle.code} ${idle.stdout}`, "0 end\n", idle.stderr);
  const busy = runModule(`import { pipeline } from "node:stream/promises";
    import { createShm } from "wasm-shm";
    const shm = createShm({ host: "local" });
    const [source, target] = [shm.create(8 << 20).attach(), shm.create(8 << 20).attach()];
    source.fill(7);
    pipeline(source.cursor().readable(), target.cursor().writable()).then(() => console.log(target.equals(source)));`);
  assert.is(busy.stdout, "true\n", busy.stderr);
});

inProcess("the portable entry point has none, and names the one that has", () => {
  const ended = runModule(`import { create } from "wasm-shm/portable";
    const cursor = create(10).attach().cursor();
    for (const name of ["readable", "writable"])
      try { cursor[name](); } catch ({ code, message }) { console.log(code, message); }`);
  const words = 'is not supported: it is in the package\'s Node entry point: import "wasm-shm" in Node';
  assert.is(
    ended.stdout,
    `ERR_SHM_UNSUPPORTED readable ${words}\nERR_SHM_UNSUPPORTED writable ${words}\n`,
    ended.stderr,
  );
});
inProcess.run();
