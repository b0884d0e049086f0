import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import { intervalOption } from "../args/interval.js";
import { addTarget, openTarget, type TargetOptions, targetOf } from "../args/target.js";
import { parseSize, type Target } from "../args/values.js";
import { nameOf } from "../coordination/names.js";
import { domainOf, ringsOf, wordsIn } from "../coordination/open.js";
import { type SeenMessage, SeenRing } from "../coordination/ring.js";
import { hexdump } from "../format/hexdump.js";
import { formatSize } from "../format/numbers.js";
import { coloursOf, tableText } from "../format/table.js";
import { writeJson, writeOut } from "../io/output.js";

interface ChannelCommandOptions extends TargetOptions {
  offset?: number;
  tail?: number;
  follow?: true;
  interval: number;
  json?: true;
}

function parseCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= 1_000_000) return count;
  throw new InvalidArgumentError("It is a number of messages, 1 to 1000000.");
}

const MOST_SHOWN = 4096; // bytes of a message that are printed
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A message as one line if it is text without control characters, else as a dump. */
function messageText({ position, bytes, state }: SeenMessage): string {
  const shown = bytes.subarray(0, MOST_SHOWN);
  const rest = bytes.length > shown.length ? ` (${bytes.length - shown.length} more bytes)` : "";
  const head = `${position >>> 0}  ${bytes.length} bytes${state === "" ? "" : `, ${state}`}`;
  try {
    const text = utf8.decode(shown);
    if (!/\p{Cc}/u.test(text)) return `${head}  ${text}${rest}\n`;
  } catch {
    // It is not text.
  }
  return `${head}${rest}\n${hexdump(shown, 0).toString("latin1")}`;
}

const messageJson = ({ position, bytes, state }: SeenMessage) => ({
  position: position >>> 0,
  state,
  length: bytes.length,
  base64: Buffer.from(bytes).toString("base64"),
});

async function channel(id: Target | undefined, options: ChannelCommandOptions): Promise<void> {
  const { offset, tail, follow, interval, json } = options;
  const segment = await openTarget(targetOf(id, options.key));
  const words = wordsIn(segment);
  try {
    const found = ringsOf(segment, words, offset);
    const rings = found.map((object) => new SeenRing(words, object));
    const { peers } = domainOf(segment, words);
    const namesOf = (index: number, ...parts: string[]): string[] =>
      (found[index]?.holders ?? [])
        .filter(({ what }) => parts.includes(what))
        .map(({ slot, alive }) => `${nameOf(peers, slot)}${alive ? "" : " (killed)"}`);
    const newest = rings.map((ring) => ring.newest(tail ?? 1));
    const shown = newest.map(({ messages }) => (tail === undefined ? [] : messages));
    const positions = newest.map(({ next }) => next);
    if (json)
      await writeJson(
        rings.map((ring, index) => ({
          name: ring.name,
          offset: ring.offset,
          mode: ring.mode,
          ...ring.depth(),
          writers: namesOf(index, "writes"),
          readers: namesOf(index, "reads", "subscribes"),
          ...(tail !== undefined && { last: shown[index]?.map(messageJson) }),
        })),
      );
    else {
      const { bold } = coloursOf(process.stdout);
      const head = ["OBJECT", "MODE", "USED", "CAPACITY", "MESSAGES", "STATE", "WRITERS", "READERS"].map((word) =>
        bold(word),
      );
      const rows = rings.map((ring, index) => {
        const { used, capacity, messages, closed } = ring.depth();
        return [
          `${ring.name} at ${ring.offset}`,
          ring.mode,
          formatSize(used),
          formatSize(capacity),
          String(messages),
          closed ? "closed" : "open",
          namesOf(index, "writes").join("; ") || "-",
          namesOf(index, "reads", "subscribes").join("; ") || "-",
        ];
      });
      await writeOut(tableText([head, ...rows], [false, false, true, true, true]));
      await writeOut(shown.flat().map(messageText).join(""));
    }
    while (follow) {
      await sleep(interval);
      for (const [index, ring] of rings.entries()) {
        const position = positions[index] as number;
        const { bytes, messages, from, next } = ring.since(position);
        const news = tail === undefined ? [] : ring.read(from, next);
        positions[index] = next;
        const { used, messages: waiting, closed } = ring.depth();
        const perSecond = (value: number): number => Math.round((value * 1000) / interval);
        const rates = {
          messagesPerSecond: messages === undefined ? null : perSecond(messages),
          bytesPerSecond: perSecond(bytes),
        };
        if (json)
          await writeOut(
            `${JSON.stringify({ offset: ring.offset, used, messages: waiting, ...rates, closed, ...(tail !== undefined && { last: news.map(messageJson) }) })}\n`,
          );
        else {
          const rate = messages === undefined ? "" : `${rates.messagesPerSecond} messages/s, `;
          await writeOut(
            `${ring.name} at ${ring.offset}: ${formatSize(used)} used, ${waiting} messages, ${rate}${formatSize(rates.bytesPerSecond)}/s${closed ? ", closed" : ""}\n`,
          );
          await writeOut(news.map(messageText).join(""));
        }
      }
    }
  } finally {
    segment[Symbol.dispose]();
  }
}

export function addChannel(program: Command): void {
  addTarget(program.command("channel"))
    .summary("show the depth, the rates and the messages of channels")
    .description(
      "Show the channels and topics of a segment, also those of services: how full they are, who writes and reads, and the " +
        "messages that are in them. Nothing is taken: readers get every message. Of a message, at most 4096 bytes are printed, as text or as dump prints them.",
    )
    .option("-o, --offset <bytes>", "only the channel or topic there", parseSize)
    .option(
      "-n, --tail <count>",
      "print the last messages that are still there, and with --follow each new one",
      parseCount,
    )
    .option("-f, --follow", "print depth and rates at each interval")
    .addOption(intervalOption(1000))
    .option("--json", "print JSON; with --follow one line for each interval")
    .addHelpText("after", "\nExample:\n  wasm-shm channel key:0x51 --follow --tail 10")
    .action(channel);
}
