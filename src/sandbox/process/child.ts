// The process in which a guest's runner is started, as the host sees it: its start, what it says, and its end.
import { Buffer } from "node:buffer";
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { unsupported } from "../../common/errors.js";
import { hints } from "../../common/hints.js";
import { fs, nodeChildren, nodeOs } from "../../host/builtin.js";
import type { Host } from "../../host/host.js";
import { launch } from "../../host/launch.js";
import { WASM_PAGE } from "../../memory/layout.js";
import { addonFileOf } from "../../node.js";
import type { Rehearsal, RunnerStart } from "../job.js";
import { source } from "../source.js";
import { NO_TIER_UP, tierUpCrashes } from "../tiering.js";
import { HostRing } from "./ring.js";
import { MOST_BYTES } from "./wire.js";

/** Whether this engine counts the guest's memory towards the size at which its heap is collected for the first time. */
const countsMemory = Number.parseInt(process.versions.v8, 10) === 13;

/**
 * The engine's heap holds the guest's tables and exceptions; the compiler and the code, which lie beside it, need more. V8 collects
 * all garbage, which takes 3 to 5 ms, as it makes a memory of more than half of what its heap may have; so that comes on top. What
 * the process may have in all is RLIMIT_DATA's to say. A runner that rehearses makes its memory, and collects, before its job comes:
 * with more room V8 would only begin to collect, and end in the first call, which then comes 6 ms after the job and not 3.
 */
function heapFlags({ processMemoryLimit, pages, rehearsal, execPath }: RunnerOptions): string[] {
  const mebibytes = Math.floor(processMemoryLimit / 4 / 2 ** 20);
  if (rehearsal) return [`--max-old-space-size=${mebibytes}`];
  const memory = Math.ceil((pages * WASM_PAGE) / 2 ** 20);
  const counted = countsMemory && execPath === process.execPath ? memory : 0;
  // V8 would take the two others from the largest: garbage for half of it, and 3 times 16 MiB of young objects.
  return [
    `--max-old-space-size=${mebibytes + 2 * memory}`,
    `--initial-old-space-size=${Math.floor(mebibytes / 2) + counted}`,
    "--max-semi-space-size=1",
  ];
}

/** Reads the runner's script from the socket: a bundle of a program has no file of this package. */
const BOOT = `const fs=require("node:fs"),read=(n)=>{const b=Buffer.alloc(n);for(let at=0;at<n;){const got=fs.readSync(3,b,at,n-at,null);if(got===0)process.exit();at+=got}return b};(0,eval)(read(read(4).readUInt32LE()).toString())`;

