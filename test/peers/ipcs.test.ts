// util-linux: ipcmk creates, ipcs shows and ipcrm removes the segments that this package sees. What ipcs lists is compared
// in an IPC namespace of its own. Not tested: the resident and swapped pages of ipcs -u, which limits() does not have.
import * as assert from "uvu/assert";
import type { Limits, SegmentInfo } from "wasm-shm";
import { suite } from "../suite.js";
import { isRoot, moduleFile, run, works } from "../support/child.js";
import { code, nativePairs } from "../support/pairs.js";
import { absent, TIME_LIMIT_MS } from "../support/peers.js";

const SIZE = 3333;
const NOBODY = 65534;
const key = 0x5d000000 | process.pid;
const missing = ["ipcs", "ipcmk", "ipcrm"].filter((name) => !works(name, ["-V"]));

/** The standard output of a command of util-linux, in the C locale and in UTC. */
function ask(command: string, ...words: (string | number)[]): string {
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  const { code, stdout, stderr } = run(command, words.map(String), { env, timeout: TIME_LIMIT_MS });
  if (code !== 0) throw new Error(`${command} ${words.join(" ")} failed (${code}): ${stderr}`);
  return stdout;
}

for (const { name, shm, withSegment } of nativePairs) {
  const tools = suite(`ipcmk and ipcrm [${name}]`);
  if (missing.length > 0) {
    absent(tools, "create and remove segments of this process", `${missing.join(", ")} not installed`);
    tools.run();
    continue;
  }

  tools("ipcmk creates a segment, which this process opens by id, writes and reads; ipcrm removes it", () => {
    const id = Number(/id: (\d+)/.exec(ask("ipcmk", "-M", SIZE, "-p", "0640"))?.[1]);
    try {
      const segment = shm.open(id);
      const { key: made, size, mode, nattch } = segment.stat();
      assert.equal([size, mode, nattch], [SIZE, 0o640, 0]);
      assert.is.not(made, 0);
      assert.is(shm.open({ key: made }).id, id);
      const { bytes } = segment.attach();
      assert.ok(bytes.every((byte) => byte === 0));
      bytes[SIZE - 1] = 9;
      segment[Symbol.dispose](); // only detaches: ipcmk created the segment
      assert.equal([...shm.open(id).readChunk(1, SIZE - 1)], [9]);
      ask("ipcrm", "-m", id);
      assert.throws(() => shm.open({ key: made }), code("ENOENT"));
    } finally {
      if (shm.list().some((info) => info.id === id && info.key !== 0)) shm.destroySegment(id);
    }
  });

  for (const [option, told] of [
    ["-m", (id: number) => id],
    ["-M", () => key],
  ] as const) {
    tools(`ipcrm ${option} removes a segment that is attached: its bytes stay until the detach`, () => {
      withSegment(
        SIZE,
        (segment) => {
          const attachment = segment.attach();
          ask("ipcrm", option, told(segment.id));
          assert.throws(() => shm.open({ key }), code("ENOENT"));
          const { mode, nattch, key: now } = segment.stat();
          assert.equal([mode & 0o1777, nattch, now], [0o1600, 1, 0]);
          attachment.bytes[SIZE - 1] = 7;
          assert.is(attachment.cursor().readChunk(1, SIZE - 1)[0], 7);
          attachment.detach();
          assert.throws(() => segment.stat(), code("EIDRM"));
          assert.throws(() => segment.attach(), code("EIDRM"));
        },
        { key },
      );
    });

    tools(`ipcrm ${option} removes a segment that is not attached: it is gone at once`, () => {
      withSegment(
        SIZE,
        (segment) => {
          ask("ipcrm", option, told(segment.id));
          assert.throws(() => segment.stat(), code("EIDRM"));
          assert.throws(() => segment.destroy(), code("EIDRM"));
          assert.throws(() => shm.open({ key }), code("ENOENT"));
        },
        { key },
      );
    });
  }
  tools.run();
}

/** What this package and ipcs see in a namespace with five segments. */
interface Seen {
  list: (Omit<SegmentInfo, "atime" | "dtime" | "ctime"> & { atime?: string; dtime?: string; ctime: string })[];
  limits: Limits;
  ipcs: Record<string, string>;
  each: Record<number, string>;
}

/** Creates a segment of each kind, and keeps two attached until its standard input ends. */
const maker = `
  import { create } from "wasm-shm";
  create(${SIZE}, { key: 0x5e5e });
  create(1, { key: 0xfedcba98, mode: 0o640 }).attach();
  create(2 ** 20).setPermissions({ uid: ${NOBODY}, gid: ${NOBODY}, mode: 0o666 });
  const removed = create(10);
  removed.attach().detach();
  removed.attach();
  removed.attach();
  removed.destroy();
  create(4097).lock();
  console.log("ready");
  process.stdin.resume();`;

/**
 * Sets limits that are small enough to be exact, and asks both sides while nothing changes. It attaches nothing itself:
 * each child inherits the attachments of its parent and drops them at its exec, which changes lpid and dtime.
 */
