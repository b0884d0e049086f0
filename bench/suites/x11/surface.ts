/// <reference path="../../../examples/x11/x11.d.ts" />
// Ways to fill a frame and have an X server show it. A frame is done when the server says that it has read it: by the
// completion event of MIT-SHM, or, as PutImage has none, by the answer to the next request.
import { readFileSync } from "node:fs";
import { x11Provider } from "wasm-shm/x11";
import x11, { type Display, type ServerSegment } from "x11";
import { expectBytes, expectEqual, fillPattern } from "../../harness/proof.js";
import { root } from "../../harness/root.js";

export const WIDTH = 1920;
export const HEIGHT = 1080;
export const BYTES = 4 * WIDTH * HEIGHT;

const Z_PIXMAP = 2;
const EVERY_PLANE = 0xffffffff;
const DEPTH = 24;

/** One way to show frames. */
export interface Surface {
  /** Fills the frame with this byte. */
  fill(byte: number): void;
  /** Shows the frame. Resolves once the server has read it. */
  put(): Promise<void>;
  /** The frame's bytes, to be written to. */
  readonly buffer: Buffer;
}

export type Way = "plain" | "builtIn" | "provider" | "guest";

function connect(display: string, shm: object | false | undefined): Promise<Display> {
  return new Promise((resolve, reject) => {
    const client = x11.createClient({ display, ...(shm === undefined ? {} : { shm }) }, (error, connected) =>
      error ? reject(error) : resolve(connected),
    );
    client.on("error", (error: Error) => {
      throw error; // a request was refused, so that no figure would mean anything
    });
  });
}

/** A segment that the server has attached, by the provider of that display. */
async function attached({ client }: Display): Promise<ServerSegment> {
  return new Promise((resolve, reject) =>
    client.require("shm", (failure, shm) =>
      failure
        ? reject(failure)
        : shm.createSegment(BYTES, (error, segment) => (error ? reject(error) : resolve(segment))),
    ),
  );
}

function plain({ client }: Display, window: number): Surface {
  const context = client.AllocID();
  client.CreateGC(context, window);
  const buffer = Buffer.alloc(BYTES);
  return {
    buffer,
    fill: (byte) => buffer.fill(byte),
    put() {
      client.PutImage(Z_PIXMAP, window, context, WIDTH, HEIGHT, 0, 0, 0, DEPTH, buffer);
      return client.sync();
    },
  };
}

async function shared(display: Display, window: number, zeroCopy: boolean): Promise<Surface> {
  const { client } = display;
  const context = client.AllocID();
  client.CreateGC(context, window);
  const segment = await attached(display);
  expectEqual(segment.zeroCopy, zeroCopy, "whether the provider copies");
  const { buffer } = segment;
  return {
    buffer,
    fill: (byte) => buffer.fill(byte),
    put: () =>
      new Promise((resolve) => {
        segment.once("complete", () => resolve());
        segment.putImage(window, context, { width: WIDTH, height: HEIGHT, depth: DEPTH, sendEvent: true });
      }),
  };
}

/** The surfaces of a display, all in one window, so that none hides another. */
export async function openSurfaces(name: string): Promise<{
  surfaces: Record<Way, Surface>;
  /** Shows a pattern and single bytes, and compares them with the screen, which the core protocol reads. */
  prove(way: Way): Promise<void>;
  close(): void;
}> {
  const own = x11Provider({ display: name, memory: "plain" });
  const displays = await Promise.all([connect(name, false), connect(name, undefined), connect(name, own)]);
  const [first, second, third] = displays;
  const { client } = first;
  const window = client.AllocID();
  client.CreateWindow(window, first.screen[0].root, 0, 0, WIDTH, HEIGHT);
  client.MapWindow(window);
  await client.sync();
  const provider = await shared(third, window, true);
  const { memory, byteOffset } = own.segmentOf(provider).attachment;
  const pixels = `${root}examples/guests/assemblyscript/pixels.wasm`;
  const guest = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(pixels)), { env: { memory } });
  const fill = guest.exports["fill"] as (output: number, length: number, pixel: number) => void;
  const surfaces = {
    plain: plain(first, window),
    builtIn: await shared(second, window, false),
    provider,
    guest: { ...provider, fill: (byte: number) => fill(byteOffset, BYTES, Math.imul(byte, 0x01010101)) },
  };

  function screen(): Promise<Buffer> {
    return new Promise((resolve, reject) =>
      client.GetImage(Z_PIXMAP, window, 0, 0, WIDTH, HEIGHT, EVERY_PLANE, (error, { data }) =>
        error ? reject(error) : resolve(data),
      ),
    );
  }

  return {
    surfaces,
    async prove(way) {
      const surface = surfaces[way];
      const expected = Buffer.alloc(BYTES);
      const check = async () => {
        await surface.put();
        const shown = await screen();
        for (let at = 3; at < BYTES; at += 4) expected[at] = shown[at] as number; // the screen shows 24 of 32 bits
        expectBytes(shown, expected, way);
      };
      fillPattern(expected);
      surface.buffer.set(expected);
      await check();
      for (const byte of [0x5a, 0xa5]) {
        surface.fill(byte);
        expected.fill(byte);
        await check();
      }
    },
    close() {
      for (const display of displays) display.client.stream.destroy();
      own.destroy(own.segmentOf(provider));
    },
  };
}
