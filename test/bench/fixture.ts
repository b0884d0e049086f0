// Suites that only test/bench*.test.ts runs: the environment says what is to be wrong with them.

const { WASM_SHM_BENCH_SLOWER = "1", WASM_SHM_BENCH_WRONG, WASM_SHM_BENCH_DIES } = process.env;

const words = Uint32Array.from({ length: 4096 }, (_, index) => Math.imul(index, 2654435761));

/** Xor and rotate, `turns` times: nothing that an engine could leave out, or do for two words at once. */
function mix(turns: number): number {
  let state = 1;
  for (let turn = 0; turn < turns; turn++)
    state = Math.imul(state ^ (words[(state + turn) & 4095] as number), 2654435761) >>> 0;
  return state;
}

const TURNS = 2000;

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

const rival = (name: string, turns: number): Rival => ({
  name,
  operations: 1,
  run: () => mix(turns),
  prove() {
    if (name === WASM_SHM_BENCH_WRONG) throw new Error(`${name} is wrong`);
  },
});

export const suites = {
  fixture: {
    about: "loops of a known length",
    variants: ["js"],
    async run(_variant: string, time: (group: Group) => Promise<void>): Promise<void> {
      if (WASM_SHM_BENCH_DIES) process.kill(process.pid, "SIGKILL");
      const slower = Math.round(TURNS * Number(WASM_SHM_BENCH_SLOWER));
      const steady = [rival("as long", TURNS), rival("half as long", TURNS / 2)];
      await time({ name: "steady", rivals: [rival("base", TURNS), ...steady] });
      await time({ name: "planted", rivals: [rival("base", TURNS), rival("planted", slower), rival("steady", TURNS)] });
    },
  },
};