const asker = `
  import { execFileSync, spawn } from "node:child_process";
  import { once } from "node:events";
  import { writeFileSync } from "node:fs";
  import { limits, list } from "wasm-shm";
  const ipcs = (...words) => execFileSync("ipcs", ["-m", ...words], { encoding: "utf8" });
  for (const [name, value] of [["shmmax", 2 ** 21], ["shmall", 5000], ["shmmni", 77]])
    writeFileSync("/proc/sys/kernel/" + name, String(value));
  const child = spawn(process.execPath, [process.argv[2]], { stdio: ["pipe", "pipe", "inherit"] });
  await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  const seen = { list: list(), limits: limits(), ipcs: {}, each: {} };
  for (const option of ["-c", "-p", "-l", "-u"]) seen.ipcs[option] = ipcs(option);
  seen.ipcs[""] = ipcs();
  for (const { id } of seen.list) seen.each[id] = ipcs("-i", String(id));
  child.stdin.end();
  console.log(JSON.stringify(seen));`;

/** The cells of the rows below the head of ipcs. */
const rows = (text = ""): string[][] =>
  text
    .trim()
    .split("\n")
    .slice(2)
    .map((row) => row.trim().split(/\s+/));

const number = (text: string, label: RegExp): number => Number(new RegExp(`${label.source}\\D*(\\d+)`).exec(text)?.[1]);
const namedUser = (id: number): string => ask("id", "-nu", id).trim();
const permissions = (mode: number): string => (mode & 0o777).toString(8);

const view = suite("ipcs -m agrees with list and limits");
if (missing.length > 0) absent(view, "on every segment and limit", `${missing.join(", ")} not installed`);
else if (!isRoot || nativePairs.length === 0 || !works("unshare", ["--ipc", "true"]))
  view.skip("on every segment and limit", "only root can make an IPC namespace and set its limits");
else {
  const node = [process.execPath, moduleFile(asker), moduleFile(maker)];
  const { list, limits, ipcs, each } = JSON.parse(ask("unshare", "--ipc", ...node)) as Seen;

  view("has a row for each segment of list(): key, id, owner, permissions, bytes, attaches and status", () => {
    assert.is(list.length, 5);
    assert.equal(
      rows(ipcs[""]),
      list.map(({ key, id, uid, mode, size, nattch }) => [
        `0x${(key >>> 0).toString(16).padStart(8, "0")}`,
        String(id),
        namedUser(uid),
        permissions(mode),
        String(size),
        String(nattch),
        ...(mode & 0o1000 ? ["dest"] : []),
        ...(mode & 0o2000 ? ["locked"] : []),
      ]),
    );
  });

  view("-p: the processes that created and last used each", () => {
    assert.equal(
      rows(ipcs["-p"]),
      list.map(({ id, uid, cpid, lpid }) => [id, namedUser(uid), cpid, lpid].map(String)),
    );
  });

  view("-c: the creator and the owner", () => {
    assert.equal(
      rows(ipcs["-c"]).map((cells) => [cells[0], cells[1], cells[2], cells[4]]),
      list.map(({ id, uid, cuid, mode }) => [String(id), permissions(mode), namedUser(cuid), namedUser(uid)]),
    );
  });

  view("-i ID: every number, and every time to the second", () => {
    for (const { id, uid, gid, cuid, cgid, mode, size, nattch, cpid, lpid, atime, dtime, ctime } of list) {
      const text = each[id] ?? "";
      const seen = (label: RegExp): number => number(text, label);
      assert.equal([/shmid=/, /\buid=/, /\bgid=/, /cuid=/, /cgid=/, /bytes=/, /nattch=/, /cpid=/, /lpid=/].map(seen), [
        id,
        uid,
        gid,
        cuid,
        cgid,
        size,
        nattch,
        cpid,
        lpid,
      ]);
      assert.match(text, new RegExp(`^mode=0?${mode.toString(8)}\\s+access_perms=0?${permissions(mode)}$`, "m"));
      const times = { att_time: atime, det_time: dtime, change_time: ctime };
      for (const [label, time] of Object.entries(times)) {
        const said = new RegExp(`${label}=(.*)`).exec(text)?.[1]?.trim() ?? "";
        assert.is(said === "Not set" ? undefined : new Date(`${said} UTC`).toISOString(), time, `${label} of ${id}`);
      }
    }
  });

  view("-l: the limits, some of them in KiB", () => {
    const text = ipcs["-l"] ?? "";
    assert.is(number(text, /max number of segments/), limits.shmmni);
    assert.is(number(text, /max seg size \(kbytes\)/), limits.shmmax / 1024);
    assert.is(number(text, /max total shared memory \(kbytes\)/), (limits.shmall * limits.pageSize) / 1024);
    assert.is(number(text, /min seg size \(bytes\)/), limits.shmmin);
    assert.equal([limits.shmmni, limits.shmmax, limits.shmall], [77, 2 ** 21, 5000]);
  });

  view("-u: the segments and the pages in use", () => {
    const text = ipcs["-u"] ?? "";
    assert.is(number(text, /segments allocated/), limits.segmentsInUse);
    assert.is(number(text, /pages allocated/), limits.pagesInUse);
    assert.equal([limits.segmentsInUse, limits.pagesInUse], [5, 1 + 1 + 256 + 1 + 2]);
  });
}
view.run();
