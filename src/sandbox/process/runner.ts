// The process of a guest. It reads its job, gives up all that the guest does not need, and only then compiles the guest. From
// there on it has no event loop: Node's would need io_uring, which passes by every filter of system calls.
import { Buffer } from "node:buffer";
import { fs } from "../../host/builtin.js";
import { beginConfinement } from "../../host/confinement.js";
import type { Host } from "../../host/host.js";
import { WASM_PAGE } from "../../memory/layout.js";
import { processCallsOf, sysvHost } from "../../node.js";
import { windowsOf } from "../attach.js";
import { compileNow } from "../compile.js";
import { failureOf } from "../failure.js";
import { MOST_PAGES } from "../guest.js";
import { fixedMemory, GuestInstance } from "../instance.js";
import type { ProcessJob, RunnerStart } from "../job.js";
import type { FromGuest } from "../protocol.js";
import { Server } from "../serve.js";
import { decodeToGuest, encodeFromGuest, encodeToGuest } from "./messages.js";
import { GuestRing, mapRing } from "./ring.js";

/** The socket to the host. */
const CHANNEL = 3;

/** The next bytes from the host; undefined if it is gone. */
function read(length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let at = 0; at < length; ) {
    const got = fs.readSync(CHANNEL, bytes, at, length - at, null);
    if (got === 0) return undefined;
    at += got;
  }
  return bytes;
}

function readFrame(): Buffer | undefined {
  const length = read(4);
  return length && read(length.readUInt32LE());
}

function write(message: Buffer): void {
  const frame = Buffer.allocUnsafe(4 + message.length);
  frame.writeUInt32LE(message.length);
  message.copy(frame, 4);
  for (let at = 0; at < frame.length; ) at += fs.writeSync(CHANNEL, frame, at);
}

interface Prepared {
  readonly host: Host;
  readonly ring: GuestRing;
  readonly confine: ReturnType<typeof beginConfinement>;
  readonly made: MadeMemory;
}

/**
 * A memory that is made before the guest comes that will probably need it: V8 collects garbage as it makes one of that size, which
 * takes 3 ms. If the guest needs another, nothing refers to this one then, and V8 frees it if there is no room for both.
 */
class MadeMemory {
  #memory: WebAssembly.Memory | undefined;

  constructor(pages: number | undefined) {
    if (pages !== undefined) this.#memory = fixedMemory(pages);
  }

  /** That memory, once, if it has so many pages. */
  take(pages: number): WebAssembly.Memory | undefined {
    const memory = this.#memory;
    this.#memory = undefined;
    return memory?.buffer.byteLength === pages * WASM_PAGE ? memory : undefined;
  }
}

/** (module (import "env" "memory" (memory 1)) (func (export "f") (param i32) (result i32) (i32.load (local.get 0)))) */
const REHEARSED = Uint8Array.from(
  atob("AGFzbQEAAAABBgFgAX8BfwIPAQNlbnYGbWVtb3J5AgABAwIBAAcFAQFmAAAKCQEHACAAKAIACw=="),
  (letter) => letter.charCodeAt(0),
);

/**
 * Does what needs files, or takes its time only once, before there is a job: loads the addon, attaches the ring, rehearses if the
 * job is yet to come, and gives up what no job needs.
 */
function prepare({ addon, ring, parent, rehearsal }: RunnerStart): Prepared {
  const host = sysvHost(addon);
  const attached = new GuestRing(host, mapRing(host, ring));
  if (rehearsal) rehearse(host, ring);
  const confine = beginConfinement(host, parent);
  return { host, ring: attached, confine, made: new MadeMemory(rehearsal?.pages) }; // after `confine`: the guest's limit includes it
}

/** A guest with a guarded window: this installs the handler of stores there, and the engine has begun with WebAssembly. */
function rehearse(host: Host, id: number): void {
  const window = { name: "ring", id, access: "read-only", offset: 0, length: host.pageSize } as const;
  const limits = {
    initialPages: 1,
    maximumPages: 1,
    declaredPages: MOST_PAGES,
    allocator: undefined,
    fixed: true,
    hidden: {},
    fuel: undefined,
  };
  const windows = windowsOf([window], host);
  const guest = new GuestInstance({ ...limits, module: compileNow(REHEARSED), windows, imports: {}, traps: [] });
  encodeFromGuest({ ready: [...guest.windows], usage: guest.usage });
  guest.call("f", [0]);
  decodeToGuest(encodeToGuest({ call: 1, name: "", values: [], blocking: false }));
  guest.close();
}

/** Runs the guest that the host sends a job for, until the host ends this process. */
export function runProcess(): void {
  const start = readFrame();
  if (!start) process.exit();
  let host: Host | undefined;
  try {
    const prepared = prepare(JSON.parse(start.toString()) as RunnerStart);
    host = prepared.host;
    const frame = readFrame();
    const job = frame && (JSON.parse(frame.toString()) as ProcessJob);
    const module = job && read(job.moduleBytes);
    if (!module) process.exit();
    serve(job, module as Buffer<ArrayBuffer>, prepared);
  } catch (error) {
    post({ unready: failureOf(error) });
  }
  read(1); // until the host ends this process
  if (host) processCallsOf(host)?.exitGroup(1); // Node's own way out needs what was given up
}

const post = (message: FromGuest): void => write(encodeFromGuest(message));

function serve(job: ProcessJob, bytes: Buffer<ArrayBuffer>, { host, ring, confine, made }: Prepared): never {
  const windows = windowsOf(job.windows, host);
  const server = new Server({
    post: (message, blocking) => (blocking ? ring.answer(encodeFromGuest(message)) : post(message)),
    receive: () => decodeToGuest(ring.receive()),
  });
  const segments = job.windows.map(({ id, access }) => ({ id, readOnly: access !== "read-write" }));
  const confinement = confine({ segments, memory: job.memory });
  const guest = new GuestInstance({
    ...job,
    module: compileNow(bytes),
    windows,
    imports: server.imports(job),
    fixedMemory: (pages) => made.take(pages) ?? fixedMemory(pages),
  });
  post({ ready: [...guest.windows], usage: guest.usage, confinement });
  return server.serve(guest);
}
