import { type Command, Option } from "commander";
import type { SegmentInfo } from "../../host/host.js";
import { livingPeers } from "../coordination/open.js";
import { jsonOf, segmentTable } from "../format/segments.js";
import { detailsOf } from "../io/details.js";
import { kernelShm } from "../io/kernel.js";
import { say, writeJson, writeOut } from "../io/output.js";
import { mineOnly } from "../io/users.js";

const orders = {
  id: (a: SegmentInfo, b: SegmentInfo) => a.id - b.id,
  key: (a: SegmentInfo, b: SegmentInfo) => (a.key >>> 0) - (b.key >>> 0),
  size: (a: SegmentInfo, b: SegmentInfo) => b.size - a.size,
  used: (a: SegmentInfo, b: SegmentInfo) => b.nattch - a.nattch,
  changed: (a: SegmentInfo, b: SegmentInfo) => Number(b.ctime ?? 0) - Number(a.ctime ?? 0),
};

interface LsOptions {
  bytes?: true;
  domains?: true;
  json?: true;
  mine?: true;
  sort?: keyof typeof orders;
}

async function ls({ bytes, domains, json, mine, sort }: LsOptions): Promise<void> {
  const shm = await kernelShm();
  const all = shm.list();
  const infos = mine ? all.filter(mineOnly()) : all;
  if (sort) infos.sort(orders[sort]);
  const segments = infos.map(detailsOf);
  const peers = domains && new Map(infos.map(({ id }) => [id, livingPeers(shm, id)]));
  if (json)
    return writeJson(
      segments.map((each) => ({ ...jsonOf(each), ...(peers && { peers: peers.get(each.info.id) ?? null }) })),
    );
  const options = { exact: bytes === true, stream: process.stdout, peers };
  if (segments.length > 0) return writeOut(segmentTable(segments, options));
  say(
    mine && all.length > 0
      ? `this user has no segments; ls without --mine lists ${all.length}`
      : "there are no segments",
  );
}

export function addLs(program: Command): void {
  program
    .command("ls")
    .summary("list all segments")
    .description(
      "List all segments, as ipcs -m does, with more columns: the process that created a segment, the one that used it " +
        "last, and how long ago it was attached, detached and changed. A process is shown as gone if no process has its " +
        "pid, as reused if the process that has its pid started after the segment was last changed, and as - if the " +
        "kernel does not tell, because it was in another container.",
    )
    .option("-b, --bytes", "print sizes in bytes")
    .option(
      "--domains",
      "show how many participants each domain has; it attaches each segment, which LAST and ATTACHED show",
    )
    .option("--mine", "list only segments that this user owns or created")
    .addOption(new Option("--sort <by>", "order of the list (default: the kernel's)").choices(Object.keys(orders)))
    .option("--json", "print JSON: exact sizes, ISO dates, the names of shmctl(2)")
    .addHelpText("after", "\nExample:\n  wasm-shm ls --mine --sort size")
    .action(ls);
}
