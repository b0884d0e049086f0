// The programs of docs/interop.md, run as the page says: the JavaScript program starts, the peer runs beside it, the first
// gets Enter, and both print what the page shows.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { list } from "wasm-shm";
import { suite } from "../suite.js";
import { end, root, run, works } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";

interface Peer {
  /** Whether it is installed. */
  here(): boolean;
  /** Runs its program, which is alone in a folder. */
  run(folder: string, program: string): ReturnType<typeof run>;
}

/** A program that its interpreter reads from a file. */
const script = (command: string, extension: string, check: string[], env = process.env): Peer => ({
  here: () => works(command, check),
  run(folder, program) {
    const file = join(folder, `peer.${extension}`);
    writeFileSync(file, program);
    return run(command, [file], { env });
  },
});

/** By the language of the page's code blocks. */
const peers: Readonly<Record<string, Peer>> = {
  c: {
    here: () => works("gcc", ["--version"]),
    run(folder, program) {
      writeFileSync(join(folder, "peer.c"), program);
      const flags = ["-std=gnu11", "-pthread", "-Wall", "-Wextra", "-Werror", "-I", `${root}include`];
      const built = run("gcc", [...flags, join(folder, "peer.c"), "-o", join(folder, "peer")]);
      assert.is(built.code, 0, built.stderr);
      return run(join(folder, "peer"), []);
    },
  },
  perl: script("perl", "pl", ["-e", "1"]),
  // The system's Python has the module; the first on the PATH may be another.
  python: script("/usr/bin/python3", "py", ["-c", "import sysv_ipc"], {
    ...process.env,
    PYTHONPATH: `${root}peers/python`,
    PYTHONDONTWRITEBYTECODE: "1",
  }),
  php: script("php", "php", ["-r", "exit(function_exists('shmop_open') ? 0 : 1);"]),
  bash: script("bash", "sh", ["-c", "ipcs -m && command -v ipcrm"]),
};

const page = readFileSync(`${root}docs/interop.md`, "utf8");

interface Section {
  title: string;
  ours: string;
  language: string;
  theirs: string;
  output: string;
}

/** Each heading with a program in JavaScript, one in another language, and what they print. */
function sections(): Section[] {
  return page
    .split(/^## /m)
    .slice(1)
    .flatMap((text): Section[] => {
      const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
      if (blocks.length === 0) return [];
      const [ours, theirs, output, ...more] = blocks.map(([, language, body]) => ({ language, body: body as string }));
      assert.equal([ours?.language, output?.language, more.length], ["javascript", "text", 0], text.slice(0, 20));
      return [
        {
          title: text.slice(0, text.indexOf("\n")),
          ours: ours?.body ?? "",
          language: theirs?.language ?? "",
          theirs: theirs?.body ?? "",
          output: output?.body ?? "",
        },
      ];
    });
}

const TIME_LIMIT_MS = 20_000;

const interop = suite("docs/interop.md");
const required = process.env["WASM_SHM_PEERS"] === "required";

for (const { title, ours, language, theirs, output } of sections()) {
  const peer = peers[language];
  if (peer === undefined) throw new Error(`no test runs ${language} of ${title}`);
  if (nativePairs.length === 0) interop.skip(title, "it shows the sysv host");
  else if (!required && !peer.here()) interop.skip(title, `no ${title} with System V segments is installed`);
  else
    interop(`${title}: both programs print what the page says`, async () => {
      const snippets = `${root}build/snippets/`; // inside the package, so that `import "wasm-shm"` finds it
      mkdirSync(snippets, { recursive: true });
      const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
      const file = `${snippets}interop-${language}.mjs`;
      writeFileSync(file, ours);
      const key = Number(/0x[0-9a-f]{8}/.exec(ours)?.[0]) | 0;
      const child = spawn(process.execPath, [file], { cwd: root, stdio: ["pipe", "pipe", "pipe"] });
      try {
        let said = "";
        let complaints = "";
        child.stdout.on("data", (chunk: Buffer) => {
          said += chunk.toString();
        });
        child.stderr.on("data", (chunk: Buffer) => {
          complaints += chunk.toString();
        });
        await once(child.stdout, "data", { signal: AbortSignal.timeout(TIME_LIMIT_MS) }); // it asks for the peer
        const asked = said;
        const ended = peer.run(folder, theirs);
        assert.is(ended.code, 0, ended.stderr);
        child.stdin.end("\n");
        if (child.exitCode === null) await once(child, "close");
        assert.is(complaints, "");
        assert.is(asked + ended.stdout + said.slice(asked.length), output);
        assert.not.ok(list().some((info) => info.key === key));
      } finally {
        await end(child, "SIGKILL");
        rmSync(folder, { recursive: true });
        rmSync(file);
      }
    });
}

interop("has a section for each of the peers", () => {
  assert.equal(new Set(sections().map(({ language }) => language)), new Set(Object.keys(peers)));
});
interop.run();
