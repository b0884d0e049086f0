// wasm-shm ls, stat and limits compared with ipcs and /proc, in an IPC namespace of their own.
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { isRoot, moduleFile, run, works } from "../support/child.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { ownName } from "../support/processes.js";
import { environment, hasTerminal, main, NO_NAMESPACE, onTerminal, ownNamespace, script } from "./shell.js";

/** Creates segments of every kind, and prints what ipcs, wasm-shm and list() say of them. */
const zoo = `
  import { spawnSync } from "node:child_process";
  import { create, list } from "wasm-shm";
  const ask = (command, ...args) => spawnSync(command, args, { encoding: "utf8" }).stdout;
  const shm = (...args) => ask(process.execPath, ${JSON.stringify(main)}, ...args);
  create(3333);
  create(1, { key: 0x51, mode: 0o644 });
  create(2 ** 20, { key: -2, mode: 0o000 });
  create(5 * 2 ** 30, { noReserve: true, mode: 0o777 }).attach({ length: 4096 });
  const destroyed = create(4096, { key: 7 });
  destroyed.attach();
  destroyed.attach();
  destroyed.destroy();
  const locked = create(8192);
  if (process.getuid() === 0) locked.lock();
  try { create(10).setPermissions({ uid: 65534, gid: 65534, mode: 0o640 }); } catch {}
  create(2 ** 40, { noReserve: true });
  ask(process.execPath, ${JSON.stringify(moduleFile("import { create } from 'wasm-shm'; create(77).attach()"))});
  console.log(JSON.stringify({
    pid: process.pid,
    ipcs: ask("ipcs", "-m"),
    pids: ask("ipcs", "-m", "-p"),
    table: shm("ls", "--bytes"),
    json: shm("ls", "--json"),
    sorted: shm("ls", "--json", "--sort", "size"),
    limits: shm("limits", "--json"),
    list: list(),
  }));
`;

interface Answer extends Record<"ipcs" | "pids" | "table" | "json" | "sorted" | "limits", string> {
  pid: number;
  list: Record<string, unknown>[];
}

const answers = (): Answer => {
  const [command = "", ...args] = ownNamespace ?? [];
  const ended = run(command, [...args, process.execPath, moduleFile(zoo)], { env: environment });
  assert.is(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout) as Answer;
};

/** The cells of the lines that begin with `first`. In ipcs only the last column, the status, may be empty. */
const cells = (text: string, first: RegExp): string[][] =>
  text
    .split("\n")
    .filter((line) => first.test(line))
    .map((line) => line.trim().split(/\s+/));

