// The programs of docs/x11.md: the first against a real X server, the second on a segment of the provider's.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import wabt from "wabt";
import { list } from "wasm-shm";
import { suite } from "../suite.js";
import { end, root, run } from "../support/child.js";
import { blocksOf, textOf } from "../support/pages.js";
import { nativePairs } from "../support/pairs.js";
import { noXvfb, withXvfb } from "../x11/xvfb.js";

const NO_HOST = "there is no sysv host on this platform";
const TIME_LIMIT_MS = 20_000;

const programs = blocksOf(textOf("docs/x11.md"))
  .filter(({ language }) => language === "javascript")
  .map(({ body }) => body);
const [client = "", guest = ""] = programs;

/** Makes a module inside the package's folder, so that its `import "wasm-shm/x11"` works, while `use` runs. */
async function withModule<T>(source: string, use: (file: string) => T | Promise<T>): Promise<T> {
  mkdirSync(`${root}build/snippets`, { recursive: true });
  const folder = mkdtempSync(`${root}build/snippets/`);
  try {
    const file = join(folder, "program.mjs");
    writeFileSync(file, source);
    return await use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const page = suite("docs/x11.md: its programs");
page("are two", () => assert.is(programs.length, 2));

if (nativePairs.length === 0 || noXvfb) page.skip("the first shows a frame", noXvfb ?? NO_HOST);
else
  page("the first makes the server read its segment, and leaves none when it ends", () =>
    withXvfb(({ display }) =>
      withModule(client, async (file) => {
        const child = spawn(process.execPath, [file], {
          env: { ...process.env, DISPLAY: display },
          stdio: ["ignore", "pipe", "inherit"],
        });
        try {
          const [said] = (await once(child.stdout, "data", { signal: AbortSignal.timeout(TIME_LIMIT_MS) })) as [Buffer];
          assert.is(said.toString(), "the server has read it: draw the next frame\n");
          assert.ok(list().some(({ cpid }) => cpid === child.pid));
        } finally {
          await end(child, "SIGKILL");
        }
        for (const limit = Date.now() + TIME_LIMIT_MS; list().some(({ cpid }) => cpid === child.pid); ) {
          assert.ok(Date.now() < limit, "a segment is left");
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }),
    ),
  );

if (nativePairs.length === 0) page.skip("the second has a guest draw", NO_HOST);
else
  page("the second makes a guest draw into the buffer that the server reads", async () => {
    const { parseWat } = await wabt();
    const draw = parseWat(
      "draw.wat",
      `(module (import "env" "memory" (memory 1))
        (func (export "draw") (param $at i32) (param $width i32) (param $height i32)
          (memory.fill (local.get $at) (i32.const 127)
            (i32.mul (i32.const 4) (i32.mul (local.get $width) (local.get $height))))))`,
      { bulk_memory: true },
    ).toBinary({}).buffer;
    const before = `import { x11Provider } from "wasm-shm/x11";
      const provider = x11Provider({ display: ":0", memory: "plain" });
      const segment = provider.create(30);
      const [width, height] = [3, 2];
      const module = await WebAssembly.compile(Buffer.from("${Buffer.from(draw).toString("base64")}", "base64"));`;
    const after = 'console.log(segment.buffer.join(" "));';
    const ended = await withModule(`${before}\n${guest}\n${after}`, (file) => run(process.execPath, [file]));
    assert.equal([ended.code, ended.stderr], [0, ""]);
    assert.is(ended.stdout, `${"127 ".repeat(24)}0 0 0 0 0 0\n`);
  });
page.run();
