// The thread of a sandbox: makes the guest's instance, then calls its exports as they are asked for.
import { receiveMessageOnPort, workerData } from "node:worker_threads";
import { createShm } from "../node.js";
import { GuestInstance, Threw, type WindowRequest } from "./instance.js";
import { type FromWorker, failureOf, type ToWorker, type WorkerJob } from "./protocol.js";

const job = workerData as WorkerJob;
const { port, signal } = job;

function post(message: FromWorker): void {
  port.postMessage(message);
}

/** Waits until there is a message. */
function receive(): ToWorker {
  for (;;) {
    const seen = Atomics.load(signal, 0);
    const received = receiveMessageOnPort(port);
    if (received) return received.message as ToWorker;
    Atomics.wait(signal, 0, seen);
  }
}

let guest: GuestInstance;

function answer({ call, name, values }: Extract<ToWorker, { call: number }>): void {
  try {
    const result = guest.call(name, values);
    try {
      post({ call, result });
    } catch (cause) {
      throw Object.assign(new TypeError(`${name} returned what cannot leave its thread`, { cause }), {
        code: "ERR_SHM_UNSUPPORTED",
      });
    }
  } catch (error) {
    post({ call, failed: failureOf(error) });
  }
}

/** Has the other side call a function, and waits; it may have calls of its own for the guest before it is done. */
function imported(module: string, name: string) {
  return (...values: unknown[]): unknown => {
    post({ imported: [module, name], values });
    for (;;) {
      const message = receive();
      if ("returned" in message) return message.returned;
      if ("threw" in message) throw new Threw(message.threw);
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

try {
  const { open } = createShm({ host: "sysv" });
  const windows = new Map(
    job.windows.map(({ name, id, access, offset, length }): [string, WindowRequest] => [
      name,
      { access, offset, length, attach: (options) => open(id).attach(options) },
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
