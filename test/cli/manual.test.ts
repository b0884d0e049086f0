// The manual agrees with the definitions, and man(1) can show it. Help, usage errors, and what help does not load.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { hintsForPeople, terminalMessage } from "#src/cli/failure.js";
import { manualMarkdown, manualPage } from "#src/cli/manual.js";
import { makeProgram } from "#src/cli/program.js";
import { errnoNumbers, systemError } from "#src/common/errors.js";
import { type HintId, hints } from "#src/common/hints.js";
import { suite } from "../suite.js";
import { root, run, works } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { cli, main } from "./shell.js";

const program = await makeProgram();
const commands = program
  .createHelp()
  .visibleCommands(program)
  .map((command) => command.name());

const manual = suite("The manual");
for (const [file, text] of [
  ["docs/wasm-shm.1", manualPage(program)],
  ["docs/cli.md", manualMarkdown(program)],
] as const)
  manual(`${file} agrees with the definitions (npm run build:manual generates it)`, () => {
    assert.is(readFileSync(root + file, "utf8"), text);
  });

manual("has each command, its options and an example", () => {
  const page = manualPage(program).replaceAll("\\-", "-");
  for (const command of commands.filter((name) => name !== "help")) {
    const [, section = ""] = page.split(`.SS wasm-shm ${command} `);
    assert.match(section.split(".SS ")[0] ?? "", /^Examples?:$/m, command);
  }
  assert.match(page, /^\.B -o, --offset <size>\nBytes to skip first \(default: 0\)\.$/m);
});

if (!works("sh", ["-c", "command -v mandoc"])) absent(manual, "is valid for mandoc", "no mandoc(1)");
else
  manual("is valid for mandoc", () => {
    const ended = run("mandoc", ["-T", "lint", "-W", "warning", "docs/wasm-shm.1"]);
    assert.equal([ended.code, ended.stdout], [0, ""]);
    const shown = run("sh", ["-c", "mandoc -T utf8 -O width=80 docs/wasm-shm.1 | sed 's/.\\x08//g'"]).stdout;
    assert.match(shown, /^NAME\n +wasm-shm, shm - System V shared memory segments on the command line$/m);
    assert.match(shown, /^ +wasm-shm read 3 --offset 64K --size 100 \| xxd$/m);
  });
manual.run();

const helping = suite("wasm-shm help");
for (const command of commands.filter((name) => name !== "help"))
  helping(`${command} --help and help ${command} print the same, with an example, to standard output`, () => {
    const ended = cli([command, "--help"]);
    assert.equal([ended.code, ended.stderr], [0, ""]);
    assert.match(ended.stdout, new RegExp(`^Usage: wasm-shm ${command} [\\s\\S]*^Examples?:\\n  .*wasm-shm `, "m"));
    assert.is(cli(["help", command]).stdout, ended.stdout);
  });

helping("no command, or a usage error: on standard error, code 2", () => {
  for (const [args, told] of [
    [[], /^Usage: wasm-shm/],
    [["frob"], /^error: unknown command 'frob'\n\(see wasm-shm help COMMAND\)\n$/],
    [["lss"], /Did you mean ls\?/],
    [["ls", "--frob"], /^error: unknown option '--frob'/],
    [["ls", "--sort", "x"], /Allowed choices are id, key, size, used, changed/],
    [["ls", "extra"], /too many arguments/],
    [["read"], /which segment\?.*wasm-shm ls lists/],
    [["stat", "1", "-k", "2"], /not by both/],
  ] as const) {
    const ended = cli(args);
    assert.equal([ended.code, ended.stdout], [2, ""], args.join(" "));
    assert.match(ended.stderr, told);
  }
});

helping("--version is the version of the package", () => {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string };
  assert.is(cli(["--version"]).stdout, `${version}\n`);
});

helping("loads neither the library nor its addon", () => {
  const count = "process.report.getReport().sharedObjects.filter((file) => file.endsWith('.node')).length";
  const hook = `process.on("exit", () => console.error("addons:", ${count}))`;
  const loaded = (...args: string[]): string =>
    run(process.execPath, ["--import", `data:text/javascript,${encodeURIComponent(hook)}`, main, ...args]).stderr;
  assert.match(loaded("--help"), /^addons: 0$/m);
  if (nativePairs.length > 0) assert.match(loaded("ls", "--json"), /^addons: [1-9]$/m); // so the check above can fail
});
helping.run();

const hinting = suite("Hints for people");
hinting("there is an entry for each hint of the library", () => {
  assert.equal(Object.keys(hintsForPeople).sort(), Object.keys(hints).sort());
});

hinting("the command line's words take the place of the library's, and the rest of the message stays", () => {
  for (const [id, hint] of Object.entries(hints)) {
    const error = systemError(errnoNumbers.EINVAL, { asked: "a question", reason: "a reason", hint });
    assert.is(error.hint, hint);
    assert.is(error.message, `EINVAL: invalid argument: a question; a reason; ${hint}`);
    const words = hintsForPeople[id as HintId];
    assert.is(
      terminalMessage(error),
      `EINVAL: invalid argument: a question; a reason${words === undefined ? "" : `; ${words}`}`,
    );
    assert.not.match(words ?? "", /list\(\)|open\(|: (true|false)|ipcs|ipcrm/);
  }
});

hinting("a hint that is not the library's is shown as it is, and so is a message without one", () => {
  const foreign = systemError(errnoNumbers.EINVAL, { asked: "a question", hint: "ask again" });
  assert.is(terminalMessage(foreign), "EINVAL: invalid argument: a question; ask again");
  assert.is(terminalMessage(new Error("only this")), "only this");
  assert.is(terminalMessage("thrown"), "thrown");
});
hinting.run();
