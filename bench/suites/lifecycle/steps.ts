// Create, attach, detach and destroy: each of the four by itself, in the pairs that shm-typed-array makes of them, and
// all of them as the life of a segment.
import { slower } from "../../harness/goals.js";
import { type Group, named, type Rival, type Timer } from "../../harness/group.js";
import { expectEqual } from "../../harness/proof.js";
import type { Absence } from "../../harness/result.js";
import { GiB, MiB } from "../../harness/size.js";
import { shmOf, type Variant } from "../../harness/window.js";
import { shmTypedArray } from "./shmtypedarray.js";
import { allowance, LIFE, type Step, systemCalls, type Way, type Work, wasmShm } from "./ways.js";

/** The number of existing segments that this process made. */
const ownSegments = (variant: Variant): number =>
  shmOf(variant)
    .list()
    .filter(({ cpid }) => cpid === process.pid).length;

function rivalOf(variant: Variant, way: Way, step: Step, work: Work, size: number): Rival {
  const count = way.count(size);
  const run = (): number => work(size, count);
  return {
    name: way.name,
    ...(way.path === undefined ? {} : { path: way.path }),
    operations: count,
    selfTimed: true,
    run,
    prove() {
      const before = ownSegments(variant);
      way.prove(size);
      for (let made = 0; made < way.warmup; made++)
        if (run() <= 0) throw new Error(`${way.name}: ${step} took no time`);
      expectEqual(ownSegments(variant), before, `the segments that ${way.name} leaves`);
    },
  };
}

function group(variant: Variant, step: Step, size: number): Group {
  const typedArray = shmTypedArray(variant);
  const rival = (way: Way): Rival => rivalOf(variant, way, step, way.steps[step] as Work, size);
  const absent: Absence[] = [];
  const rivals: [Rival, ...Rival[]] = [rival(systemCalls()), rival(wasmShm(variant))];
  if ("reason" in typedArray) absent.push(typedArray);
  else if (step in typedArray.steps) rivals.push(rival(typedArray));
  else absent.push({ name: typedArray.name, reason: `it has no call that only does this: ${step}` });
  return { ...named(step, size), cold: true, rivals, absent };
}

/** What an attachment takes beyond the system calls is for the most part its Memory. */
function lifeAndGoal(variant: Variant, size: number): Group {
  const rival = (way: Way): Rival => rivalOf(variant, way, LIFE, way.steps[LIFE] as Work, size);
  const allowed = rival(allowance());
  return {
    ...named("a life, and what it may take", size),
    cold: true,
    rivals: [allowed, { ...rival(wasmShm(variant)), goals: [slower(1, allowed.name)] }],
  };
}

export async function steps(variant: Variant, time: Timer): Promise<void> {
  for (const step of ["create", "attach", "detach", "destroy", "create and attach", "detach and destroy"] as const)
    await time(group(variant, step, MiB));
  await time(group(variant, LIFE, MiB));
  await time(lifeAndGoal(variant, MiB));
  // V8 counts the bytes of a memory as future garbage, and collects after each GiB or so. An attach in JavaScript then
  // takes milliseconds, by either package.
  for (const step of ["attach", "detach"] as const) await time(group(variant, step, GiB));
}
