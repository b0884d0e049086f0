// wasm-shm rm: which segments it removes, which it keeps, and when it asks.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { destroySegment, list } from "wasm-shm";
import { processOf } from "#src/cli/io/processes.js";
import { suite } from "../suite.js";
import { isRoot, moduleFile } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { ownName } from "../support/processes.js";
import { cli, hasTerminal, main, NO_NAMESPACE, onTerminal, ownNamespace, type Reply, script } from "./shell.js";

const KEY = 0x59000000 | process.pid;
const there = (id: number): boolean => list().some((info) => info.id === id);
const made = (...args: string[]): number => Number(cli(["open", "--size", "10", ...args]).stdout);

const removing = suite("wasm-shm rm");
if (nativePairs.length === 0) removing.skip("removes segments", "this platform has no sysv host");
else {
  removing("removes by id and by key, also if the mode lets no one read; prints nothing", () => {
    const key = `0x${KEY.toString(16)}`;
    const all = [made(), made("--key", key, "--mode", "000"), made("--key", `0x${(KEY + 1).toString(16)}`), made()];
    const ended = cli([
      "rm",
      all[0] as number,
      `key:${key}`,
      "--key",
      String(KEY + 1),
      "-k",
      "0x5eadbeef",
      all[3] as number,
    ]);
    try {
      assert.equal([ended.code, ended.stdout, all.map(there)], [1, "", [false, false, false, false]]);
      assert.match(ended.stderr, /^wasm-shm: ENOENT: .*0x5eadbeef.*\n$/);
    } finally {
      for (const id of all.filter(there)) destroySegment(id);
    }
  });

  removing("tries all segments, and reports each that failed", () => {
    const id = made();
    const ended = cli(["rm", "2147483647", id, "2147483646"]);
    assert.equal([ended.code, there(id)], [1, false]);
    assert.equal(
      [...ended.stderr.matchAll(/^wasm-shm: EINVAL: .*IPC_RMID of segment (\d+)/gm)].map(([, failed]) => failed),
      ["2147483647", "2147483646"],
    );
  });

  if (!isRoot) removing.skip("refuses another user's segment", "another user is needed: run as root");
  else
    removing("refuses another user's segment, and says who may remove it", () => {
      const id = made("--mode", "666");
      try {
        const ended = cli(["rm", id], { uid: 65534, gid: 65534 });
        assert.equal([ended.code, there(id)], [1, true]);
        assert.match(ended.stderr, /^wasm-shm: EPERM: .*only its owner, its creator or root may$/m);
      } finally {
        destroySegment(id);
      }
    });

  for (const args of [
    ["rm"],
    ["rm", "--yes"],
    ["rm", "--dry-run", "1"],
    ["rm", "--orphans", "1"],
    ["rm", "x"],
    ["rm", "-k", "0"],
  ])
    removing(`${args.join(" ")} is a usage error`, () => {
      const ended = cli(args);
      assert.equal([ended.code, ended.stdout], [2, ""]);
      assert.match(ended.stderr, /see wasm-shm help COMMAND/);
    });
}
removing.run();

/** Keeps three segments that are not orphans: one attached, one destroyed, and one of this running process. */
const keeper = `
  import { create, open } from "wasm-shm";
  create(11);
  open(Number(process.argv[2])).attach();
  const destroyed = open(Number(process.argv[3]));
  destroyed.attach();
  destroyed.destroy();
  console.log("ready");
  process.stdin.resume();
`;
const family = `
  set -e
  attached=$(shm open -s 22); destroyed=$(shm open -s 33); one=$(shm open -s 44); two=$(shm open -s 55)
  coproc '${process.execPath}' '${moduleFile(keeper)}' $attached $destroyed
  read -r ready <&\${COPROC[0]}
  sizes() { shm ls --json | tr -d ' ' | grep '^"size"' | tr -dc '0-9\\n' | sort -n | xargs; }
  set +e
`;