const listing = suite("wasm-shm ls, stat and limits");
if (!ownNamespace || nativePairs.length === 0) listing.skip("agrees with ipcs", NO_NAMESPACE);
else if (!works("ipcs", ["-m"])) absent(listing, "agrees with ipcs", "no ipcs(1)");
else {
  const { pid, ipcs, pids, table, json, sorted, limits, list } = answers();
  const rows = JSON.parse(json) as Record<string, unknown>[];

  /** A child process inherits its parent's attachments and drops them, which changes the last process and the times. */
  const isAttached = (index: number): boolean => list[index]?.["nattch"] !== 0;

  listing("agrees with ipcs -m row by row", () => {
    const expected = cells(ipcs, /^0x/).map(([key, id, owner, mode = "", bytes, nattch, ...status]) => [
      ...[key, id, owner, mode.padStart(3, "0"), bytes, nattch], // ipcs prints 0 for 000
      status,
    ]);
    assert.ok(expected.length === list.length && expected.length >= 8, ipcs);
    const head = table.split("\n")[0] as string;
    const [statusAt, creatorAt] = [head.indexOf("STATUS"), head.indexOf("CREATOR")];
    const actual = table
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => [
        ...line.slice(0, statusAt).trim().split(/\s+/),
        line.slice(statusAt, creatorAt).trim().split(/\s+/).filter(Boolean),
      ]);
    assert.equal(actual, expected);
    assert.ok(expected.some((row) => (row[6] as string[]).includes("dest")));
    if (isRoot && ownNamespace?.length === 2) {
      assert.ok(expected.some((row) => (row[6] as string[]).includes("locked")));
      assert.ok(expected.some(([, , owner]) => owner === "nobody" || owner === "65534"));
    }
  });

  listing("names the processes of each segment, as ipcs -m -p does, and says that one of them is gone", () => {
    const expected = cells(pids, /^\d/).map(([id, , creator, last]) => [Number(id), Number(creator), Number(last)]);
    assert.equal(
      rows.map(({ id, cpid, lpid }, index) => [id, cpid, isAttached(index) ? expected[index]?.[2] : lpid]),
      expected,
    );
    const gone = rows.filter(({ creatorState }) => creatorState === "gone");
    assert.equal(
      gone.map(({ size, creatorCommand, lastState }) => [size, creatorCommand, lastState]),
      [[77, null, "gone"]],
    );
    for (const { cpid, creatorState, creatorCommand } of rows.filter((row) => !gone.includes(row)))
      assert.equal([cpid, creatorState, creatorCommand], [pid, "running", `${process.execPath} ${moduleFile(zoo)}`]);
    assert.match(table, new RegExp(`\\b${pid} ${ownName()}\\b`));
    assert.match(table, /\d gone\b/);
  });

  listing("--json has the names of shmctl(2), exact numbers, and ISO dates or null", () => {
    const settled = ({ lpid, atime = null, dtime = null, ...info }: Record<string, unknown>, index: number) =>
      isAttached(index) ? info : { ...info, lpid, atime, dtime };
    const known = list.map(settled);
    assert.equal(
      rows
        .map(settled)
        .map((row, index) =>
          Object.fromEntries(Object.keys(known[index] ?? {}).map((name) => [name, row[name as keyof typeof row]])),
        ),
      known,
    );
  });

  listing("--sort size puts the largest first", () => {
    const found = (JSON.parse(sorted) as { size: number }[]).map(({ size }) => size);
    assert.equal(
      found,
      [...found].sort((a, b) => b - a),
    );
    assert.is(found[0], 2 ** 40);
  });

  listing("limits are those of the kernel, with the amounts in use", () => {
    const found = JSON.parse(limits) as Record<string, unknown>[];
    const of = (setting: string) => found.find((limit) => limit["setting"] === setting);
    const there = Number(readFileSync("/proc/sys/kernel/shmmni", "latin1"));
    assert.is(of("kernel.shmmni")?.["used"], list.length);
    assert.is(of("kernel.shmmni")?.["allowed"], there);
    if (there < 32768)
      assert.is(of("kernel.shmmni")?.["raise"], `sysctl -w kernel.shmmni=${Math.min(2 * there, 32768)}`);
    assert.is(of("vm.max_map_count")?.["allowed"], Number(readFileSync("/proc/sys/vm/max_map_count", "latin1")));
  });

  listing("without segments prints no table but a message, and [] with --json", () => {
    const ended = script("shm ls; shm ls --json", {}, ownNamespace);
    assert.equal([ended.code, ended.stdout, ended.stderr], [0, "[]\n", "there are no segments\n"]);
  });

  listing("stat shows a segment by id and by key, also if its mode lets no one read it", () => {
    const ended = script(
      "id=$(shm open -s 3333 -k 0x51 -m 000); shm stat $id; shm stat key:0x51 | head -1; shm stat -k 81 --json; shm stat 99",
      {},
      ownNamespace,
    );
    assert.is(ended.code, 1);
    assert.match(ended.stdout, /^key +0x00000051$/m);
    assert.match(ended.stdout, /^size +3333 bytes, 3.3K$/m);
    assert.match(ended.stdout, /^mode +--------- \(000\)$/m);
    assert.match(ended.stdout, /^creator +\d+ gone$/m);
    assert.match(ended.stdout, /^attached +never$/m);
    assert.match(ended.stdout, /^changed +\d{4}-\d\d-\d\dT[\d:]+Z, \d+ s ago$/m);
    assert.is((JSON.parse(ended.stdout.slice(ended.stdout.indexOf("{"))) as { key: number }).key, 81);
    assert.match(ended.stderr, /EINVAL.*segment 99; .*wasm-shm ls shows the segments that exist/);
  });

  const title = "names a limit that was met, and how to raise it";
  if (!isRoot) listing.skip(title, "only root can lower the limits");
  else
    listing(title, () => {
      const ended = script(
        "echo 1 > /proc/sys/kernel/shmmni; echo 8192 > /proc/sys/kernel/shmmax; shm limits; shm open -s 8193; shm open -s 1; shm open -s 1",
        {},
        ownNamespace,
      );
      assert.is(ended.code, 1);
      assert.match(ended.stdout, /^largest segment +- +8K +kernel\.shmmax +sysctl -w kernel\.shmmax=16384$/m);
      const [first, second, ...none] = ended.stderr.trimEnd().split("\n");
      assert.match(first ?? "", /largest segment allowed is 8192 bytes \(kernel\.shmmax\); wasm-shm limits says how/);
      assert.match(second ?? "", /1 of 1 segments \(kernel\.shmmni\).*wasm-shm rm removes; wasm-shm limits says how/);
      assert.equal(none, []);
    });

  const command = `'${process.execPath}' '${main}'`;
  if (!hasTerminal) absent(listing, "colours on a terminal", "no script(1)");
  else
    listing("uses colours on a terminal, unless NO_COLOR is set, and in a pipe only with FORCE_COLOR", async () => {
      const make = `${command} open -s 1 </dev/null >/dev/null`;
      const colour = String.fromCharCode(27);
      const shown = async (text: string): Promise<boolean> =>
        (await onTerminal(`${make}; stty cols 200; ${text}`, [], ownNamespace)).stdout.includes(colour);
      assert.ok(await shown(`${command} ls`));
      assert.not.ok(await shown(`NO_COLOR=1 ${command} ls`));
      assert.not.ok(await shown(`${command} ls | cat`));
      assert.ok(await shown(`FORCE_COLOR=1 ${command} ls | cat`));
    });

  const narrow = "leaves out the least needed columns on a narrow terminal";
  if (!hasTerminal) absent(listing, narrow, "no script(1)");
  else
    listing(narrow, async () => {
      for (const columns of [200, 120, 80, 60]) {
        const ended = await onTerminal(
          `${command} open -s 1 </dev/null >/dev/null; stty cols ${columns}; NO_COLOR=1 ${command} ls`,
          [],
          ownNamespace,
        );
        const [head = ""] = ended.stdout.split(/\r?\n/);
        assert.is(head.includes("DETACHED"), columns >= 120, head);
        assert.ok(head.startsWith("KEY") && head.includes("CREATOR"), head);
        for (const line of ended.stdout.split(/\r?\n/)) assert.ok(line.length <= columns, line);
      }
    });
}
listing.run();
