// The tab key in each shell: commands, options, choices, ids with a description of the segment, and file names.
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import * as assert from "uvu/assert";
import { create } from "wasm-shm";
import { suite } from "../suite.js";
import { type Ended, run, works } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { cli, environment, main } from "./shell.js";

/** Both names of the command on the PATH, in a folder with a file, `a-file`. */
function withCommands<T>(use: (folder: string, run: (command: string, ...args: string[]) => Ended) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
  try {
    const path = join(folder, "bin");
    for (const name of ["wasm-shm", "shm"]) {
      const file = join(folder, name);
      writeFileSync(file, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
      chmodSync(file, 0o755);
    }
    symlinkSync(folder, path);
    writeFileSync(join(folder, "a-file"), "");
    const env = { ...environment, PATH: `${path}${delimiter}${process.env["PATH"]}` };
    return use(folder, (command, ...args) => run(command, args, { cwd: folder, env, input: "" }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The words that a shell offers for a line, which each shell's script gets as its last argument. */
const shells: Record<string, { args: string[]; available: () => boolean }> = {
  bash: {
    available: () => works("bash", ["-c", "true"]),
    // What bash does at the tab key: it splits the line by its rules, and calls the registered function.
    args: [
      "--norc",
      "-c",
      `source <(wasm-shm completion bash); source <(shm completion bash)
       compopt() { echo files; }
       line=$1; read -ra COMP_WORDS <<< "\${line//=/ = }"; [[ $line == *' ' ]] && COMP_WORDS+=("")
       COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )) COMP_LINE=$line COMP_POINT=\${#line} COMP_TYPE=\${2:-9}
       registered=$(complete -p "\${COMP_WORDS[0]}"); [[ $registered == *" -F "* ]] || exit 3
       name=\${registered#* -F }; \${name%% *} "\${COMP_WORDS[0]}" "" ""
       printf '%s\\n' "\${COMPREPLY[@]}"`,
      "bash",
    ],
  },
  zsh: {
    available: () => works("zsh", ["-c", "true"]),
    // In a pty, because zsh completes only in its line editor.
    args: [
      "-fc",
      `zmodload zsh/zpty || exit 3
       zpty shell zsh -fi
       send() { zpty -w shell "$1" }
       send 'PS1=; stty cols 200; autoload -U compinit; compinit -u -D; LISTMAX=1000000'
       send 'source <(wasm-shm completion zsh)'
       send 'choices() { zle list-choices; zle -R; print -n listed-"now" }; zle -N choices; bindkey "^D" choices'
       send 'zle-line-init() { print -n ready-"now" }; zle -N zle-line-init' # the next line's
       zpty -rm shell out '*ready-now*' || exit 4
       zpty -wn shell "$1"$'\\x04'
       zpty -rm shell out '*listed-now*' || exit 5
       print -r -- "$out"; zpty -d shell`,
      "zsh",
    ],
  },
  fish: {
    available: () => works("fish", ["-c", "true"]),
    args: ["--no-config", "-c", "wasm-shm completion fish | source; complete -C $argv[1]"],
  },
};

/** The escape sequences with which zsh moves the cursor between the words. */
const controls = new RegExp(`${String.fromCharCode(27)}\\[[?0-9;]*[A-Za-z]`, "g");

for (const [shell, { args, available }] of Object.entries(shells)) {
  const completing = suite(`The tab key in ${shell}`);
  if (nativePairs.length === 0) completing.skip("completes", "this platform has no sysv host");
  else if (!available()) absent(completing, "completes", `no ${shell}`);
  else {
    const offered = (line: string, ...more: string[]): string =>
      withCommands((_, runIn) => {
        const ended = runIn(shell, ...args, line, ...more);
        assert.is(ended.code, 0, ended.stderr);
        return ended.stdout.replaceAll(controls, " ");
      });

    for (const name of ["wasm-shm", "shm"])
      completing(`completes the commands of ${name}`, () => {
        const words = offered(`${name} re`);
        assert.match(words, /\bread\b/);
        assert.not.match(words, /\b(open|complete|ls)\b/);
      });

    completing("completes options, and the choices of an option", () => {
      const options = offered("wasm-shm open --");
      for (const option of ["--size", "--offset", "--key", "--mode", "--huge", "--no-reserve"])
        assert.ok(options.includes(option), options);
      assert.match(offered("wasm-shm ls --sort "), /\bchanged\b/);
      assert.match(offered("wasm-shm completion "), /\bzsh\b/);
    });

    completing("completes ids and keys of segments, and describes each segment", () => {
      const key = 0x5a000000 | process.pid;
      const segment = create(3333, { key });
      try {
        const listing = shell === "bash" ? ["63"] : []; // COMP_TYPE 63, which is "?": bash lists the choices
        const second = create(3333);
        try {
          const ids = offered("wasm-shm rm 1 ", ...listing);
          assert.match(ids, new RegExp(`\\b${segment.id}\\b.*3\\.3K of `));
        } finally {
          second.destroy();
        }
        const keys = offered("shm stat --key=0x5a");
        assert.ok(keys.includes(`0x${key.toString(16)}`), keys);
      } finally {
        segment.destroy();
      }
    });

    completing("does not run anything on the line", () => {
      withCommands((folder, runIn) => {
        const line = `wasm-shm ls ; wasm-shm read $(touch ${folder}/run) \`touch ${folder}/run\` `;
        const ended = runIn(shell, ...args, line);
        assert.is(ended.code, 0, ended.stderr);
        assert.is(runIn("ls", folder).stdout, "a-file\nbin\nshm\nwasm-shm\n");
      });
    });
  }
  completing.run();
}

const answers = suite("wasm-shm complete");
const complete = (...words: string[]): string[] => {
  const ended = cli(["complete", "--", ...words]);
  assert.equal([ended.code, ended.stderr], [0, ""]);
  return ended.stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/\t.*/, ""));
};

answers("offers the commands, options and values of the definitions, each in its place", () => {
  const commands = complete("");
  for (const command of ["open", "read", "rm", "ls", "stat", "limits", "completion", "help"])
    assert.ok(commands.includes(command), command);
  assert.not.ok(commands.includes("complete"));
  assert.equal(complete("help", "lim"), ["limits"]);
  assert.equal(complete("ls", "--sort=s"), ["--sort=size"]);
  assert.equal(complete("ls", "--sort", "=", "s"), ["size"]); // as bash splits it
  assert.equal(complete("ls", "--sort", "="), ["id", "key", "size", "used", "changed"]);
  assert.equal(complete("open", "--size", ""), [""]);
  assert.equal(complete("frob", ""), [""]);
  assert.equal(complete("ls", ""), [""]); // it takes no argument
  assert.ok(complete("read", "-").includes("-k"));
  assert.equal(complete("completion", "--", "b"), ["bash"]);
});

if (nativePairs.length === 0) answers.skip("offers segments", "this platform has no sysv host");
else
  answers("offers segments wherever a command takes one: by id or by key, and for copy also new and files", () => {
    const key = 0x5b000000 | process.pid;
    const segment = create(3333, { key });
    try {
      const [id, keyText] = [String(segment.id), `0x${key.toString(16)}`];
      for (const command of ["stat", "open", "read", "dump", "watch", "checksum", "rm"]) {
        assert.ok(complete(command, "").includes(id), command);
        assert.ok(complete(command, "--key", "").includes(keyText), command);
      }
      for (const option of ["--from-key", "--to-key"]) assert.ok(complete("copy", option, "0x5b").includes(keyText));
      const operands = complete("copy", "");
      for (const word of [id, "new", ":files"]) assert.ok(operands.includes(word), word);
      assert.ok(!complete("rm", "").includes(":files"));
    } finally {
      segment[Symbol.dispose]();
    }
  });
answers.run();
