import { type Command, InvalidArgumentError, Option } from "commander";
import { addKeys, addSelection, type KeyPattern, type SelectionOptions, select } from "../args/selection.js";
import { livingPeers } from "../coordination/open.js";
import { UsageError } from "../failure.js";
import { columns } from "../format/columns.js";
import { attachedTable, jsonOf, rawTable, segmentTable } from "../format/segments.js";
import { attachments, residences } from "../io/attached.js";
import type { SegmentDetails } from "../io/details.js";
import { kernelShm, listSegments } from "../io/kernel.js";
import { say, writeJson, writeOut } from "../io/output.js";

type Order = (a: SegmentDetails, b: SegmentDetails) => number;

const orders: Readonly<Record<string, Order>> = {
  id: (a, b) => a.info.id - b.info.id,
  key: (a, b) => (a.info.key >>> 0) - (b.info.key >>> 0),
  size: (a, b) => b.info.size - a.info.size,
  used: (a, b) => b.info.nattch - a.info.nattch,
  changed: (a, b) => Number(b.info.ctime ?? 0) - Number(a.info.ctime ?? 0),
};

interface LsOptions extends SelectionOptions {
  key: KeyPattern[];
  attached?: true;
  bytes?: true;
  columns?: string[];
  domains?: true;
  headings: boolean;
  json?: true;
  quiet?: true;
  raw?: true;
  sort?: string;
}

/** @throws {InvalidArgumentError} a name that no column has */
function parseColumns(text: string): string[] {
  const names = text.toLowerCase().split(",");
  const unknown = names.find((name) => !Object.hasOwn(columns, name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`The columns are ${Object.keys(columns).join(", ")}.`);
}

/** Two forms of output at once are a mistake. */
function checkForms({ attached, json, quiet, raw, columns: names }: LsOptions): void {
  const forms = [attached && "--attached", json && "--json", quiet && "--quiet", raw && "--raw"].filter(Boolean);
  const [first, second] = forms[0] === "--attached" && forms[1] === "--json" ? forms.slice(1) : forms;
  if (second) throw new UsageError(`${first} and ${second} are different forms: give one`);
  if (names && first && first !== "--raw") throw new UsageError(`--columns and ${first} are different forms: give one`);
}

function noneOf(count: number, { mine }: LsOptions): string {
  return mine
    ? `this user has no segments; ls without --mine lists ${count}`
    : `no segment was selected; ls without options lists ${count}`;
}

async function ls(options: LsOptions): Promise<void> {
  checkForms(options);
  const { attached, bytes = false, columns: names, domains, headings, json, quiet, raw, sort } = options;
  const shm = domains || names?.includes("peers") ? await kernelShm() : undefined;
  const all = shm?.list() ?? (await listSegments());
  const segments = select(all, options, true);
  if (sort) segments.sort(orders[sort]);
  const found = attached ? attachments() : undefined;
  const shown = found ? segments.filter(({ info }) => info.nattch > 0) : segments;
  const peers = shm && new Map(shown.map(({ info: { id } }) => [id, livingPeers(shm, id)]));
  if (json) {
    const parts = { residences: residences(), ...(found && { attachments: found }), ...(peers && { peers }) };
    return writeJson(shown.map((details) => jsonOf(details, parts)));
  }
  if (quiet) return writeOut(shown.map(({ info }) => `${info.id}\n`).join(""));
  if (shown.length === 0) return say(all.length > 0 ? noneOf(all.length, options) : "there are no segments");
  if (raw) return writeOut(rawTable(shown, { headings, names, peers }));
  if (found) {
    if (found.hidden > 0) say(`processes that this user may not look at: ${found.hidden}`);
    return writeOut(attachedTable(shown, found, process.stdout));
  }
  return writeOut(segmentTable(shown, { exact: bytes, headings, names, peers, stream: process.stdout }));
}

export function addLs(program: Command): void {
  const command = program
    .command("ls")
    .summary("list segments")
    .description(
      "List all segments, as ipcs -m does, with more columns: the process that created a segment, the one that used it " +
        "last, and how long ago it was attached, detached and changed. A process is shown as gone if no process has its " +
        "pid, as reused if a newer process has it, and as - if there was none, or it was in another container.",
    );
  addKeys(
    addSelection(command),
    "only segments with this key, or a pattern of what is shown, such as '0x61*'; may be repeated",
  )
    .option("--attached", "show who has attached each segment: pid, user, mapped bytes, access and whole command line")
    .option(
      "--domains",
      "show how many participants each domain has; it attaches each segment, which LAST and ATTACHED show",
    )
    .option("-q, --quiet", "print only ids")
    .option("-b, --bytes", "print sizes in bytes")
    .addOption(
      new Option("-o, --columns <names>", `columns, separated by commas: ${Object.keys(columns).join(", ")}`).argParser(
        parseColumns,
      ),
    )
    .option("--no-headings", "print no line of headings")
    .option("--raw", "print exact values with one space between them, for programs; space in a value is \\x20")
    .addOption(new Option("--sort <by>", "order of the list (default: the kernel's)").choices(Object.keys(orders)))
    .option("--json", "print JSON: exact sizes, ISO dates, the names of shmctl(2)")
    .addHelpText(
      "after",
      "\nExamples:\n  wasm-shm ls --mine --sort size\n  wasm-shm ls --attached\n  wasm-shm ls --orphans --older-than 1d -o id,owner,size,rss",
    )
    .action(ls);
}
