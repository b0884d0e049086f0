// Image codecs over the pixels, or the file, in a window: each makes what its package's own API makes of the same bytes.
import * as assert from "uvu/assert";
import { apiOf, fileOf, imports } from "./packages.js";
import { bindgen, equal, jobs, over } from "./windows.js";

const [WIDTH, HEIGHT] = [120, 90];
const pixels = Uint8Array.from({ length: 4 * WIDTH * HEIGHT }, (_, index) => {
  const [x, y] = [(index >> 2) % WIDTH, Math.floor((index >> 2) / WIDTH)];
  return [x * 2, y * 2, (x * y) & 255, 255][index & 3] as number;
});

interface Glue {
  readonly default: (wasm: WebAssembly.Module) => Promise<unknown>;
  encode(pixels: Uint8Array, width: number, height: number, bits: number): Uint8Array;
  optimise(file: Uint8Array, level: number, interlace: boolean, alpha: boolean): Uint8Array;
  resize(
    pixels: Uint8Array | Uint32Array,
    width: number,
    height: number,
    ...more: (number | boolean)[]
  ): Uint8Array | Uint32Array;
}

/** A package's own script, with its module. */
async function glueOf(script: string, wasm: Uint8Array<ArrayBuffer>): Promise<Glue> {
  const glue = await apiOf<Glue>(script);
  await glue.default(await WebAssembly.compile(wasm));
  return glue;
}

const PNG = "@jsquash/png/codec/pkg/squoosh_png";
const images = jobs("Image codecs of npm", ["process"]);

images("@jsquash/png encodes pixels", `${PNG}_bg.wasm`, async (kind, wasm) => {
  const expected = (await glueOf(`${PNG}.js`, wasm)).encode(pixels, WIDTH, HEIGHT, 8);
  await over(kind, wasm, { pixels }, { imports: imports(wasm) }, async (windows) => {
    equal(await bindgen(windows, "encode", ...windows.place("pixels"), WIDTH, HEIGHT, 8), expected);
  });
});

const OXIPNG = "@jsquash/oxipng/codec/pkg/squoosh_oxipng";
images("@jsquash/oxipng makes a PNG smaller", `${OXIPNG}_bg.wasm`, async (kind, wasm) => {
  const file = (await glueOf(`${PNG}.js`, fileOf(`${PNG}_bg.wasm`))).encode(pixels, WIDTH, HEIGHT, 8);
  const expected = (await glueOf(`${OXIPNG}.js`, wasm)).optimise(file, 2, false, false);
  assert.ok(expected.length < file.length);
  await over(kind, wasm, { file }, { imports: imports(wasm) }, async (windows) => {
    equal(await bindgen(windows, "optimise", ...windows.place("file"), 2, 0, 0), expected);
  });
});

const RESIZE = "@jsquash/resize/lib/resize/pkg/squoosh_resize";
images("@jsquash/resize makes an image smaller", `${RESIZE}_bg.wasm`, async (kind, wasm) => {
  const LANCZOS = 3;
  const expected = (await glueOf(`${RESIZE}.js`, wasm)).resize(pixels, WIDTH, HEIGHT, 60, 45, LANCZOS, true, true);
  await over(kind, wasm, { pixels }, { imports: imports(wasm) }, async (windows) => {
    const sizes = [WIDTH, HEIGHT, 60, 45, LANCZOS, 1, 1];
    equal(await bindgen(windows, "resize", ...windows.place("pixels"), ...sizes), new Uint8Array(expected.buffer));
  });
});

const HQX = "@jsquash/resize/lib/hqx/pkg/squooshhqx";
images("@jsquash/resize's hqx makes an image larger", `${HQX}_bg.wasm`, async (kind, wasm) => {
  const words = new Uint32Array(pixels.slice().buffer);
  const expected = (await glueOf(`${HQX}.js`, wasm)).resize(words, WIDTH, HEIGHT, 2);
  await over(kind, wasm, { pixels }, { imports: imports(wasm) }, async ({ sandbox, place, number }) => {
    const at = await number("__wbindgen_add_to_stack_pointer", -16);
    await sandbox.call("resize", at, place("pixels")[0], words.length, WIDTH, HEIGHT, 2);
    const [pointer = 0, length = 0] = new Int32Array((await sandbox.bytes(at, 8)).slice().buffer);
    equal(await sandbox.bytes(pointer, 4 * length), new Uint8Array(expected.buffer));
  });
});

images.run();