/** What the engine says as it ends itself has a few thousand bytes; more is a runner that floods its host. */
const MOST_SAID = 1024 * 1024;
/** Bytes that are kept: the first, as a list of the engine's own calls follows, and the last. */
const KEPT_SAID = 2048;
/** Such a call, and what comes before the list. */
const ENGINE_FRAME = /^(\s*\d+: |----- |<--- |\[\d+:0x|\s*$)/;

/** How long an ended process may take to leave, at most. One that a debugger or the kernel holds may never. */
const LONGEST_END_MS = 3000;

/** What a runner is started with. The rest comes with its job. */
export interface RunnerOptions {
  /** Whose addon the runner has. */
  readonly host: Host;
  readonly execPath: string;
  /** Bytes. */
  readonly processMemoryLimit: number;
  /** Wasm pages that its guest's memory may have, windows included. */
  readonly pages: number;
  /** Set if it waits for its job. */
  readonly rehearsal?: Rehearsal | undefined;
}

/** How a runner's process ended. */
export interface ProcessEnd {
  /** What happened, in words: `was killed by SIGSYS`. */
  readonly how: string;
  /** What it wrote to its standard error, without the engine's own calls. */
  readonly said: string;
  /** Set if it could not be started. */
  readonly failure?: Error;
}

export interface ChildEvents {
  /** A frame came. Its bytes are the receiver's. */
  frame(bytes: Buffer): void;
  exit(end: ProcessEnd): void;
}

/** A text, behind its length. */
export function frameOf(text: string): Buffer {
  const bytes = Buffer.from(`____${text}`);
  bytes.writeUInt32LE(bytes.length - 4);
  return bytes;
}

let script: Buffer | undefined;

/** Node's own flags that a runner is started with. */
function flagsOf(options: RunnerOptions): string[] {
  const flags = [...heapFlags(options), "--v8-pool-size=1", "--input-type=commonjs"];
  // Another Node may not know these, and would not start.
  if (options.execPath !== process.execPath) return flags;
  if (tierUpCrashes) flags.push(NO_TIER_UP);
  // SIGUSR1 starts a debugger, which the filter ends the process for.
  if (process.allowedNodeEnvironmentFlags.has("--disable-sigusr1")) flags.push("--disable-sigusr1");
  return flags;
}

/** A process that waits for a job. */
export class RunnerProcess {
  readonly #child: ChildProcess;
  readonly #channel: Socket;
  readonly #errors: Socket;
  readonly #exited: Promise<ProcessEnd>;
  #events: ChildEvents | undefined;
  #end: ProcessEnd | undefined;
  readonly #said: { first: Buffer; last: Buffer } = { first: Buffer.alloc(0), last: Buffer.alloc(0) };
  #saidBytes = 0;
  #held: Buffer = Buffer.alloc(0);
  #violation: string | undefined;

  readonly ring: HostRing;

  /** @throws {ShmError} `ERR_SHM_UNSUPPORTED` this process may start no other; the segment of its ring cannot be made */
  constructor(options: RunnerOptions) {
    const { host, execPath, rehearsal } = options;
    const { ring, id } = HostRing.make(host);
    this.ring = ring;
    const args = [...flagsOf(options), "-e", BOOT, "wasm-shm-sandbox"];
    try {
      this.#child = nodeChildren().spawn(execPath, args, {
        ...launch(host),
        stdio: ["ignore", "ignore", "pipe", "pipe"],
        windowsHide: true,
      });
    } catch (cause) {
      ring.close();
      throw notStarted(execPath, cause);
    }
    this.#exited = new Promise((resolve) => {
      const ended = (end: ProcessEnd): void => {
        if (this.#end) return;
        this.#end = end;
        ring.close();
        resolve(end);
        this.#events?.exit(end);
      };
      this.#child.on("error", (cause) => ended({ how: "", said: "", failure: notStarted(execPath, cause) }));
      // Unlike `exit`, `close` comes after the last that it wrote.
      this.#child.once("close", (code, signal) => {
        ended({ how: this.#violation ?? inWords(code, signal), said: this.#words() });
      });
    });
    // Out of descriptors, Node makes no streams, and says why in an event to come.
    if (!(this.#child.stdio as unknown)) {
      ring.close();
      throw notStarted(execPath, new Error("no descriptor is left for it"));
    }
    this.#channel = this.#child.stdio[3] as Socket;
    this.#errors = this.#child.stderr as unknown as Socket;
    this.#channel.on("error", () => {}); // a runner that ended; its exit tells
    this.#channel.on("data", (bytes: Buffer) => this.#receive(bytes));
    this.#errors.on("error", () => {});
    this.#errors.on("data", (bytes: Buffer) => this.#hear(bytes));
    this.keepProcess(false);
    script ??= frameOf(`${source};module.exports.runProcess()`);
    this.#channel.write(script);
    const start: RunnerStart = { addon: addonFileOf(host) as string, ring: id, parent: process.pid, rehearsal };
    this.#channel.write(frameOf(JSON.stringify(start)));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get end(): ProcessEnd | undefined {
    return this.#end;
  }

  /** Its end, though this thread blocks and so has not been told of it. */
  look(): ProcessEnd | undefined {
    if (this.#end) return this.#end;
    const how = endOf(this.#child);
    if (how === undefined) return undefined;
    this.#drain();
    return { how: this.#violation ?? how, said: this.#words() };
  }

  /** From here on it works: its frames and its end are told. */
  listen(events: ChildEvents): void {
    this.#events = events;
    if (this.#end) events.exit(this.#end);
  }

  write(bytes: Uint8Array): void {
    this.#channel.write(bytes);
  }

  /** A runner that has something to do keeps the host's process alive; an idle one does not. */
  keepProcess(alive: boolean): void {
    const change = alive ? "ref" : "unref";
    this.#child[change]();
    this.#channel[change]();
    this.#errors[change]();
  }

  /** It did what no runner of this package does. */
  violates(what: string): void {
    this.#violation ??= `was ended because ${what}`;
    this.kill();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Resolves once it has ended, by which its windows are detached; or, if the kernel cannot end it, after some time. */
  async terminate(): Promise<void> {
    this.kill();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, LONGEST_END_MS);
    });
    this.#child.ref();
    await Promise.race([this.#exited, late]);
    this.#child.unref();
    clearTimeout(timer);
    this.ring.close();
  }

  #receive(bytes: Buffer): void {
    let held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    while (held.length >= 4 && !this.#violation) {
      const length = held.readUInt32LE();
      if (length > MOST_BYTES) this.violates(`it sent a message of ${length} bytes`);
      if (length > held.length - 4) break;
      this.#events?.frame(held.subarray(4, 4 + length));
      held = held.subarray(4 + length);
    }
    this.#held = held;
  }

  #words(): string {
    const lines = Buffer.concat([this.#said.first, this.#said.last]).toString("latin1").split("\n");
    return lines.filter((line) => !ENGINE_FRAME.test(line)).join("\n");
  }

  /** Reads what an ended process wrote to its standard error and no event has brought. Not every engine shows the descriptor. */
  #drain(): void {
    const fd = (this.#errors as { _handle?: { fd?: number } | null })._handle?.fd;
    const bytes = Buffer.alloc(65536);
    try {
      while (fd !== undefined) {
        const length = fs.readSync(fd, bytes);
        if (length === 0) return;
        this.#hear(bytes.subarray(0, length));
      }
    } catch {} // EAGAIN: that was all
  }

  #hear(bytes: Buffer): void {
    this.#saidBytes += bytes.length;
    const said = this.#said;
    const rest = KEPT_SAID - said.first.length;
    if (rest > 0) said.first = Buffer.concat([said.first, bytes.subarray(0, rest)]);
    said.last = Buffer.concat([said.last, bytes.subarray(rest)]).subarray(-KEPT_SAID);
    if (this.#saidBytes > MOST_SAID) this.violates("it flooded its standard error");
  }
}

const inWords = (code: number | null, signal: string | null): string =>
  signal === null ? `ended with code ${code}` : `was killed by ${signal}`;

/** How a process ended, in words, if it has. @see proc_pid_stat(5), waitpid(2) */
function endOf({ pid, exitCode, signalCode }: ChildProcess): string | undefined {
  if (exitCode !== null || signalCode !== null) return inWords(exitCode, signalCode);
  let stat: string;
  try {
    stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined; // a child stays there until Node has heard of its end: this system shows no processes
  }
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] !== "Z" && fields[0] !== "X") return undefined;
  const status = Number(fields[49]);
  const signal = status & 127;
  const names = Object.entries(nodeOs().constants.signals);
  const name = names.find(([, number]) => number === signal)?.[0] ?? `signal ${signal}`;
  return inWords(status >> 8, signal === 0 ? null : name);
}

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` this process may start no other */
export const startRunner = (options: RunnerOptions): RunnerProcess => new RunnerProcess(options);

function notStarted(execPath: string, cause: unknown): Error {
  const reason = `${execPath} could not be started (${(cause as Error).message}); ${hints.nameNode}`;
  return unsupported("a sandbox in a process of its own", reason, { hint: hints.nameNode, cause });
}
