// What a report of a fault needs to say: the machine, and what the package can do on it. Nothing is left behind.
import { existsSync, readlinkSync } from "node:fs";
import { release } from "node:os";
import { VERSION } from "../../common/version.js";
import type { Shm } from "../../segment/shm.js";
import { kernelShm } from "./kernel.js";
import { textOf } from "./processes.js";
import { userName } from "./users.js";

export type Fact = readonly [what: string, value: string];

export interface Check {
  readonly what: string;
  /** Why it is refused; undefined if it works. */
  readonly refused: string | undefined;
}

/** A line of a file of /proc that has a name and values. */
function fieldOf(path: string, name: string): string {
  const line = (textOf(path) ?? "").split("\n").find((each) => each.startsWith(name));
  return (
    line
      ?.slice(name.length)
      .replace(/^[:\s]+/, "")
      .replaceAll(/\s+/g, " ")
      .trim() || "-"
  );
}

function namespaceOf(name: string): string {
  try {
    return readlinkSync(`/proc/self/ns/${name}`).replace(/\D/g, "");
  } catch {
    return "-";
  }
}

const engine = (): string => {
  const { bun, deno, v8 } = process.versions;
  if (bun !== undefined) return `Bun ${bun}`;
  return deno === undefined ? `Node ${process.version}, V8 ${v8}` : `Deno ${deno}, V8 ${v8}`;
};

function libraryOf(): string {
  const { glibcVersionRuntime } = (process.report?.getReport() as { header?: Record<string, string> })?.header ?? {};
  return glibcVersionRuntime === undefined ? "not glibc" : `glibc ${glibcVersionRuntime}`;
}

/** What is true of this process and machine. */
export function facts(): Fact[] {
  const [uid, gid] = [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
  const container = ["/.dockerenv", "/run/.containerenv"].filter((mark) => existsSync(mark));
  const cgroup =
    (textOf("/proc/self/cgroup") ?? "")
      .split("\n")
      .find((line) => line.startsWith("0::"))
      ?.slice(3) ?? "";
  const most = textOf(`/sys/fs/cgroup${cgroup}/memory.max`)?.trim();
  return [
    ["wasm-shm", VERSION],
    ["engine", `${engine()} (${process.execPath})`],
    ["system", `${process.platform} ${process.arch}, kernel ${release()}, ${libraryOf()}`],
    ["options", [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ").trim() || "none"],
    ["WASM_SHM_HOST", process.env["WASM_SHM_HOST"] || "not set"],
    ["user", `${userName(uid)} (uid ${uid}, gid ${gid}, capabilities ${fieldOf("/proc/self/status", "CapEff")})`],
    ["namespaces", ["ipc", "pid", "user", "mnt"].map((name) => `${name} ${namespaceOf(name)}`).join(", ")],
    ["uid map", fieldOf("/proc/self/uid_map", "")],
    ["container", container.join(", ") || "no mark of one"],
    [
      "seccomp",
      `mode ${fieldOf("/proc/self/status", "Seccomp:")}, no new privileges ${fieldOf("/proc/self/status", "NoNewPrivs")}`,
    ],
    ["memory", `cgroup limit ${most ?? "-"}, overcommit ${textOf("/proc/sys/vm/overcommit_memory")?.trim() ?? "-"}`],
    ["address space", fieldOf("/proc/self/limits", "Max address space")],
  ];
}

/** The file of the addon; a reason if there is none. */
export async function addonFact(): Promise<Fact> {
  try {
    const { addonFile } = (await kernelShm()).host as { addonFile?: string }; // the sysv host has one
    return ["addon", addonFile ?? "none"];
  } catch (error) {
    return ["addon", `not loaded: ${(error as Error).message}`];
  }
}

/** Each is tried, on a segment that is gone when this process ends. */
const trials: readonly (readonly [what: string, attempt: (shm: Shm) => void])[] = [
  ["create and attach a segment", ({ create }) => create(4096, { ephemeral: true })[Symbol.dispose]()],
  ["attach read-only (the write guard)", (shm) => attach(shm, "read-only")],
  ["attach copy-on-write", (shm) => attach(shm, "copy-on-write")],
  [
    "join a domain (locks, channels)",
    ({ create }) => on(create(65_536, { ephemeral: true }), (it) => it.attach().join().leave()),
  ],
  ["lock pages in memory", ({ create }) => on(create(4096, { ephemeral: true }), (it) => it.lock())],
  [
    "huge pages",
    ({ create, limits }) =>
      create(limits().hugePageSize ?? 2 ** 21, { ephemeral: true, hugePages: true })[Symbol.dispose](),
  ],
  ["ftok", ({ ftok }) => void ftok(process.execPath, 1)],
  ["list the segments of all users", ({ list }) => void list()],
];

type Made = ReturnType<Shm["create"]>;

function on(segment: Made, use: (segment: Made) => void): void {
  try {
    use(segment);
  } finally {
    segment[Symbol.dispose]();
  }
}

function attach({ create }: Shm, access: "read-only" | "copy-on-write"): void {
  on(create(4096, { ephemeral: true }), (segment) => {
    const { bytes } = segment.attach({ access });
    bytes[0] = 1; // goes to a private page
  });
}

/** What works here. Without the addon nothing does. */
export async function checks(): Promise<Check[]> {
  const shm = await kernelShm().catch(() => undefined);
  return trials.map(([what, attempt]) => {
    try {
      if (shm) attempt(shm);
      return { what, refused: shm ? undefined : "there is no addon" };
    } catch (error) {
      return { what, refused: (error as Error).message };
    }
  });
}
