// What an administrator does: selects segments by user, age, key and orphans, removes them, and sees who has attached what.
import * as assert from "uvu/assert";
import { select } from "#src/cli/args/selection.js";
import { suite } from "../suite.js";
import { isRoot, moduleFile } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { cli, hasTerminal, main, NO_NAMESPACE, onTerminal, ownNamespace, script } from "./shell.js";

const command = `'${process.execPath}' '${main}'`;
/** Runs a command as another user. */
const nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups";

const selecting = suite("wasm-shm ls and rm, by selection");
const skip = nativePairs.length === 0 ? "this platform has no sysv host" : ownNamespace ? undefined : NO_NAMESPACE;
const inside = (text: string) => script(text, {}, ownNamespace);

/** Three of another user, and two of this one, of which one has a key. */
const zoo = `
  for n in 1 2 3; do ${nobody} ${command} open -s 66 < /dev/null > /dev/null; done
  plain=$(shm open -s 10) keyed=$(shm open -s 20 -k 0x61000007)
  sizes() { shm ls -o size --no-headings -b | xargs; }`;

if (skip) selecting.skip("select", skip);
else {
  selecting("keys, by what ls shows", () => {
    const ended = inside(`a=$(shm open -s 1 -k 0x61000007) b=$(shm open -s 2 -k 0x00000061) c=$(shm open -s 3)
      for key in '0x61*' '0x*61' '0x*' 0x61 0X6100*7 '0x62*'; do shm ls -q --key "$key" | tr '\\n' ' '; echo; done
      shm ls -q -k 0x61 -k '0x61*' | xargs; echo $a $b $c`);
    const [first, second, all, exact, upper, none, both, ids] = ended.stdout.split("\n").map((line) => line.trim());
    const [a, b] = (ids as string).split(" ");
    assert.equal([first, second, all, exact, upper, none, both], [a, b, `${a} ${b}`, b, a, "", `${a} ${b}`]);
  });

  selecting("age, by the last use or change", () => {
    const info = { key: 0, size: 1, mode: 0o600, uid: 7, gid: 7, cuid: 7, cgid: 7, cpid: 0, lpid: 0, nattch: 0 };
    const ago = (seconds: number): Date => new Date(Date.now() - seconds * 1000);
    const times: [atime: Date | undefined, dtime: Date | undefined, ctime: Date][] = [
      [undefined, undefined, ago(100)],
      [undefined, undefined, ago(10)],
      [ago(10), undefined, ago(100)],
      [ago(90), ago(10), ago(100)],
      [ago(90), ago(80), ago(100)],
    ];
    const infos = times.map(([atime, dtime, ctime], id) => ({ ...info, id, atime, dtime, ctime }));
    const ids = (olderThan: number): number[] => select(infos, { olderThan }, true).map(({ info: { id } }) => id);
    assert.equal([ids(60), ids(95), ids(0), ids(3600)], [[0, 4], [0], [0, 1, 2, 3, 4], []]);
  });

  selecting("age, as it is typed", () => {
    const ended =
      inside(`shm open -s 1 > /dev/null; for age in 1w 7d 24h 60m; do shm ls -q --older-than $age | wc -l; done
      shm ls -q --older-than 0s | wc -l; shm rm --older-than 0s -yq | wc -l; shm ls -q | wc -l`);
    assert.is(ended.stdout, "0\n0\n0\n0\n1\n1\n0\n");
  });

  for (const args of [
    ["ls", "--mine", "--user", "root"],
    ["ls", "--json", "--raw"],
    ["ls", "--quiet", "-o", "id"],
    ["ls", "-o", "id,name"],
    ["ls", "--older-than", "5"],
    ["ls", "--key", "6*"],
    ["rm", "--user", "root", "3"],
    ["rm", "--key", "0x61*", "3"],
    ["rm", "--all-users", "--mine"],
    ["rm", "--yes", "3"],
    ["rm", "--dry-run", "--key", "0x61"],
  ])
    selecting(`${args.join(" ")} is a usage error`, () => {
      const ended = cli(args);
      assert.equal([ended.code, ended.stdout], [2, ""]);
    });

  selecting("an unknown user is said to be one", () => {
    const ended = cli(["ls", "--user", "no-such-user"]);
    assert.is(ended.code, 1);
    assert.match(ended.stderr, /^wasm-shm: no user is called "no-such-user"/);
  });

  selecting("removes only what no process has attached, and says so", () => {
    const keeper = moduleFile(`import { open } from "wasm-shm";
      const attachment = open(Number(process.argv[2])).attach();
      console.log("ready");
      process.stdin.resume();
      process.stdin.on("end", () => attachment.detach());`);
    const ended = inside(`one=$(shm open -s 1 -k 0x61000001); two=$(shm open -s 2 -k 0x61000002)
      coproc '${process.execPath}' '${keeper}' $one
      read -r ready <&\${COPROC[0]}
      shm rm -k '0x61*' -y; echo $?; shm ls -b -o size --no-headings; kill $COPROC_PID`);
    assert.is(ended.stdout, "0\n1\n");
    assert.match(ended.stderr, /because processes have attached them: 1; [\s\S]*removed 1 of 1/);
  });

  if (!isRoot) selecting.skip("users", "another user is needed: run as root");
  else {
    selecting("users, by name and number; rm takes this user's if none is named", () => {
      const ended = inside(`${zoo}
        for options in "--user nobody" "--user 65534" "--mine" "--all-users" ""; do shm ls $options -q | wc -l; done
        shm rm --older-than 0s --dry-run -q | wc -l
        shm rm --user nobody --dry-run -q | wc -l
        shm rm --all-users --orphans -nq | wc -l; sizes`);
      assert.equal(
        ended.stdout.split("\n").map((line) => line.trim()),
        [...["3", "3", "2", "5", "5"], ...["2", "3", "5"], "66 66 66 10 20", ""],
      );
    });

    selecting("root cleans up 150 segments of nobody, and nothing else", () => {
      const many = moduleFile(`import { openSegment } from "wasm-shm";
        process.setgid(65534); process.setuid(65534);
        for (let count = 0; count < 150; count++) openSegment(66);`);
      const ended = inside(`'${process.execPath}' '${many}'; plain=$(shm open -s 10)
        shm rm --user nobody --orphans --dry-run | wc -l
        shm rm --user nobody --orphans; echo $?
        shm rm --user nobody --orphans --yes --quiet | wc -l
        shm ls -q | wc -l; shm rm --user nobody --yes`);
      assert.is(ended.stdout, "151\n2\n150\n1\n");
      assert.match(ended.stderr, /no terminal to ask on[\s\S]*there is no such segment\n$/);
    });

    const question = "a question names whose they are";
    if (!hasTerminal) absent(selecting, question, "no script(1)");
    else
      selecting(question, async () => {
        const text = `${nobody} ${command} open -s 66 < /dev/null; ${command} open -s 10 < /dev/null; ${command} rm --all-users --orphans`;
        const { stdout } = await onTerminal(text, [["[y/N] ", "n\n"]], ownNamespace);
        assert.match(stdout, /Remove these 2 segments of nobody, root and their contents\? \[y\/N\]/);
      });
  }
}
selecting.run();

