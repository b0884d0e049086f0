// Damaged modules: truncated at every length, and random mutations: 2,000, or 20,000 with WASM_SHM_LONG=1. Each makes a
// sandbox or rejects with a typed error, and the segment that it is given stays unchanged. Mutants of guests without a loop
// run inline, as nothing would stop an endless loop there. Mutants of the AssemblyScript guest, which has loops, run in
// threads and in processes, and their exports are called as well.
import * as assert from "uvu/assert";
import { type Isolation, type Segment, ShmError } from "wasm-shm";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { mutant, randomFrom, seed } from "../support/mutants.js";
import { guest, intact, NO_HOST, native, open, withSegments } from "./sandboxes.js";

const INLINE_MUTANTS = campaign(1940, 9850);
const LOOPING_MUTANTS = { thread: campaign(60, 150), process: campaign(60, 10_000) };

const typed = /^ERR_SHM_(GUEST_(INVALID|IMPORT|LIMIT|MEMORY|TRAP)|MEMORY_LIMIT)$/;
const typedCall =
  /^(ERR_SHM_(GUEST_(TRAP|EXPORT)|READ_ONLY|TIME_LIMIT|SANDBOX_CLOSED|UNSUPPORTED)|ERR_INVALID_ARG_TYPE)$/;

const collect = (): void => (globalThis as { gc?: () => void }).gc?.();

/** Makes a sandbox of the module, if that is possible, and counts the outcome. */
async function take(
  kind: Isolation,
  bytes: Uint8Array,
  segment: Segment,
  counts: Map<string, number>,
  calls: [name: string, ...values: number[]][] = [],
): Promise<void> {
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  try {
    const options = { windows: { window: { segment } }, timeLimitMs: kind === "inline" ? 10_000 : 700 };
    const sandbox = await open(kind, bytes, options);
    count("accepted");
    for (const [name, ...values] of calls)
      await sandbox.call(name, ...values).catch((error: unknown) => {
        const { code = String(error) } = error as { code?: string };
        assert.match(code, typedCall, `a call: ${(error as Error).stack}`);
        count(code);
      });
    await sandbox.close();
  } catch (error) {
    if (!(error instanceof ShmError)) throw error;
    if (error.code !== "ERR_SHM_TIME_LIMIT") assert.match(error.code, typed, error.stack ?? "");
    count(error.code);
  }
}

const mutants = suite("Damaged modules");
if (!native) mutants.skip("are held", NO_HOST);
else {
  const report = (counts: Map<string, number>): string =>
    [...counts].map(([what, count]) => `${count} ${what}`).join(", ");

  for (const name of ["exports", "traps", "callback", "stores"])
    mutants(`${name} cut short at every length is refused with a typed error, or is still a whole module`, () =>
      withSegments([3333], (segment) =>
        intact([segment], async () => {
          const bytes = guest(`hostile/${name}`);
          const counts = new Map<string, number>();
          for (let length = 0; length < bytes.length; length++) {
            await take("inline", bytes.subarray(0, length), segment, counts);
            if (length % 256 === 0) collect();
          }
          assert.ok((counts.get("ERR_SHM_GUEST_INVALID") ?? 0) > bytes.length - 20, report(counts));
        }),
      ),
    );

  mutants(`${INLINE_MUTANTS} mutants of guests without loops`, () =>
    withSegments([3333], (segment) =>
      intact([segment], async () => {
        const random = randomFrom(seed);
        const counts = new Map<string, number>();
        const modules = ["exports", "traps", "stores", "loads", "exception"].map((name) => guest(`hostile/${name}`));
        for (let round = 0; round < INLINE_MUTANTS; round++) {
          const bytes = mutant(modules[round % modules.length] as Uint8Array, random, 4);
          try {
            await take("inline", bytes, segment, counts);
          } catch (error) {
            const base64 = Buffer.from(bytes).toString("base64");
            throw new Error(`WASM_SHM_SEED=${seed}, mutant ${round}: ${base64}`, { cause: error });
          }
          if (round % 256 === 0) collect();
        }
        console.log(`seed ${seed}: ${report(counts)}`);
        assert.ok((counts.get("accepted") ?? 0) > INLINE_MUTANTS / 100, report(counts));
      }),
    ),
  );

  for (const kind of ["thread", "process"] as const)
    mutants(
      `${LOOPING_MUTANTS[kind]} mutants of a guest with loops, each in a ${kind}, with calls of their exports over the window`,
      () =>
        withSegments([70_001], (segment) =>
          intact([segment], async () => {
            const random = randomFrom(seed ^ 0x55555555);
            const counts = new Map<string, number>();
            const module = guest("assemblyscript/guest");
            let left = LOOPING_MUTANTS[kind];
            const one = async (): Promise<void> => {
              while (left-- > 0) {
                const bytes = mutant(module, random, 1);
                await take(kind, bytes, segment, counts, [
                  ["histogram", 2 * 65_536, 70_001, 2 * 65_536],
                  ["sumFloats", 2 * 65_536, 70_000],
                  ["invert", 0, 3 * 65_536],
                  ["churn", 100_000],
                  ["countWords", 2 * 65_536, 70_001],
                ]).catch((error) => {
                  const base64 = Buffer.from(bytes).toString("base64");
                  throw new Error(`WASM_SHM_SEED=${seed}: ${base64}`, { cause: error });
                });
              }
            };
            await Promise.all([one(), one(), one()]);
            console.log(`seed ${seed}: ${report(counts)}`);
            assert.ok((counts.get("accepted") ?? 0) > LOOPING_MUTANTS[kind] / 100, report(counts));
          }),
        ),
    );
}
mutants.run();
