// A campaign of kills: participants in several languages work on one object, one after the other is killed at a random
// moment, and those that are left must continue.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as assert from "uvu/assert";
import { createShm, type Domain } from "wasm-shm";
import { end, firstOutput, root, works } from "../support/child.js";
import { compile } from "../support/peers.js";
import { Data, PARTIES, type Primitive, place, SEGMENT_BYTES, SLOTS, work } from "./workload.js";

export type Language = "node" | "c" | "python";

const programs = join(root, "test/sync/programs");
/** A wake that is lost must be seen as a hang: the look after 400 ms would hide it. participant.py does the same. */
const flags = ["-std=gnu11", "-O2", "-pthread", "-DWASM_SHM_CHECK_MS=60000", "-I", join(root, "include")];
const compiled = works("gcc", ["--version"]) ? compile("../../sync/programs/participant.c", flags) : undefined;
if (compiled && compiled.ended.code !== 0) throw new Error(compiled.ended.stderr);

export const peerPath = { ...process.env, PYTHONPATH: join(root, "peers/python"), PYTHONDONTWRITEBYTECODE: "1" };
/** The same, for programs that take test/support/programs/checks.py. */
export const checksPath = { ...peerPath, PYTHONPATH: `${peerPath.PYTHONPATH}:${join(root, "test/support/programs")}` };
const hasPython = works("python3", ["-c", "import wasm_shm"], { env: peerPath });

/** Why a language cannot take part on this machine. */
export const lacking: Readonly<Record<Language, string | undefined>> = {
  node: undefined,
  c: compiled ? undefined : "gcc is not installed",
  python: hasPython ? undefined : "python3 with libatomic is not installed",
};

function start(language: Language, primitive: Primitive, segment: number): ChildProcess {
  const args = [primitive, String(segment)];
  const stdio: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"];
  if (language === "c") return spawn(compiled?.program ?? "", args, { stdio });
  if (language === "python")
    return spawn("python3", [join(programs, "participant.py"), ...args], { env: peerPath, stdio });
  return spawn(process.execPath, [join(root, "build/test/sync/programs/participant.js"), ...args], { stdio });
}

async function joined(child: ChildProcess): Promise<ChildProcess> {
  assert.match(await firstOutput(child), /^joined/);
  return child;
}

/** What others wait for and no participant does: sets events, notifies, resets barriers. */
function attend(primitive: Primitive, domain: Domain): () => void {
  if (primitive === "event") {
    const event = domain.event(place.event);
    return () => event.set();
  }
  if (primitive === "condition") {
    const condition = domain.condition(place.condition);
    return () => condition.notifyAll();
  }
  return () => {};
}

/** @returns how often a participant was told that an owner or a party had died */
export async function campaignOfKills(primitive: Primitive, languages: Language[], rounds: number): Promise<number> {
  const shm = createShm({ host: "sysv", core: "js" });
  const segment = shm.create(SEGMENT_BYTES);
  const children: ChildProcess[] = [];
  const isBarrier = primitive === "barrier";
  let goes = true;
  try {
    const attachment = segment.attach();
    const words = new Int32Array(attachment.memory.buffer, attachment.byteOffset, SEGMENT_BYTES / 4);
    const domain = attachment.join({ slots: SLOTS });
    const word = (index: number): number => Atomics.load(words, place.data / 4 + index);
    const attending = setInterval(attend(primitive, domain), 1);
    const own = work(primitive, domain, words, () => goes);
    const barrier = isBarrier ? domain.barrier(place.barrier, { parties: PARTIES }) : undefined;
    const replace = async (index: number, round: number): Promise<void> => {
      const language = languages[round % languages.length] as Language;
      children[index] = await joined(start(language, primitive, segment.id));
      barrier?.reset();
    };
    try {
      await Promise.all([replace(0, 0), replace(1, 1)]);
      for (let round = 0; round < rounds; round++) {
        await sleep(Math.random() * 15);
        const index = round % 2;
        const victim = children[index] as ChildProcess;
        await end(victim, "SIGKILL");
        const progress = word(Data.Progress);
        await replace(index, round + 2);
        for (const limit = Date.now() + 10_000; word(Data.Progress) === progress; await sleep(1))
          assert.ok(Date.now() < limit, `round ${round}: the others continue`);
        assert.is(word(Data.Violations), 0, `round ${round}`);
        assert.is(victim.signalCode, "SIGKILL");
      }
    } finally {
      goes = false;
      for (const child of children) await end(child, "SIGKILL");
      barrier?.reset();
      await own;
      clearInterval(attending);
    }
    assert.is(word(Data.Violations), 0);
    return word(Data.Told);
  } finally {
    for (const child of children) await end(child, "SIGKILL");
    segment[Symbol.dispose]();
  }
}
