// The receiver, which receiver.ts starts as a process or as a thread. A process ends with the process that started it,
// even after a SIGKILL and even while it spins: the channel between them closes, and while it spins it checks its
// parent's id.
import { Socket } from "node:net";
import { isMainThread, parentPort } from "node:worker_threads";
import { shmOf } from "../../harness/window.js";
import type { Channel } from "./channelport.js";
import { type Answer, Descriptor, Line, type Order, patience } from "./control.js";
import { serveRing } from "./cring.js";
import { Payload } from "./message.js";
import { type Served, serve, spinServe } from "./port.js";
import { isBlocking, isNative, openBlocking, openPort, type Wires } from "./transports.js";

const parent = process.ppid;

const post: Channel["post"] = isMainThread
  ? (message, done) => process.connected && (process.send?.(message, undefined, undefined, done) ?? false)
  : (message, _done, transfer) => {
      parentPort?.postMessage(message, transfer);
      return true;
    };

const line = new Line(post, (message) => {
  const order = message as Order;
  obey(order).catch((error: unknown) => answer({ failed: `${order.transport}: ${(error as Error).message}` }));
});

const answer = (message: Answer, done?: () => void): void => line.say(message, done);

/** The socket of a file descriptor, which is an end of a socket pair. */
const opened = (fd: number): Socket => new Socket({ fd, readable: true, writable: true });

function wiresOfProcess(): Pick<Wires, "socket" | "bell" | "attachment"> {
  const attachment = shmOf("js").open(Number(process.argv[2])).attach();
  // A terminal sends SIGINT to the whole process group, and others may send SIGTERM to it. The parent says when to
  // stop, by closing the channel.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
  process.on("disconnect", () => {
    attachment.detach();
    process.exit();
  });
  return { socket: opened(Descriptor.socket), bell: opened(Descriptor.bell), attachment };
}

const connections = { channel: line, ...(isMainThread ? wiresOfProcess() : {}) };

async function obey({ transport, kind, bytes, touch, count }: Order): Promise<void> {
  const wires: Wires = { ...connections, watch: patience(() => process.ppid === parent) };
  const payload = new Payload(bytes, touch);
  let served: Served;
  if (isNative(transport)) {
    await new Promise<void>((resolve) => answer("ready", resolve));
    served = serveRing({ transport, wires, kind, payload, messages: count - 1 });
  } else if (isBlocking(transport)) {
    const port = openBlocking(transport, wires, payload, false);
    try {
      await new Promise<void>((resolve) => answer("ready", resolve));
      served = spinServe(port, kind, count);
    } finally {
      port.close();
    }
  } else {
    const port = openPort(transport, wires, payload, false);
    try {
      const whenServed = serve(port, kind, count);
      answer("ready");
      served = await whenServed;
    } finally {
      port.close();
    }
  }
  // The CPU time of a thread is counted by its process, which is the sender's.
  answer(isMainThread ? served : { ...served, cpu: 0 });
}

if (isMainThread) process.on("message", line.arrived);
else parentPort?.on("message", line.arrived);
answer("attached");
