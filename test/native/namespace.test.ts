// Permissions in a user namespace, which does not have a number for every user; and the limit on locked memory.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { type Ended, isRoot, moduleFile, root, run, works } from "../support/child.js";
import { confines } from "../support/engine.js";
import { code, nativePairs } from "../support/pairs.js";

const OTHER = 1234; // a user that no namespace of these tests maps
const STAND_IN = 65_534; // what the kernel shows for such a user
const main = `${root}dist/cli/main.cjs`;

const tell = `const tell = (call) => {
  try { return String(call()); } catch ({ code, message, hint }) { return [code, message, hint].join(" | "); }
};\n`;

/** Runs Node in a user namespace: one that maps this user to root, or one that maps none. */
function inNamespace(maps: "root" | "none", args: string[]): Ended {
  return run("unshare", ["--user", ...(maps === "root" ? ["--map-root-user"] : []), process.execPath, ...args]);
}

const canTry = isRoot && works("unshare", ["--user", "--map-root-user", "true"]);
const NO_NAMESPACE = "only root can give segments away, and this system must allow user namespaces";

for (const { name, shm, withSegment } of nativePairs) {
  const composed = `import { createShm } from "wasm-shm"; const shm = createShm({ host: "sysv", core: "${shm.core}" });\n`;
  const evaluate = (source: string): string[] => [moduleFile(composed + tell + source)];
  const permissions = suite(`setPermissions in a user namespace [${name}]`);
  if (!canTry) permissions.skip("names the id that is not mapped, and never gives a segment away", NO_NAMESPACE);
  else {
    permissions("says which id is not mapped, not that there is no segment", () => {
      withSegment(100, (segment) => {
        const before = segment.stat();
        for (const wanted of [{ uid: OTHER }, { gid: OTHER }]) {
          const ended = inNamespace(
            "root",
            evaluate(`console.log(tell(() => shm.open(${segment.id}).setPermissions(${JSON.stringify(wanted)})));`),
          );
          assert.match(ended.stdout, /^EINVAL \| .*1234.* is not mapped in this user namespace/, ended.stderr);
          assert.not.match(ended.stdout, /no segment has this id/);
        }
        assert.equal(segment.stat(), before);
      });
    });

    permissions("refuses a mode alone if the owner or the group is not mapped; both named are set", () => {
      withSegment(100, (segment) => {
        for (const away of [
          { uid: OTHER, gid: 0 },
          { uid: 0, gid: OTHER },
        ]) {
          segment.setPermissions(away);
          const before = segment.stat();
          const ended = inNamespace(
            "root",
            evaluate(
              `const segment = shm.open(${segment.id}); console.log(tell(() => segment.setPermissions({ mode: 0o640 })));`,
            ),
          );
          assert.match(
            ended.stdout,
            /^EOVERFLOW \| .*no number in this user namespace.*setPermissions\(/,
            ended.stderr,
          );
          assert.equal(segment.stat(), before);
        }
        const named = `shm.open(${segment.id}).setPermissions({ mode: 0o640, uid: 0, gid: 0 })`;
        assert.is(inNamespace("root", evaluate(`console.log(tell(() => ${named}));`)).stdout, "undefined\n");
        const { mode, uid, gid } = segment.stat();
        assert.equal([mode & 0o777, uid, gid], [0o640, 0, 0]);
      });
    });

    permissions("sets a mode alone if both are mapped", () => {
      withSegment(100, (segment) => {
        const use = `shm.open(${segment.id}).setPermissions({ mode: 0o644 })`;
        assert.is(inNamespace("root", evaluate(`console.log(tell(() => ${use}));`)).stdout, "undefined\n");
        assert.is(segment.stat().mode & 0o777, 0o644);
      });
    });

    permissions("sets a mode alone outside a namespace, where 65534 is the user nobody", () => {
      withSegment(100, (segment) => {
        segment.setPermissions({ uid: STAND_IN, gid: STAND_IN });
        segment.setPermissions({ mode: 0o666 });
        const { mode, uid, gid } = segment.stat();
        assert.equal([mode & 0o777, uid, gid], [0o666, STAND_IN, STAND_IN]);
      });
    });
  }
  permissions.run();

  const locked = suite(`lock [${name}]`);
  if (!isRoot || !works("setpriv", ["--version"])) locked.skip("names ulimit -l", "only root can drop CAP_IPC_LOCK");
  else
    locked("by the owner with ulimit -l 0 names that limit; by another user, the owner", () => {
      const source = `const segment = shm.create(100);
        try { console.log(tell(() => segment.lock())); } finally { segment.destroy(); }`;
      const as = (user: string, limit: string, use: string): string =>
        run("sh", [
          "-c",
          `ulimit -l ${limit}; exec setpriv --reuid ${user} --clear-groups --bounding-set -ipc_lock "$0" "$@"`,
          process.execPath,
          ...evaluate(use),
        ]).stdout;
      assert.match(as(String(OTHER), "0", source), /^EPERM \| .*ulimit -l is 0/);
      withSegment(100, (segment) => {
        segment.setPermissions({ mode: 0o666 });
        const use = `console.log(tell(() => shm.open(${segment.id}).lock()));`;
        assert.match(as(String(OTHER), "64", use), /^EPERM \| .*only its owner, its creator or root may/);
      });
    });
  locked.run();

  const sandboxes = suite(`A sandbox's namespaces [${name}]`);
  if (!confines) sandboxes.skip("are none without CAP_SYS_ADMIN", "no sandbox has a process of its own here");
  else if (!isRoot || !works("setpriv", ["--version"]))
    sandboxes.skip("are none without CAP_SYS_ADMIN", "it takes a root that can drop capabilities");
  else {
    const exportsFile = JSON.stringify(`${root}test/fixtures/hostile/exports.wasm`);
    const started = (id: number, without: string): Ended =>
      run("setpriv", [
        ...["--bounding-set", without, process.execPath],
        ...evaluate(`
          import { readFileSync } from "node:fs";
          import { createSandbox } from "wasm-shm";
          const windows = { input: { segment: shm.open(${id}) } };
          const sandbox = await createSandbox(readFileSync(${exportsFile}), { windows });
          console.log(sandbox.confinement.namespaces.join());
          await sandbox.close();`),
      ]);
    const withOthers = (use: (id: number) => void): void =>
      withSegment(65_536, (segment) => {
        segment.setPermissions({ uid: OTHER, gid: OTHER, mode: 0o600 });
        use(segment.id);
      });

    sandboxes("are none without CAP_SYS_ADMIN, so that segments of other users can be windows", () =>
      withOthers((id) => {
        const { stdout, stderr } = started(id, "-sys_admin");
        assert.is(stdout, "\n", stderr);
      }),
    );
    const lacking = "are in one of the user without CAP_IPC_OWNER, too, by which nothing is lost";
    if (!works("setpriv", ["--bounding-set", "-sys_admin", "unshare", "--user", "--net", "--mount", "true"]))
      sandboxes.skip(lacking, "a user without CAP_SYS_ADMIN may make no user namespace");
    else
      sandboxes(lacking, () =>
        withSegment(65_536, ({ id }) => {
          const { stdout, stderr } = started(id, "-sys_admin,-ipc_owner");
          assert.is(stdout, "user,mnt,net\n", stderr);
        }),
      );
  }
  sandboxes.run();

  const range = suite(`setPermissions [${name}]`);
  range("of 4294967295, which stands for none, is ERR_OUT_OF_RANGE", () => {
    withSegment(100, (segment) => {
      for (const none of [{ uid: 0xffffffff }, { gid: 0xffffffff }])
        assert.throws(() => segment.setPermissions(none), code("ERR_OUT_OF_RANGE"));
    });
  });
  range.run();
}

const commands = suite("wasm-shm in a user namespace");
if (!canTry || !nativePairs[0]) commands.skip("does not take other users' segments for its own", NO_NAMESPACE);
else {
  const { withSegment } = nativePairs[0];

  commands("that maps nobody: ls --mine and rm --orphans refuse, and remove nothing", () => {
    withSegment(100, (segment) => {
      segment.setPermissions({ uid: OTHER });
      for (const args of [
        ["ls", "--mine"],
        ["rm", "--orphans", "--yes"],
        ["rm", "--orphans", "--dry-run"],
      ]) {
        const ended = inNamespace("none", [main, ...args]);
        assert.is(ended.code, 1, ended.stdout);
        assert.is(ended.stdout, "");
        assert.match(ended.stderr, /^wasm-shm: in this user namespace 65534 stands for several users[^\n]*\n$/);
      }
      assert.is(segment.stat().uid, OTHER);
    });
  });

  commands("that maps this user: ls --mine lists its segments", () => {
    withSegment(100, (segment) => {
      const ended = inNamespace("root", [main, "ls", "--mine", "--json"]);
      assert.match(ended.stdout, new RegExp(`\\b${segment.id}\\b`), ended.stderr);
    });
  });
}
commands.run();
