// The receiver, which receiver.ts starts as a process or as a thread. A process ends with the process that started it,
// even after a SIGKILL and even while it spins: the channel between them closes, and while it spins it checks its
// parent's id.
import { Socket } from "node:net";
import { isMainThread, parentPort } from "node:worker_threads";
import { shmOf } from "../../harness/window.js";
import type { Channel } from "./channelport.js";
import { type Answer, Descriptor, Line, type Opening, type Order, Patience } from "./control.js";
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
  obey(order).catch((error: unknown) => answer({ failed: (error as Error).message }));
});

const answer = (message: Answer, done?: () => void): void => line.say(message, done);

/** The socket of a file descriptor, which is an end of a socket pair. */
const socketOf = (fd: number): Socket => new Socket({ fd, readable: true, writable: true });

function wiresOfProcess(): Pick<Wires, "socket" | "bell" | "attachment"> {
  const attachment = shmOf("js").open(Number(process.argv[2])).attach();
  // A terminal sends SIGINT to the whole process group, and others may send SIGTERM to it. The parent says when to
  // stop, by closing the channel.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
  process.on("disconnect", () => {
    attachment.detach();
    process.exit();
  });
  return { socket: socketOf(Descriptor.socket), bell: socketOf(Descriptor.bell), attachment };
}

const patience = new Patience(() => process.ppid === parent);

const wires: Wires = { channel: line, ...(isMainThread ? wiresOfProcess() : {}), watch: patience.check };

/** This side's end of a transport. */
interface Opened {
  readonly payload: Payload;
  /** @param ready to be called when this end is ready to receive; resolves once the other side knows that */
  serve(count: number, ready: () => Promise<void>): Promise<Served>;
  close(): void;
}

function opened({ transport, kind, bytes, touch }: Opening): Opened {
  const payload = new Payload(bytes, touch);
  if (isNative(transport))
    return {
      payload,
      async serve(count, ready) {
        await ready();
        return serveRing({ transport, wires, kind, payload, messages: count - 1 });
      },
      close() {},
    };
  if (isBlocking(transport)) {
    const port = openBlocking(transport, wires, payload, false);
    return {
      payload,
      async serve(count, ready) {
        await ready();
        return spinServe(port, kind, count);
      },
      close: () => port.close(),
    };
  }
  const port = openPort(transport, wires, payload, false);
  return {
    payload,
    async serve(count, ready) {
      const whenServed = serve(port, kind, count);
      void ready();
      try {
        return await whenServed;
      } finally {
        port.rest();
      }
    },
    close: () => port.close(),
  };
}

const all = new Map<number, Opened>();

const ready = (): Promise<void> => new Promise((resolve) => answer("ready", resolve));

async function obey(order: Order): Promise<void> {
  const { number } = order;
  if ("open" in order) {
    all.set(number, opened(order.open));
    return answer("done");
  }
  const one = all.get(number);
  if (one === undefined) throw new Error(`there is no transport ${number}`);
  if ("close" in order) {
    one.close();
    all.delete(number);
    return answer("done");
  }
  patience.begin();
  one.payload.touch = order.serve.touch;
  const served = await one.serve(order.serve.count, ready);
  // The CPU time of a thread is counted by its process, which is the sender's.
  answer(isMainThread ? served : { ...served, cpu: 0 });
}

if (isMainThread) process.on("message", line.arrived);
else parentPort?.on("message", line.arrived);
answer("done");