const showing = suite("wasm-shm ls, its columns");
if (skip) showing.skip("columns", skip);
else {
  showing("are those that were asked for, with or without headings", () => {
    const ended = inside(`shm open -s 5000 -k 0x61000007 > /dev/null
      shm ls -o key,size,rss,swap,mode; shm ls -o SIZE --no-headings -b
      shm ls --raw -o key,size,status,creator,detached,rss; shm ls --raw --no-headings -o size`);
    const [head, row, size, rawHead, raw, rawSize] = ended.stdout.split("\n");
    assert.match(head ?? "", /^KEY +SIZE +RSS +SWAP +MODE$/);
    assert.match(row ?? "", /^0x61000007 +4\.9K +\d+K? +0 +600$/);
    assert.equal([size, rawHead, rawSize], ["5000", "KEY SIZE STATUS CREATOR DETACHED RSS", "5000"]);
    assert.match(raw ?? "", /^0x61000007 5000 - \d+\\x20gone - \d+$/);
  });

  showing("as JSON have the forms of a person, too", () => {
    const ended = inside(
      "shm open -s 5000 -k 0x61000007 -m 640 > /dev/null; shm ls --json; shm stat -k 0x61000007 --json",
    );
    const [listed, one] = ended.stdout.split(/(?<=^\])\n/m).map((text) => JSON.parse(text)) as [object[], object];
    const { keyHex, modeOctal, orphan, rss, swap, creatorState } = listed[0] as Record<string, unknown>;
    assert.equal(
      [keyHex, modeOctal, orphan, typeof rss, swap, creatorState],
      ["0x61000007", "640", true, "number", 0, "gone"],
    );
    assert.equal((one as { attachedTo: unknown[] }).attachedTo, []);
  });
}
showing.run();