const orphans = suite("wasm-shm rm --orphans");
if (!ownNamespace || nativePairs.length === 0) orphans.skip("removes orphans", NO_NAMESPACE);
else {
  const inFamily = (text: string) => script(`${family}${text}\nkill $COPROC_PID`, {}, ownNamespace);

  orphans("--dry-run lists the orphans and no other segment", () => {
    const ended = inFamily("shm rm --orphans --dry-run | cut -c 1-40; sizes");
    assert.is(ended.stderr, "");
    const [head, ...rows] = ended.stdout.trimEnd().split("\n");
    assert.match(head ?? "", /^KEY +ID/);
    assert.equal(
      rows.slice(0, 2).map((row) => row.trim().split(/\s+/)[4]),
      ["44", "55"],
    );
    assert.equal(rows.slice(2), ["11 22 33 44 55"]);
  });

  orphans("lists them and refuses if there is no terminal to ask on", () => {
    const ended = inFamily("shm rm --orphans; echo $?; sizes");
    assert.is(ended.stdout, "2\n11 22 33 44 55\n");
    assert.match(ended.stderr, /\b44\b[\s\S]*\b55\b[\s\S]*no terminal to ask on: use --yes to remove them/);
  });

  orphans("--yes removes them, and keeps segments that are attached, destroyed, or whose creator is running", () => {
    const ended = inFamily("shm rm --orphans --yes; echo $?; sizes; shm rm --orphans --yes");
    assert.is(ended.stdout, "0\n11 22 33\n");
    assert.match(ended.stderr, /removed 2 of 2\nthere are no orphans\n$/);
  });

  if (!isRoot) orphans.skip("keeps those of other users", "another user is needed: run as root");
  else
    orphans("keeps those of other users, although root may remove them", () => {
      const others = `setpriv --reuid 65534 --regid 65534 --clear-groups '${process.execPath}' '${main}' open -s 66 > /dev/null < /dev/null`;
      const ended = script(
        `${others}; shm rm --orphans --yes; shm ls --mine; shm ls --bytes | wc -l`,
        {},
        ownNamespace,
      );
      assert.equal(
        [ended.stdout, ended.stderr],
        ["2\n", "there are no orphans\nthis user has no segments; ls without --mine lists 1\n"],
      );
    });

  if (!hasTerminal) absent(orphans, "asks on a terminal", "no script(1)");
  else {
    const command = `'${process.execPath}' '${main}'`;
    const make = `${command} open -s 44 < /dev/null; ${command} open -s 55 < /dev/null`;
    const count = `${command} ls --json | grep -c '"size"'`;
    const asked = async (typed: string): Promise<string> => {
      const text = `${make}; ${command} rm --orphans; echo code $?; ${count}`;
      return (await onTerminal(text, [["[y/N] ", typed]], ownNamespace)).stdout;
    };

    for (const answer of ["y", "Yes"])
      orphans(`asks on a terminal: ${answer} removes them`, async () => {
        const shown = await asked(`${answer}\n`);
        assert.match(shown, /Remove these 2 segments and their contents\? \[y\/N\]/);
        assert.match(shown, /removed 2 of 2\r\ncode 0\r\n0\r\n$/);
      });

    for (const [what, typed] of [
      ["n", "n\n"],
      ["nothing", "\n"],
      ["yesterday", "yesterday\n"],
      ["the end of input", "\u0004"],
      ["Ctrl-C", "\u0003"],
    ] as const)
      orphans(`asks on a terminal: ${what} removes nothing`, async () => {
        assert.match(await asked(typed), /nothing was removed\r\ncode 1\r\n2\r\n$/);
      });

    orphans(
      "asks on a terminal: keeps a segment that a process attached meanwhile, and reports one that was removed",
      async () => {
        const folder = mkdtempSync(join(tmpdir(), "wasm-shm-"));
        try {
          const asking = join(folder, "asking");
          const meddle = `import fs from "node:fs";
          setInterval(async () => {
          if (!fs.existsSync("${asking}")) return;
          fs.rmSync("${asking}");
          const { list, open, destroySegment } = await import("wasm-shm");
          for (const { id, size } of list()) size === 44 ? open(id).attach() : destroySegment(id);
          console.log("meddled");
        }, 20)`;
          const text = `${make}; '${process.execPath}' '${moduleFile(meddle)}' & ${command} rm --orphans; echo code $?; ${count}; kill $!`;
          const replies: Reply[] = [
            ["[y/N] ", () => writeFileSync(asking, "")],
            ["meddled", "y\n"],
          ];
          const { stdout } = await onTerminal(text, replies, ownNamespace);
          assert.match(stdout, /segment \d+ is now in use, or another segment has its id: not removed/);
          assert.match(stdout, /segment \d+ no longer exists/);
          assert.match(stdout, /removed 0 of 2\r\ncode 0\r\n1\r\n/);
        } finally {
          rmSync(folder, { recursive: true });
        }
      },
    );
  }
}
orphans.run();

const states = suite("The state of a process");
states("is running, gone (also as a zombie), unseen (of another namespace), or reused", () => {
  const now = new Date();
  assert.equal(processOf(process.pid, now), { state: "running", command: ownName() });
  assert.equal(processOf(0, now), { state: "unseen", command: undefined });
  assert.is(processOf(2 ** 22, now).state, "gone"); // the largest pid is one less: proc(5)
  assert.is(processOf(process.pid, new Date(Date.now() - process.uptime() * 1000 - 10_000)).state, "reused");
  assert.is(processOf(1, now).state, "running"); // also if kill(2) says EPERM
  const ask = moduleFile(`
    import { processOf } from "#src/cli/io/processes.js";
    const pid = Number(process.argv[2]);
    const limit = Date.now() + 5000;
    let state;
    do state = processOf(pid, new Date()).state; while (state !== "gone" && Date.now() < limit);
    process.kill(pid, 0);
    console.log(state);`);
  const zombie = script(`sleep 0 & exec '${process.execPath}' '${ask}' $!`);
  assert.is(zombie.stdout, "gone\n", zombie.stderr);
});
states.run();
