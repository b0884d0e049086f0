// What a command loads before it does its work: a shell waits for that at each tab key.
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { create } from "wasm-shm";
import { tableText } from "#src/cli/format/table.js";
import { suite } from "../suite.js";
import { root, run } from "../support/child.js";
import { installed } from "../support/installed.js";
import { nativePairs } from "../support/pairs.js";
import { environment } from "./shell.js";

const start = suite("wasm-shm, its start");
if (nativePairs.length === 0) start.skip("ls and completion do without the library", "no sysv host");
else
  start("ls and completion do without the library and its tables; without the addon, they say why", () => {
    installed(({ folder }) => {
      const addon = join(folder, "native/build/Release/wasm_shm.node");
      cpSync(`${root}native/build/Release/wasm_shm.node`, addon);
      rmSync(join(folder, "../cli-table3"));
      const shm = (...args: string[]) =>
        run(process.execPath, [join(folder, "dist/cli/main.cjs"), ...args], { input: "", env: environment });
      const library = join(folder, "dist/index.js");
      cpSync(library, `${library}.away`);
      rmSync(library);
      const segment = create(3333);
      try {
        const id = String(segment.id);
        for (const args of [["ls"], ["ls", "--raw"], ["ls", "--json"], ["complete", "--", "stat", id]]) {
          const { code, stdout, stderr } = shm(...args);
          assert.is(code, 0, stderr);
          assert.ok(stdout.includes(id), `${args.join(" ")}: ${stdout}`);
        }
        assert.match(shm("stat", id).stderr, /index\.js/); // the others need the library
        cpSync(`${library}.away`, library);
        rmSync(addon);
        const { code, stderr } = shm("ls");
        assert.is(code, 1);
        assert.match(stderr, /^wasm-shm: .*the sysv host is not supported: /);
      } finally {
        segment[Symbol.dispose]();
      }
    });
  });
start.run();

const tables = suite("Tables of the command line");
tables("one of ASCII is what cli-table3 makes of it", () => {
  const bold = (text: string): string => `\x1b[1m${text}\x1b[22m`;
  const rows = [
    ["KEY", "ID", "", "LAST"].map(bold),
    ["0x51", "7", "a b", ""],
    ["", "12345", " c", "gone"],
    [bold("long, longer"), bold("1"), "", "x"],
    ["short", "22"],
  ];
  for (const right of [[], [true, false, true, true], [false, true]]) {
    const whole = tableText([...rows, ["é", "", "", ""]], right); // é: by cli-table3
    const [last] = whole.trimEnd().split("\n").slice(-1) as [string];
    assert.is(last.trim(), "é");
    assert.is(`${tableText(rows, right)}${last}\n`, whole);
  }
  assert.is(
    tableText([
      ["wide", "x"],
      ["漢字漢字", "y"],
    ]),
    "wide      x\n漢字漢字  y\n",
  );
});
tables.run();
