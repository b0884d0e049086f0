// The thread of a guest.
import type { receiveMessageOnPort } from "node:worker_threads";
import { nodeThreads } from "../../host/builtin.js";
import { sysvHost } from "../../node.js";
import { windowsOf } from "../attach.js";
import { failureOf } from "../failure.js";
import { GuestInstance } from "../instance.js";
import type { ToGuest } from "../protocol.js";
import { type Link, Server } from "../serve.js";
import { threadId } from "./engine.js";
import { Signal, type WorkerData } from "./signal.js";

/** Runs the guest that this thread was started for, until the sandbox ends the thread. */
export function runThread(): void {
  const threads = nodeThreads();
  const job = threads.workerData as WorkerData;
  const { port, signal } = job;
  let guest: GuestInstance | undefined;
  Atomics.store(signal, Signal.Thread, threadId());
  const link: Link = {
    post: (message) => port.postMessage(message),
    receive: () => receive(job, threads.receiveMessageOnPort, () => guest?.close()),
  };
  const server = new Server(link);
  try {
    const windows = windowsOf(job.windows, sysvHost(job.addon));
    guest = new GuestInstance({ ...job, windows, imports: server.imports(job) });
    link.post({ ready: [...guest.windows], usage: guest.usage }, false);
  } catch (error) {
    link.post({ unready: failureOf(error) }, false);
    return;
  }
  server.serve(guest);
}

/** The next message. Ends this thread if it is to close, in the middle of a call too: an imported function may be running. */
function receive({ port, signal }: WorkerData, look: typeof receiveMessageOnPort, close: () => void): ToGuest {
  for (;;) {
    const seen = Atomics.load(signal, Signal.Messages); // before the look at the port, so that no message is missed
    const received = look(port);
    if (received) return received.message as ToGuest;
    if (Atomics.load(signal, Signal.Closing) !== 0) {
      close(); // detaches the windows
      process.exit();
    }
    Atomics.wait(signal, Signal.Messages, seen);
  }
}
