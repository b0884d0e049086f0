// Each transport of the messaging suite takes trial after trial through the same two ports. Messages are numbered from the
// opening on, so that a port that one side opened a second time is found out.
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import * as assert from "uvu/assert";
import type { Attachment, Segment } from "wasm-shm";
import { suite } from "../suite.js";
import { nativePairs } from "../support/pairs.js";

// The bench is compiled by itself: these are the parts of it that are used here.
interface OpenTransport {
  trial(messages: number, options?: { proves: boolean }): Promise<{ nanoseconds: number; each: Float64Array }>;
  close(): Promise<void>;
}

interface Trial {
  OpenTransport: {
    open(receiver: object, name: string, kind: string, load: { bytes: number; touch: string }): Promise<OpenTransport>;
  };
}

interface Transports {
  transports: Record<string, { end: string; spins?: true }>;
  segmentBytes: number;
}

interface Receiver {
  withReceivers(
    id: number,
    attachment: Attachment,
    work: (receivers: Record<string, object>) => Promise<void>,
  ): Promise<void>;
}

interface Window {
  withAttachment(
    core: string,
    size: number,
    work: (attachment: Attachment, segment: Segment) => Promise<void>,
  ): Promise<void>;
}

interface Disruptor {
  disruptorAbsence(): object | undefined;
}

const compiled = async (name: string): Promise<unknown> =>
  import(new URL(`../../bench/${name}.js`, import.meta.url).href);
const { OpenTransport } = (await compiled("suites/messaging/trial")) as Trial;
const { transports, segmentBytes } = (await compiled("suites/messaging/transports")) as Transports;
const { withReceivers } = (await compiled("suites/messaging/receiver")) as Receiver;
const { withAttachment } = (await compiled("harness/window")) as Window;
const { disruptorAbsence } = (await compiled("suites/messaging/disruptorport")) as Disruptor;
const { buildAddon } = (await compiled("rivals/addon")) as { buildAddon(): void };

const isThere = (name: string): boolean =>
  (availableParallelism() > 1 || !transports[name]?.spins) && (name !== "disruptor" || !disruptorAbsence());

/** These ways share a channel, which has one writer: they are open one at a time. */
const ways = ["channel", "batches", "claims", "awaited"];

/** More messages in all than the rings of that size have room for: 64. */
const trials = [
  [9, true],
  [1, false],
  [40, false],
  [5, true],
] as const;

const kept = suite("transports of the messaging suite");

if (nativePairs.length === 0) kept.skip("keep their ports", "there is no sysv host on this platform");
else
  kept("all ports of a kind are open together, keep their numbers over trials, and are closed", async () => {
    buildAddon(); // the ring in C
    const names = Object.keys(transports).filter(isThere);
    await withAttachment("js", segmentBytes, (attachment, { id }) =>
      withReceivers(id, attachment, async (receivers) => {
        for (const [kind, load] of [
          ["round trip", { bytes: 64, touch: "untouched" }],
          ["one-way throughput", { bytes: 4096, touch: "touched" }],
        ] as const) {
          const open = (name: string): Promise<OpenTransport> =>
            OpenTransport.open(receivers[transports[name]?.end as string] as object, name, kind, load);
          const turn = async (name: string, one: OpenTransport): Promise<void> => {
            for (const [messages, proves] of trials) {
              const { nanoseconds, each } = await one.trial(messages, { proves });
              assert.ok(nanoseconds > 0, `${name}, ${kind}: ${nanoseconds}`);
              for (const time of each) assert.ok(time > 0, `${name}, ${kind}: ${time}`);
            }
          };
          const opened = new Map<string, OpenTransport>();
          for (const name of names.filter((one) => !ways.includes(one))) opened.set(name, await open(name));
          for (const name of names.filter((one) => ways.includes(one))) {
            const way = await open(name);
            await turn(name, way);
            await way.close();
          }
          for (let times = 0; times < 2; times++) for (const [name, one] of opened) await turn(name, one);
          for (const one of opened.values()) await one.close();
        }
      }),
    );
    const own = new RegExp(`^wasm-shm-bench-${process.pid}-`);
    assert.equal(
      readdirSync("/dev/shm").filter((file) => own.test(file)),
      [],
    );
  });
kept.run();
