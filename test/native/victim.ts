// A process that is killed while it repeats one step of a segment's life. Its arguments are the step, the id of a segment of
// its peer or -1, and the key for a segment of its own. Writes a line to standard output when it begins to repeat.
import { type Access, create, open, type Segment } from "wasm-shm";

const [step = "", id = "", key = ""] = process.argv.slice(2);
const SIZE = 3 * 4096;
const peers = Number(id) >= 0 ? open(Number(id)) : undefined;
const accesses: Access[] = peers ? ["read-only", "copy-on-write"] : ["read-write", "read-only", "copy-on-write"];
let turn = 0;

const made = (): Segment => create(SIZE, { key: Number(key) });
const attached = (segment: Segment) => segment.attach({ access: accesses[turn++ % accesses.length] as Access });

/** Each makes what its step needs, and returns what is repeated. */
const steps: Record<string, () => () => void> = {
  create: () => () => made().destroy(),
  open: () => () => open(Number(id)).stat(),
  attach: () => {
    const segment = peers ?? made();
    const held: ReturnType<typeof attached>[] = [];
    return () => {
      held.push(attached(segment));
      if (held.length === 30) for (const attachment of held.splice(0)) attachment.detach();
    };
  },
  write: () => {
    const attachment = attached(peers ?? made());
    const cursor = attachment.access === "read-only" ? undefined : attachment.cursor();
    return () => {
      cursor?.reset();
      cursor?.write(new Uint8Array(SIZE).fill(turn++));
      attachment.bytes.fill(turn++);
      attachment.discard();
    };
  },
  detach: () => {
    const segment = peers ?? made();
    return () => attached(segment).detach();
  },
  destroy: () => () => {
    const segment = peers ?? made();
    const attachment = attached(segment);
    if (turn === 1 || !peers) segment.destroy();
    attachment.detach();
  },
};

const repeat = steps[step]?.();
if (!repeat) throw new Error(`there is no step ${step}`);
process.stdout.write("ready\n");
for (;;) repeat();
