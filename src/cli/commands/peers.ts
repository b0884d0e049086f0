import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { intervalOption } from "../args/interval.js";
import { addTarget, openTarget, type TargetOptions, targetOf } from "../args/target.js";
import type { Target } from "../args/values.js";
import { commandOf, nameOf } from "../coordination/names.js";
import type { FoundDomain, FoundObject } from "../coordination/objects.js";
import { domainOf, wordsIn } from "../coordination/open.js";
import { formatAge } from "../format/numbers.js";
import { coloursOf, tableText } from "../format/table.js";
import { writeJson, writeOut } from "../io/output.js";

interface PeersOptions extends TargetOptions {
  json?: true;
  follow?: true;
  interval: number;
}

const placeOf = ({ name, offset }: FoundObject): string => `${name} at ${offset}`;

function tableOf({ peers, objects }: FoundDomain): string {
  const now = Date.now();
  const { bold, green, red } = coloursOf(process.stdout);
  const rows = peers.map((peer) => {
    const holds = objects.flatMap((object) =>
      object.holders
        .filter(({ slot, alive }) => slot === peer.slot && alive === peer.alive)
        .map(({ what }) => `${what} ${placeOf(object)}`),
    );
    const waits = objects.filter(({ waiting }) => waiting.includes(peer.slot)).map(placeOf);
    return [
      String(peer.slot),
      String(peer.pid),
      peer.kind,
      peer.alive ? green("alive") : red("killed"),
      formatAge(peer.joined, now),
      commandOf(peer) ?? "-",
      holds.join(", ") || "-",
      waits.join(", ") || "-",
    ];
  });
  const head = ["SLOT", "PID", "KIND", "STATE", "JOINED", "COMMAND", "DOES", "WAITS FOR"].map((word) => bold(word));
  return tableText([head, ...rows], [true, true, false, false, true]);
}

/** When each holder of an object was seen first. */
class Since {
  readonly #seen = new Map<string, number>();

  /** Seconds that something is seen; 0 at the first time. @param present what is seen now */
  update(present: readonly string[], now: number): Map<string, number> {
    const there = new Set(present);
    for (const each of [...this.#seen.keys()]) if (!there.has(each)) this.#seen.delete(each);
    for (const each of present) if (!this.#seen.has(each)) this.#seen.set(each, now);
    return new Map([...this.#seen].map(([each, first]) => [each, Math.floor((now - first) / 1000)]));
  }
}

const LOCKS = ["mutex", "rwLock", "semaphore", "seqlock"];

/** A line for each lock that a participant waits for, or that a killed one left: who holds it, and since when. */
function explained({ peers, objects }: FoundDomain, since: Since): string {
  const locks = objects.filter(
    ({ name, holders, waiting }) => LOCKS.includes(name) && (waiting.length > 0 || holders.some(({ alive }) => !alive)),
  );
  const keys = locks.flatMap((object) => object.holders.map(({ slot, alive }) => `${object.offset} ${slot} ${alive}`));
  const seconds = since.update(keys, Date.now());
  return locks
    .map((object) => {
      const holders = object.holders.map(({ slot, what, alive }) => {
        const age = seconds.get(`${object.offset} ${slot} ${alive}`) ?? 0;
        const how = what === "holds" ? "held" : what === "reads" ? "read" : what;
        const long = age > 0 ? `, for ${age} s or more` : "";
        return `${how} by ${nameOf(peers, slot)}${alive ? "" : ", which was killed: the next that asks gets it"}${long}`;
      });
      const waits =
        object.waiting.length === 0 ? [] : [object.waiting.length === 1 ? "1 waits" : `${object.waiting.length} wait`];
      const notes = object.note === "" ? [] : [object.note];
      return `${placeOf(object)}: ${[...holders, ...waits, ...notes].join("; ")}\n`;
    })
    .join("");
}

async function peers(id: Target | undefined, options: PeersOptions): Promise<void> {
  const segment = await openTarget(targetOf(id, options.key));
  const words = wordsIn(segment);
  const since = new Since();
  try {
    for (let first = true; first || options.follow; first = false) {
      if (!first) await sleep(options.interval);
      const domain = domainOf(segment, words);
      const { slots, peers: list, objects } = domain;
      if (options.json)
        await writeJson({ slots, peers: list.map((peer) => ({ ...peer, command: commandOf(peer) ?? null })), objects });
      else await writeOut(`${first ? "" : "\n"}${tableOf(domain)}${explained(domain, since)}`);
    }
  } finally {
    segment[Symbol.dispose]();
  }
}

export function addPeers(program: Command): void {
  addTarget(program.command("peers"))
    .summary("show who shares locks and channels in a segment")
    .description(
      "Show the participants of the domain at byte 0 of a segment: who they are, whether they live, since when, what they " +
        "hold or write, and what they wait for. Below the table, each lock that a participant waits for is explained. The command " +
        "takes no part, and stores nothing. It looks for 65536 objects, each up to 1 MiB behind the last one.",
    )
    .option("-f, --follow", "show it again at each interval, and for how long a lock was held meanwhile")
    .addOption(intervalOption(1000))
    .option("--json", "print JSON; with --follow, one value after the other")
    .addHelpText("after", "\nExample:\n  wasm-shm peers key:0x51 --follow")
    .action(peers);
}
