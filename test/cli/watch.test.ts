// wasm-shm watch in a terminal of tmux: what the screen shows and highlights, and that the terminal is restored.
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { create, type Segment } from "wasm-shm";
import { suite } from "../suite.js";
import { works } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { signalProcess } from "../support/processes.js";
import { cli, hasTerminal, main, onTerminal } from "./shell.js";

const SIZE = 3333;
const HIGHLIGHT = "\x1b[7m";

interface Terminal {
  /** The text on the screen, with escape sequences if `escapes` is set. */
  screen(escapes?: boolean): string;
  keys(...keys: string[]): void;
  resize(columns: number, rows: number): void;
  until(what: string, found: (screen: string) => boolean, escapes?: boolean): Promise<string>;
}

let servers = 0; // a server that ends may still hold its socket

/** Runs `use` with a shell in a terminal of 100 columns and 12 rows, of a tmux server of its own. */
async function inTerminal(use: (terminal: Terminal) => Promise<void>): Promise<void> {
  const socket = `wasm-shm-${process.pid}-${++servers}`;
  const tmux = (...args: string[]): string => {
    const ended = spawnSync("tmux", ["-L", socket, "-f", "/dev/null", ...args], { encoding: "utf8", timeout: 10_000 });
    if (ended.status !== 0) throw new Error(`tmux ${args[0]}: ${ended.stderr}`);
    return ended.stdout;
  };
  const environment = { PS1: "$ ", NO_COLOR: "", HISTFILE: "" };
  const shell = `env ${Object.entries(environment)
    .map(([name, value]) => `${name}='${value}'`)
    .join(" ")} bash --norc --noprofile`;
  tmux("new-session", "-d", "-x", "100", "-y", "12", shell);
  const screen = (escapes = false): string => tmux("capture-pane", "-p", ...(escapes ? ["-e"] : []));
  try {
    await use({
      screen,
      keys: (...keys) => tmux("send-keys", ...keys),
      resize: (columns, rows) => tmux("resize-window", "-x", String(columns), "-y", String(rows)),
      async until(what, found, escapes = false) {
        for (const limit = Date.now() + 20_000; ; await sleep(20)) {
          const now = screen(escapes);
          if (found(now)) return now;
          if (Date.now() > limit) throw new Error(`waited in vain for ${what}:\n${now}`);
        }
      },
    });
  } finally {
    tmux("kill-server");
  }
}

async function watching(options: string, use: (terminal: Terminal, segment: Segment) => Promise<void>): Promise<void> {
  const segment = create(SIZE);
  try {
    await inTerminal(async (terminal) => {
      await terminal.until("the prompt", (screen) => screen.startsWith("$"));
      terminal.keys(`"${process.execPath}" "${main}" watch ${segment.id} ${options}; echo "ended with $?"`, "Enter");
      await terminal.until("the bytes", (screen) => screen.startsWith(`segment ${segment.id} `));
      await use(terminal, segment);
    });
  } finally {
    segment[Symbol.dispose]();
  }
}

const watch = suite("wasm-shm watch");

