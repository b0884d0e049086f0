// The thread of a guest: makes its instance, then calls its exports as the sandbox asks.
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { errnoNumbers, systemError } from "../common/errors.js";
import { jsCore } from "../core/js.js";
import { sysvHost } from "../node.js";
import type { Parts } from "../segment/attachment.js";
import { type Segment, segments } from "../segment/segment.js";
import { threadId } from "./engine.js";
import { failureOf, staysInThread, ThrownByImport } from "./failure.js";
import { GuestInstance } from "./instance.js";
import type { WindowRequest } from "./job.js";
import { type FromWorker, Signal, type ToWorker, type WorkerData } from "./protocol.js";

const job = workerData as WorkerData;
const { port, signal } = job;

function post(message: FromWorker): void {
  port.postMessage(message);
}

let guest: GuestInstance | undefined;

/** Detaches the windows and ends this thread, in the middle of a call too: an imported function may be running. */
function close(): never {
  guest?.close();
  process.exit();
}

/** The next message. Blocks the thread until there is one. */
function receive(): ToWorker {
  for (;;) {
    const seen = Atomics.load(signal, Signal.Messages); // before the look at the port, so that no message is missed
    const received = receiveMessageOnPort(port);
    if (received) return received.message as ToWorker;
    if (Atomics.load(signal, Signal.Closing) !== 0) close();
    Atomics.wait(signal, Signal.Messages, seen);
  }
}

function answer({ call, name, values }: Extract<ToWorker, { call: number }>): void {
  try {
    const result = (guest as GuestInstance).call(name, values); // calls come after `ready`
    try {
      post({ call, result });
    } catch (cause) {
      throw staysInThread(`the result of ${name}`, cause);
    }
  } catch (error) {
    post({ call, failed: failureOf(error) });
  }
}

/** Has the sandbox call a function, and waits for its result. The function may call the guest meanwhile. */
function imported(module: string, name: string) {
  return (...values: unknown[]): unknown => {
    try {
      post({ imported: [module, name], values });
    } catch (cause) {
      throw staysInThread(`an argument of ${module}.${name}`, cause);
    }
    for (;;) {
      const message = receive();
      if ("returned" in message) return message.returned;
      if ("threw" in message) throw new ThrownByImport(message.threw);
      answer(message);
    }
  };
}

const imports: WebAssembly.Imports = Object.fromEntries(
  job.imports.map(([module, names]) => [
    module,
    Object.fromEntries(names.map((name) => [name, imported(module, name)])),
  ]),
);

Atomics.store(signal, Signal.Thread, threadId());
try {
  // No more of the package than an attachment needs: a thread has no cursors, locks and streams.
  const host = sysvHost(job.addon);
  const parts: Parts = { host, core: jsCore({}), engine: {}, streams: undefined };
  const opened = (id: number): Segment => {
    const info = host.stat(id);
    if (typeof info !== "number") return segments.make(parts, id, info.size, "opened");
    const { EIDRM, EINVAL } = errnoNumbers;
    const errno = info === -EIDRM ? EINVAL : -info;
    throw systemError(errno, host.explain(errno, { operation: "stat", id, size: undefined }));
  };
  const windows = new Map(
    job.windows.map(({ name, id, access, offset, length }): [string, WindowRequest] => [
      name,
      { access, offset, length, attach: (options) => opened(id).attach(options) },
    ]),
  );
  guest = new GuestInstance({ ...job, windows, imports });
  post({ ready: [...guest.windows] });
  for (;;) {
    const message = receive();
    if ("call" in message) answer(message);
  }
} catch (error) {
  post({ unready: failureOf(error) });
}