const attached = suite("Who has attached a segment");
if (skip) attached.skip("is told", skip);
else
  attached("is told by ls --attached and stat: pid, user, bytes, access and the whole command line", () => {
    const keeper = moduleFile(`import { open } from "wasm-shm";
      const segment = open(Number(process.argv[2]));
      const all = [segment.attach(), segment.attach({ offset: 4096, length: 4096, access: "read-only" })];
      console.log("ready");
      process.stdin.resume();
      process.stdin.on("end", () => all.length);`);
    const ended = inside(`id=$(shm open -s 12K); other=$(shm open -s 1)
      coproc '${process.execPath}' '${keeper}' $id "two words" ${"x".repeat(200)}
      read -r ready <&\${COPROC[0]}
      shm ls --attached; shm ls --attached --json; echo =; shm stat $id; shm stat $other | grep -c 'attached by'; echo $COPROC_PID; kill $COPROC_PID`);
    const [listed = "", rest = ""] = ended.stdout.split(/^\[\n/m);
    const [json = "", one = ""] = rest.split(/^=\n/m);
    const pid = one.trim().split("\n").at(-1);
    assert.match(listed, /^KEY +ID +SIZE +PID +USER +MAPPED +ACCESS +COMMAND\n/);
    const row = new RegExp(`^0x00000000 +\\d+ +12K +${pid} +\\S+ +16K +rw +.*mjs \\d+ two words x{200}$`, "m");
    assert.match(listed, row);
    assert.is(listed.trim().split("\n").length, 2);
    const [{ attachedTo }] = JSON.parse(`[${json}`) as [
      { attachedTo: { pid: number; bytes: number; command: string }[] },
    ];
    assert.equal([String(attachedTo[0]?.pid), attachedTo[0]?.bytes, attachedTo.length], [pid, 16_384, 1]);
    assert.match(attachedTo[0]?.command ?? "", /two words x{200}$/);
    assert.match(one, new RegExp(`^attached by +${pid} of \\S+: 16K, read-write: .*two words`, "m"));
    assert.match(one, /^in memory +\d/m);
    assert.match(one, /^0$/m);
  });
attached.run();

const doctor = suite("wasm-shm doctor");
if (skip) doctor.skip("examines", skip);
else {
  doctor("prints facts, limits and what works, and leaves nothing", () => {
    const ended = inside("shm doctor; echo $?; shm ls -q; shm doctor --json");
    const [text = "", json = ""] = ended.stdout.split(/^0\n/m);
    for (const line of [
      /^wasm-shm +\d/m,
      /^engine +\w+ v?\d/m,
      /^addon +\/.*\.node$/m,
      /^namespaces +ipc \d+/m,
      /^segments +0 in use/m,
    ])
      assert.match(text, line);
    assert.match(text, /^create and attach a segment +works$/m);
    assert.match(text, /^huge pages +(?:works|refused: E\w+: )/m);
    const { facts, checks, limits } = JSON.parse(json) as {
      facts: object;
      checks: { refused: unknown }[];
      limits: object;
    };
    assert.ok(Object.keys(facts).length > 8 && checks.length > 6 && "segments" in limits);
    assert.is(checks[0]?.refused, null);
  });

  doctor("says why the addon did not load, with exit code 1", () => {
    const ended = cli(["doctor"], { env: { ...process.env, NODE_OPTIONS: "--no-addons" } });
    assert.is(ended.code, 1, ended.stderr);
    assert.match(ended.stdout, /^addon +not loaded: .*--no-addons/m);
    assert.match(ended.stdout, /^create and attach a segment +refused: there is no addon$/m);
  });
}
doctor.run();
