// Suites that only the tests in test/bench run. The environment says what is to be wrong with them.

import { appendFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const { WASM_SHM_BENCH_SLOWER = "1", WASM_SHM_BENCH_WRONG } = process.env;
/** In that turn, from 1 on, the process dies, or the whole bench is interrupted. */
const { WASM_SHM_BENCH_DIES, WASM_SHM_BENCH_INTERRUPTED } = process.env;
/** A file that counts the turns, each of which is a process of its own. */
const { WASM_SHM_BENCH_TURNS } = process.env;

function turn(): string {
  if (WASM_SHM_BENCH_TURNS === undefined) return "1";
  appendFileSync(WASM_SHM_BENCH_TURNS, ".");
  return String(statSync(WASM_SHM_BENCH_TURNS).size);
}

const words = Uint32Array.from({ length: 4096 }, (_, index) => Math.imul(index, 2654435761));

/** `steps` steps, each of which depends on the one before, so that an engine cannot leave one out or do two at once. */
function mix(steps: number): number {
  let state = 1;
  for (let step = 0; step < steps; step++)
    state = Math.imul(state ^ (words[(state + step) & 4095] as number), 2654435761) >>> 0;
  return state;
}

const STEPS = 2000;

interface Rival {
  name: string;
  operations: number;
  run(): number;
  prove(): void;
}

interface Group {
  name: string;
  rivals: Rival[];
}

const rival = (name: string, steps: number): Rival => ({
  name,
  operations: 1,
  run: () => mix(steps),
  prove() {
    if (name === WASM_SHM_BENCH_WRONG) throw new Error(`${name} is wrong`);
  },
});

export const suites = {
  fixture: {
    about: "loops of a known length",
    variants: ["js"],
    async run(_variant: string, time: (group: Group) => Promise<void>): Promise<void> {
      const current = turn();
      if (current === WASM_SHM_BENCH_DIES) process.kill(process.pid, "SIGKILL");
      if (current === WASM_SHM_BENCH_INTERRUPTED) {
        process.kill(process.ppid, "SIGINT");
        await sleep(500); // until the order to stop is here
      }
      const slower = Math.round(STEPS * Number(WASM_SHM_BENCH_SLOWER));
      const steady = [rival("as long", STEPS), rival("half as long", STEPS / 2)];
      await time({ name: "steady", rivals: [rival("base", STEPS), ...steady] });
      await time({ name: "planted", rivals: [rival("base", STEPS), rival("planted", slower), rival("steady", STEPS)] });
    },
  },
};
