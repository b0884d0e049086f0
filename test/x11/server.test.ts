// "wasm-shm/x11" against a real X server: pixels both ways, and what is left when one of the two dies. The witnesses are
// the core protocol's GetImage, which knows no shared memory, and xwd(1).
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { SegmentStatus } from "wasm-shm";
import { type X11Provider, type X11ProviderOptions, type X11Segment, x11Provider } from "wasm-shm/x11";
import type { ServerSegment, Shm } from "x11";
import { suite } from "../suite.js";
import { isRoot, moduleFile, root, run, works } from "../support/child.js";
import { code, nativePairs, randomBytes } from "../support/pairs.js";
import { isRunning } from "../support/processes.js";
import { segmentsOf, until } from "../support/waiting.js";
import { answer, type Connection, noXvfb, withClient, withXvfb } from "./xvfb.js";

const Z_PIXMAP = 2;
const EVERY_PLANE = 0xffffffff;
const BAD_ACCESS = 10;
const MiB = 2 ** 20;

const native = nativePairs.length > 0;
const NO_HOST = "there is no sysv host on this platform";

/** Random pixels of a depth, 32 bits each: what lies above it is 0, as the server says it. */
function pixelsOf(count: number, depth: number, seed: number): Buffer {
  const pixels = Buffer.from(randomBytes(4 * count, seed));
  if (depth === 24) for (let at = 3; at < pixels.length; at += 4) pixels[at] = 0;
  return pixels;
}

const createSegment = (shm: Shm, size: number): Promise<ServerSegment> =>
  answer((done) => shm.createSegment(size, done));

interface Target {
  drawable: number;
  context: number;
  /** By the core protocol alone. */
  seen(): Promise<Buffer>;
}

/** A pixmap, black. */
function pixmapOf({ client, display }: Connection, width: number, height: number, depth: number): Target {
  const [drawable, context] = [client.AllocID(), client.AllocID()];
  client.CreatePixmap(drawable, display.screen[0].root, depth, width, height);
  client.CreateGC(context, drawable);
  const black = Buffer.alloc(4 * width * height);
  client.PutImage(Z_PIXMAP, drawable, context, width, height, 0, 0, 0, depth, black);
  return {
    drawable,
    context,
    async seen() {
      const { data } = await answer<{ data: Buffer }>((done) =>
        client.GetImage(Z_PIXMAP, drawable, 0, 0, width, height, EVERY_PLANE, done),
      );
      return data;
    },
  };
}

async function put(segment: ServerSegment, target: Target, options: Parameters<ServerSegment["putImage"]>[2]) {
  const complete = once(segment, "complete");
  segment.putImage(target.drawable, target.context, { ...options, sendEvent: true });
  await complete;
}

const get = (segment: ServerSegment, drawable: number, width: number, height: number, offset = 0) =>
  answer<{ depth: number; size: number }>((done) =>
    segment.getImage(drawable, 0, 0, width, height, EVERY_PLANE, Z_PIXMAP, offset, done),
  );

const noXwd =
  works("sh", ["-c", "command -v xwd"]) || process.env["WASM_SHM_PEERS"] === "required"
    ? undefined
    : "xwd is not installed (Debian: x11-apps)";

