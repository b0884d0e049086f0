// examples/pipe, run as a user would: its output, its exit code, and that it leaves no segment however it ends.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { withFile } from "../support/folder.js";
import { nativePairs, randomBytes } from "../support/pairs.js";
import { signalProcess } from "../support/processes.js";
import { peerOf, segmentsOf, until } from "../support/waiting.js";

const script = `${root}build/examples/pipe/main.js`;
const pipe = suite("examples/pipe");
if (nativePairs.length === 0) pipe.skip("runs", "there is no sysv host on this platform");
else {
  // Halves are 1 MiB: an empty file, a part of one, whole ones, and more than two.
  for (const size of [0, 3333, 2 ** 20, 2 ** 21, 5 * 2 ** 20 + 1])
    pipe(`pipes a file of ${size} bytes, and both checksums are the file's`, async () => {
      const bytes = randomBytes(size);
      await withFile(bytes, (path) => {
        const ended = run(process.execPath, [script, path]);
        assert.is(`${ended.code} ${ended.stderr}`, "0 ");
        const [about, sent, received, verdict] = ended.stdout.split("\n");
        assert.match(about as string, new RegExp(`^${path}: ${size} bytes in \\d+ ms through a segment of 2097152$`));
        const hash = createHash("sha256").update(bytes).digest("hex");
        const [, sender] = new RegExp(`^sent {6}${hash} by (\\d+)$`).exec(sent as string) ?? [];
        const [, receiver] = new RegExp(`^received {2}${hash} by (\\d+)$`).exec(received as string) ?? [];
        assert.ok(sender && receiver && sender !== receiver);
        assert.is(verdict, "the same");
        assert.is(segmentsOf(Number(sender)).length, 0);
      });
    });

  pipe("says which file cannot be read, and exits with 1", () => {
    const ended = run(process.execPath, [script, "/no/such/file"]);
    assert.is(`${ended.code} ${ended.stdout}`, "1 ");
    assert.match(ended.stderr, /^ENOENT: .*'\/no\/such\/file'\n$/);
  });

  for (const victim of ["first", "second"] as const)
    pipe(`leaves no segment and no process when its ${victim} process is killed`, async () => {
      await withFile(new Uint8Array(400e6), async (path) => {
        const child = spawn(process.execPath, [script, path], { stdio: ["ignore", "ignore", "pipe"] });
        const said: string[] = [];
        child.stderr.on("data", (text: Buffer) => said.push(text.toString()));
        const pid = child.pid as number;
        const ended = once(child, "close");
        try {
          const other = await peerOf(pid);
          signalProcess(victim === "first" ? pid : other, "SIGKILL");
          const [code, signal] = await ended;
          if (victim === "first") assert.is(signal, "SIGKILL");
          else {
            assert.is(code, 1);
            assert.match(said.join(""), /^the second process ended before it answered\n$/);
          }
          await until("the segment's end", () => segmentsOf(pid).length === 0); // with the last of the two
        } finally {
          child.kill("SIGKILL");
        }
      });
    });
}
pipe.run();
