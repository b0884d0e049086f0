// examples/x11, run as a user would: what it prints and draws, its exit code, and what is left when its server dies.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PNG } from "pngjs";
import * as assert from "uvu/assert";
import { list } from "wasm-shm";
import { suite } from "../suite.js";
import { type Ended, root, run } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { childrenOf, isRunning } from "../support/processes.js";
import { segmentsOf, until } from "../support/waiting.js";
import { noXvfb, withXvfb } from "../x11/xvfb.js";

const script = `${root}build/examples/x11/main.js`;
const { DISPLAY: _, ...env } = process.env;
const start = (args: string[], display?: string): Ended =>
  run(process.execPath, [script, ...args], { env: display === undefined ? env : { ...env, DISPLAY: display } });

const [WIDTH, HEIGHT] = [65, 48]; // an odd width: the guest draws two pixels at a time
const PLACE = { x: 40, y: 40 };

/** The black pixels of the first frame: the set, by its definition. */
function isInside(column: number, row: number): boolean {
  const step = 3.2 / WIDTH;
  const x = -0.743643887037151 + step * (column - WIDTH / 2);
  const y = 0.13182590420533 + step * (row - HEIGHT / 2);
  let [a, b] = [0, 0];
  for (let turn = 0; turn < 80; turn++) {
    [a, b] = [a * a - b * b + x, 2 * a * b + y];
    if (a * a + b * b >= 256) return false;
  }
  return true;
}

const example = suite("The X11 example");
if (nativePairs.length === 0 || noXvfb) example.skip("runs", noXvfb ?? "there is no sysv host on this platform");
else {
  example(
    "--xvfb shows frames on a server of its own, and the screen's PNG has the Mandelbrot set in the window",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
      try {
        const file = join(folder, "screen.png");
        const ended = start(["--xvfb", "--frames", "1", "--size", `${WIDTH}x${HEIGHT}`, "--out", file]);
        assert.is(ended.code, 0, ended.stderr);
        assert.is(ended.stderr, "");
        assert.match(ended.stdout, /^display +:\d+, 1280 x 1024$/m);
        assert.match(ended.stdout, /^segments +\d+ and \d+ for the window, \d+ for the screen$/m);
        assert.match(
          ended.stdout,
          new RegExp(`^frames +1 of ${WIDTH} x ${HEIGHT} in [\\d.]+ s: [\\d.]+ a second$`, "m"),
        );
        assert.match(ended.stdout, /^of that +[\d.]+ ms a frame to draw, [\d.]+ ms to wait for the server$/m);
        const png = PNG.sync.read(readFileSync(file));
        assert.equal([png.width, png.height], [1280, 1024]);
        const colours = new Set<number>();
        for (let y = 0; y < png.height; y++)
          for (let x = 0; x < png.width; x++) {
            const [column, row] = [x - PLACE.x, y - PLACE.y];
            const inWindow = column >= 0 && column < WIDTH && row >= 0 && row < HEIGHT;
            const black = inWindow ? isInside(column, row) : true;
            const pixel = png.data.readUInt32BE(4 * (y * png.width + x));
            if (black !== (pixel === 0xff)) throw new Error(`pixel ${x}, ${y} is ${pixel.toString(16)}`);
            colours.add(pixel);
          }
        assert.ok(colours.size > 100, `${colours.size} colours`);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  example("runs on the server that DISPLAY names, and on the one that --display does", async () => {
    const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
    try {
      await withXvfb(async ({ display }) => {
        const args = ["--frames", "3", "--size", "64x48", "--out", join(folder, "screen.png")];
        for (const ended of [start(args, display), start([...args, "--display", display], ":77")]) {
          assert.is(ended.code, 0, ended.stderr);
          assert.match(ended.stdout, new RegExp(`^display +${display},`));
        }
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  example("says that the server died, exits with 1, and leaves no segment", async () => {
    await withXvfb(async ({ display, stop }) => {
      const child = spawn(process.execPath, [script, "--display", display, "--frames", "1000000"], {
        stdio: ["ignore", "inherit", "pipe"],
      });
      try {
        const said: Buffer[] = [];
        child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
        const segments = () => list().filter(({ cpid }) => cpid === child.pid);
        for (
          const limit = Date.now() + 20_000;
          segments().filter(({ nattch }) => nattch === 2).length < 2;
          await sleep(2)
        )
          if (Date.now() > limit) throw new Error("the segments did not appear in time");
        const ended = once(child, "close");
        await stop("SIGKILL");
        assert.equal(await ended, [1, null]);
        assert.is(Buffer.concat(said).toString(), "the X server closed the connection\n");
        assert.equal(segments(), []);
      } finally {
        child.kill("SIGKILL");
      }
    });
  });

  example("that is killed ends the server that it started", async () => {
    const child = spawn(process.execPath, [script, "--xvfb", "--frames", "1000000"], { stdio: "ignore", env });
    const pid = child.pid as number;
    const made = () => segmentsOf(pid).filter(({ nattch }) => nattch === 2).length;
    let servers: number[] = [];
    try {
      await until("the segments", () => made() >= 2);
      servers = childrenOf(pid);
      assert.is(servers.length, 1);
    } finally {
      child.kill("SIGKILL");
    }
    await until("the server's end", () => !servers.some(isRunning));
    await until("the segments' end", () => segmentsOf(pid).length === 0);
  });

  example("without a display says what to do and exits with 1; used wrongly, its usage and 2", () => {
    for (const [args, status, words] of [
      [[], 1, /^DISPLAY is not set: .*--xvfb/],
      [["--display", ":30999"], 1, /^cannot connect to the display :30999: /],
      [["--frames", "0", "--xvfb"], 2, /--frames is 1 to .*Usage/s],
      [["--size", "64", "--xvfb"], 2, /--size.*Usage/s],
      [["--size", "0x5", "--xvfb"], 2, /--size.*Usage/s],
      [["--bogus"], 2, /Usage/],
    ] as const) {
      const ended = start([...args]);
      assert.is(ended.code, status, args.join(" "));
      assert.match(ended.stderr, words);
      assert.is(ended.stdout, "");
    }
    const help = start(["--help"]);
    assert.is(help.code, 0);
    assert.match(help.stdout, /^Usage: node build\/examples\/x11\/main\.js/);
  });
}
example.run();