if (nativePairs.length === 0) watch.skip("runs", "this platform has no sysv host");
else {
  watch("without a terminal it is a usage error, whose message names dump", () => {
    const segment = create(SIZE);
    try {
      const ended = cli(["watch", segment.id]);
      assert.is(ended.code, 2);
      assert.match(ended.stderr, /needs a terminal; wasm-shm dump/);
      assert.is(cli(["watch", segment.id, "--interval", 1]).code, 2);
      assert.is(cli(["watch", 0x7fffffff]).code, 1);
    } finally {
      segment[Symbol.dispose]();
    }
  });

  if (!works("tmux", ["-V"])) absent(watch, "shows what changes", "tmux is not installed");
  else {
    watch("highlights the bytes that changed since the last refresh; q restores the terminal", async () => {
      await watching("--interval 1000", async (terminal, segment) => {
        const first = terminal.screen();
        assert.match(first, /^segment \d+ {2}0x00000000 {2}3\.3K {2}attached 1 {2}0 changed in 1000 ms\n/);
        assert.match(first, /\n00000000: 0000 0000 0000 0000 0000 0000 0000 0000 {2}\.{16}\n/);
        assert.match(first, /q quits; arrows/);
        assert.not.ok(terminal.screen(true).includes(HIGHLIGHT));
        segment.seek(20);
        segment.write(Buffer.from("hello"));
        const highlighted = await terminal.until("the highlight", (screen) => screen.includes(HIGHLIGHT), true);
        assert.match(highlighted.split("\n")[2]?.replaceAll("\x1b", "<") ?? "", /0000 0000 <\[7m.*6865/);
        assert.match(terminal.screen(), / 5 changed in 1000 ms\n/);
        assert.match(terminal.screen(), /\n00000010: 0000 0000 6865 6c6c 6f00 0000 0000 0000 {2}\.{4}hello\.{7}\n/);
        await terminal.until("the end of the highlight", (screen) => !screen.includes(HIGHLIGHT), true);
        terminal.keys("q");
        const after = await terminal.until("the shell", (screen) => screen.includes("ended with 0"));
        assert.not.match(after, /^segment/m);
        assert.is(segment.stat().nattch, 1); // the attachment of this test
      });
    });

    watch("moves by keys, follows the size of the terminal, and shows numbers; Ctrl-C ends it", async () => {
      await watching("--interval 100 --as u32", async (terminal, segment) => {
        terminal.keys("NPage");
        await terminal.until("the next page", (screen) => screen.includes("\n000000a0: "));
        terminal.keys("Down");
        await terminal.until("the next line", (screen) => screen.split("\n")[1]?.startsWith("000000b0: ") === true);
        terminal.keys("End");
        const end = await terminal.until("the end", (screen) => screen.includes("\n00000d00: "));
        assert.match(end, /\n00000d00: +0 +partial u32: 00\n/);
        terminal.keys("Home");
        await terminal.until("the start", (screen) => screen.includes("\n00000000: "));
        segment.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
        await terminal.until("the number", (screen) => screen.includes("00000000: 4294967295 "));
        terminal.resize(40, 6);
        const small = await terminal.until("the small screen", (screen) => screen.split("\n").length <= 7);
        await terminal.until("its help", (screen) => screen.includes("q quits; arrows, Page Up, Page Down, Hom"));
        assert.ok(small.split("\n").every((line) => line.length <= 40));
        terminal.keys("C-c");
        await terminal.until("the shell", (screen) => screen.includes("ended with 0"));
      });
    });

    watch("shows that the segment was removed, and its bytes as before", async () => {
      await watching("--interval 100 --as utf8", async (terminal, segment) => {
        segment.write(Buffer.from("grüße"));
        await terminal.until("the text", (screen) => screen.includes("00000000: grüße"));
        segment.destroy();
        await terminal.until("the notice", (screen) => screen.includes("removed: freed with its last attachment"));
        assert.match(terminal.screen(), /00000000: grüße/);
        terminal.keys("q");
        await terminal.until("the shell", (screen) => screen.includes("ended with 0"));
      });
    });

    watch("SIGTERM restores the terminal, too", async () => {
      await watching("--interval 100", async (terminal, segment) => {
        const pid = segment.stat().lpid;
        signalProcess(pid, "SIGTERM");
        const after = await terminal.until("the shell", (screen) => screen.includes("ended with 143"));
        assert.not.match(after, /^segment/m);
      });
    });
  }

  if (!hasTerminal) absent(watch, "an idle screen costs nothing", "no script(1)");
  else
    watch("writes nothing while nothing changes, and otherwise only the lines that changed", async () => {
      const segment = create(SIZE);
      try {
        const command = `stty rows 12 cols 100; "${process.execPath}" "${main}" watch ${segment.id} --interval 50`;
        let before = 0;
        const { stdout, code } = await onTerminal(command, [
          ["Home and End move", () => {}],
          [
            "?2026l",
            () => {
              before = Date.now();
              setTimeout(() => segment.write(Uint8Array.of(0x77)), 1000); // about twenty refreshes later
            },
          ],
          ["77", () => {}],
          ["1 changed", "q"],
        ]);
        assert.is(code, 0);
        assert.ok(before > 0);
        const frames = stdout.split("\x1b[?2026h").slice(1);
        assert.ok(frames.length <= 4, `${frames.length} frames`); // the first, the change, and the end of its highlight
        assert.ok((frames[0]?.length ?? 0) > 500);
        assert.ok((frames[1]?.length ?? 0) < 400, `${frames[1]?.length} characters for one byte`);
        assert.ok(stdout.includes("\x1b[?25h\x1b[?1049l")); // the cursor and the main screen are restored
      } finally {
        segment[Symbol.dispose]();
      }
    });
}
watch.run();