/** The screen's pixels by xwd(1). XWDFile.h: a header of big-endian words, then a colour map, then the pixels. */
function dumpOf(display: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
  try {
    const file = join(folder, "dump");
    assert.is(run("xwd", ["-root", "-silent", "-display", display, "-out", file]).code, 0);
    const dump = readFileSync(file);
    const [headerSize, colours] = [dump.readUInt32BE(0), dump.readUInt32BE(4 * 19)];
    return dump.subarray(headerSize + 12 * colours);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const server = suite("x11Provider and an X server");

/** A test with a server, and a client of it that has a provider of this package. */
function served(
  title: string,
  use: (connection: Connection, own: X11Provider, xvfb: { display: string; pid: number }) => Promise<void>,
  options?: Parameters<typeof withXvfb>[1],
  ofProvider?: X11ProviderOptions,
): void {
  server(title, async () => {
    await withXvfb(async (xvfb) => {
      const own = x11Provider({ display: xvfb.display, ...ofProvider });
      await withClient(xvfb.display, own, (connection) => use(connection, own, xvfb));
    }, options);
    await until("the last segment's end", () => segmentsOf().length === 0);
  });
}

if (!native || noXvfb) server.skip("pixels", noXvfb ?? NO_HOST);
else {
  if (noXwd) server.skip("the screen by xwd's word", noXwd);
  for (const depth of [24, 32])
    served(`pixels of depth ${depth}, put and got back, are the same to the bit`, async (connection, own) => {
      const { shm } = connection;
      assert.is(await answer((done) => shm.usable(done)), true);
      const [width, height] = [301, 97];
      const pixels = pixelsOf(width * height, depth, 1);
      const target = pixmapOf(connection, width, height, depth);
      const [from, into] = [await createSegment(shm, pixels.length), await createSegment(shm, pixels.length + 5000)];
      assert.is(from.zeroCopy, true);
      from.buffer.set(pixels);
      await put(from, target, { width, height, depth });
      assert.ok((await target.seen()).equals(pixels));
      assert.equal(await get(into, target.drawable, width, height, 4096), { depth, visual: 0, size: pixels.length });
      assert.ok(into.buffer.subarray(4096, 4096 + pixels.length).equals(pixels));
      assert.ok(into.buffer.subarray(0, 4096).every((byte) => byte === 0));
      assert.ok(into.buffer.subarray(4096 + pixels.length).every((byte) => byte === 0));
      for (const segment of [from, into]) own.destroy(own.segmentOf(segment));
      assert.equal(connection.errors, []);
    });

  served("pixels of 16 bits are the same as well", async (connection, own) => {
    const pixels = Buffer.from(randomBytes(2 * 64 * 10));
    const segment = await createSegment(connection.shm, pixels.length);
    const target = pixmapOf(connection, 64, 10, 16);
    segment.buffer.set(pixels);
    await put(segment, target, { width: 64, height: 10, depth: 16 });
    assert.ok((await target.seen()).equals(pixels));
    own.destroy(own.segmentOf(segment));
  });

  served(
    "a rectangle out of a larger picture lands where it should, and nothing else changes",
    async (connection, own) => {
      const { shm } = connection;
      const target = pixmapOf(connection, 60, 50, 24);
      const segment = await createSegment(shm, 4 * 40 * 30 + 4096);
      const picture = pixelsOf(40 * 30, 24, 2);
      picture.copy(segment.buffer, 4096);
      const place = { srcX: 3, srcY: 5, srcWidth: 20, srcHeight: 10, dstX: 11, dstY: 7 };
      await put(segment, target, { width: 40, height: 30, depth: 24, offset: 4096, ...place });
      const expected = Buffer.alloc(4 * 60 * 50);
      for (let row = 0; row < 10; row++)
        picture.copy(expected, 4 * (60 * (7 + row) + 11), 4 * (40 * (5 + row) + 3), 4 * (40 * (5 + row) + 23));
      assert.ok((await target.seen()).equals(expected));
      own.destroy(own.segmentOf(segment));
    },
  );

  served("several segments of two clients and one provider, in turn", async (first, own, { display }) => {
    await withClient(display, own, async (second) => {
      const surfaces = [];
      for (const [index, connection] of [first, second, first, second].entries()) {
        const segment = await createSegment(connection.shm, 4 * 50 * 50);
        surfaces.push({ segment, target: pixmapOf(connection, 50, 50, 24), pixels: pixelsOf(2500, 24, index + 3) });
      }
      assert.is(segmentsOf().length, 4);
      for (const { segment, pixels } of surfaces) segment.buffer.set(pixels);
      await Promise.all(
        surfaces.map(({ segment, target }) => put(segment, target, { width: 50, height: 50, depth: 24 })),
      );
      for (const { segment, target, pixels } of surfaces) {
        assert.ok((await target.seen()).equals(pixels));
        await answer((done) => segment.detach(() => done(null, undefined)));
      }
      assert.equal(segmentsOf(), []);
    });
    assert.equal(own.zeroCopy, true);
  });

  served(
    "a frame of 3840 x 2160 on the screen is what a guest drew, by the server's word and by xwd's",
    async (connection, own, { display }) => {
      const { client, shm } = connection;
      const { root: screen } = connection.display.screen[0];
      const [width, height] = [3840, 2160];
      const segment = await createSegment(shm, 4 * width * height);
      const { memory, byteOffset } = own.segmentOf(segment).attachment;
      const guest = new WebAssembly.Module(readFileSync(`${root}examples/guests/assemblyscript/pixels.wasm`));
      const drawIn = (memory: WebAssembly.Memory, at: number): void => {
        const draw = new WebAssembly.Instance(guest, { env: { memory } }).exports["mandelbrot"] as (
          ...values: number[]
        ) => void;
        draw(at, width, height, -0.5, 0, 4 / width, 40, 0);
      };
      drawIn(memory as WebAssembly.Memory, byteOffset);
      const own4k = new WebAssembly.Memory({ initial: 1 + Math.ceil((4 * width * height) / 65536) });
      drawIn(own4k, 65536);
      const expected = Buffer.from(own4k.buffer, 65536, 4 * width * height);
      const [window, context] = [client.AllocID(), client.AllocID()];
      client.CreateWindow(window, screen, 0, 0, width, height);
      client.MapWindow(window);
      client.CreateGC(context, window);
      await client.sync();
      const target = { drawable: window, context, seen: async () => Buffer.alloc(0) };
      await put(segment, target, { width, height, depth: 24 });
      const back = await createSegment(shm, 4 * width * height);
      await get(back, screen, width, height);
      assert.ok(back.buffer.equals(expected));
      assert.ok(new Set(new Uint32Array(expected.buffer, 65536, width * height)).size > 100); // colours: a picture
      if (!noXwd) assert.ok(dumpOf(display).equals(expected));
      for (const made of [segment, back]) own.destroy(own.segmentOf(made));
    },
    { screen: "3840x2160x24" },
    { memory: "plain" }, // what the guest imports
  );

  served("a window that changes its size 500 times leaves neither segments nor mappings", async (connection, own) => {
    const { shm } = connection;
    const mappings = (): number => readFileSync("/proc/self/maps", "latin1").split("SYSV").length - 1;
    const target = pixmapOf(connection, 64, 64, 24);
    const before = mappings();
    for (let turn = 1; turn <= 500; turn++) {
      const segment = await createSegment(shm, 4 * 64 * turn);
      segment.buffer.fill(turn);
      await put(segment, target, { width: 64, height: Math.min(turn, 64), depth: 24 });
      await answer((done) => segment.detach(() => done(null, undefined)));
      assert.throws(() => own.segmentOf(segment).attachment.bytes, code("ERR_SHM_DETACHED"));
    }
    assert.equal([segmentsOf().length, mappings()], [0, before]);
    assert.is((await target.seen())[0], 500 & 0xff);
  });

  const attachAndSay = (display: string): string => `
    import x11 from "x11"; import { x11Provider } from "wasm-shm/x11";
    x11.createClient({ display: "${display}", shm: x11Provider({ display: "${display}" }) }, (error, { client }) =>
      client.require("shm", (error, shm) => shm.createSegment(${MiB}, () => shm.createSegment(${MiB}, (error, segment) => {
        segment.buffer.fill(1);
        console.log(error ?? "attached");
      }))));`;

  server("nothing is left when the client is killed", async () => {
    await withXvfb(async ({ display, pid }) => {
      const child = spawn(process.execPath, [moduleFile(attachAndSay(display))], {
        cwd: root,
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        assert.is(String((await once(child.stdout, "data"))[0]), "attached\n");
        const made = segmentsOf(child.pid);
        assert.equal(
          made.map(({ size, nattch, mode }) => [size, nattch, mode & SegmentStatus.Destroyed]),
          Array(2).fill([MiB, 2, SegmentStatus.Destroyed]),
        );
      } finally {
        child.kill("SIGKILL");
      }
      await until("the segments' end", () => segmentsOf(child.pid).length === 0);
      assert.ok(isRunning(pid));
    });
  });

  server("a server that is killed leaves this process alive, its buffers harmless, and no segment", async () => {
    await withXvfb(async (xvfb) => {
      const own = x11Provider({ display: xvfb.display });
      await withClient(xvfb.display, own, async (connection) => {
        const segment = await createSegment(connection.shm, MiB);
        const target = pixmapOf(connection, 16, 16, 24);
        await put(segment, target, { width: 16, height: 16, depth: 24 });
        const closed = new Promise((resolve) => connection.client.stream.on("close", resolve));
        await xvfb.stop("SIGKILL");
        await closed;
        segment.buffer.fill(5);
        segment.putImage(target.drawable, target.context, { width: 16, height: 16, depth: 24 });
        segment.readback();
        assert.is(segment.buffer[MiB - 1], 5);
        let detached = false;
        segment.detach(() => {
          detached = true;
        });
        await sleep(20);
        assert.is(detached, false); // it waits for the server's answer, for ever
        assert.equal(
          segmentsOf().map(({ nattch, mode }) => [nattch, mode & SegmentStatus.Destroyed]),
          [[1, SegmentStatus.Destroyed]],
        );
        own.destroy(own.segmentOf(segment));
        own.destroy(own.segmentOf(segment));
        assert.equal(segmentsOf(), []);
        assert.is(segment.buffer[MiB - 1], 0);
        segment.buffer.fill(6);
        segment.commit();
      });
    });
  });

  served(
    "closing a connection detaches the server, and destroy detaches this process",
    async (connection, own, { pid }) => {
      const { client, shm } = connection;
      const segment = await createSegment(shm, MiB);
      assert.is(segmentsOf()[0]?.nattch, 2);
      await answer((done) => client.close((error) => done(error, undefined)));
      await until("the server's detach", () => segmentsOf()[0]?.nattch === 1);
      assert.ok(isRunning(pid));
      segment.buffer.fill(3);
      own.destroy(own.segmentOf(segment));
      assert.equal(segmentsOf(), []);
    },
  );

  served("an id that the server cannot attach is the package's BadAccess", async ({ client, shm, errors }) => {
    const refused = answer((done) => {
      shm.Attach(client.AllocID(), 0x7ffffff0, false, (error) => {
        done(error, undefined);
        return true;
      });
    });
    assert.is(await refused.catch((error: { error?: number }) => error.error), BAD_ACCESS);
    assert.equal(errors, []);
  });

  const ownNamespace = works("unshare", ["--ipc", "true"]);
  const NO_NAMESPACE = "this user may not make an IPC namespace (root may)";
  if (!ownNamespace) server.skip("a server in another IPC namespace", NO_NAMESPACE);
  else
    served(
      "a server in another IPC namespace refuses, and leaves nothing",
      async ({ shm }) => {
        assert.is(await answer((done) => shm.usable(done)), false);
        const refused = await createSegment(shm, 4096).catch((error: { error?: number }) => error.error);
        assert.is(refused, BAD_ACCESS);
        assert.equal(segmentsOf(), []);
      },
      { prefix: ["unshare", "--ipc"] },
    );

  if (!ownNamespace || !isRoot) server.skip("another segment by the same id", NO_NAMESPACE);
  else
    server("a server that attached another segment by the same id is noticed before it shows any of it", async () => {
      const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
      const own = x11Provider({ display: ":0" });
      const file = join(folder, "id");
      // The server starts before the segment is made: a process that forks is, for a moment, twice in the segment.
      const decoy = `until [ -s ${file} ]; do sleep 0.01; done
        cat ${file} > /proc/sys/kernel/shm_next_id && ipcmk -M 65536 > /dev/null && exec "$@"`;
      let made: X11Segment | undefined;
      try {
        const ended = withXvfb(
          ({ display }) =>
            withClient(display, { ...own, create: () => made }, async (connection) => {
              const segment = await createSegment(connection.shm, 65536); // the server sees nothing wrong
              const target = pixmapOf(connection, 16, 16, 24);
              const draw = () =>
                segment.putImage(target.drawable, target.context, { width: 16, height: 16, depth: 24 });
              assert.throws(draw, code("ERR_SHM_UNSUPPORTED"));
            }),
          { prefix: ["unshare", "--ipc", "sh", "-c", decoy, "sh"] },
        );
        made = own.create(65536);
        writeFileSync(file, String(made.shmid));
        await ended;
      } finally {
        if (made) own.destroy(made);
        rmSync(folder, { recursive: true });
      }
    });

  if (!isRoot) server.skip("a server of another user", "only root can start one");
  else
    server("a server of another user attaches what the mode lets it, and no more", async () => {
      await withXvfb(
        async ({ display }) => {
          for (const [mode, usable] of [
            [0o600, false],
            [0o666, true],
          ] as const)
            await withClient(display, x11Provider({ display, mode }), async ({ shm }) => {
              assert.is(await answer((done) => shm.usable(done)), usable, mode.toString(8));
            });
        },
        { uid: 65534 },
      );
      assert.equal(segmentsOf(), []);
    });
}
server.run();
