// The barrier: src/sync/barrier.ts. All parties have registered before the first arrives.
import type { Model } from "./checker.js";
import { clearBit, finish, look, setBit, world } from "./parts.js";
import { checkViolation, program, raw, ringing, type View, Violation } from "./program.js";

export const barrierMutants = [
  "the last one rings nobody",
  "those that wait do not look at deaths",
  "the bit is set after the look at the phase",
  "an arrival is stored, not exchanged",
] as const;
export type BarrierMutant = (typeof barrierMutants)[number];

const BROKEN = 0x80;

/** Parties that meet `rounds` times, or are told that one died. */
export function barrierModel(parties: number, rounds: number, deaths: number, mutant?: BarrierMutant): Model {
  const isLate = mutant === "the bit is set after the look at the phase";
  const everyone = Array.from({ length: parties }, (_, slot) => slot + 1);
  const oneDied = (view: View): boolean => everyone.some((id) => !view.isAlive(id));
  const steps = program({
    arrive: (view) => {
      view.keep("found", view.word("state"));
      return view.register("found") & BROKEN ? "told" : undefined;
    },
    deaths: (view) => (oneDied(view) ? "break" : undefined),
    // The bits from 8 on are the phase.
    exchange: (view) => {
      const found = view.register("found");
      view.keep("found", 0);
      if (mutant !== "an arrival is stored, not exchanged" && view.word("state") !== found) return "arrive";
      view.keep("phase", found >> 8);
      const isLast = (found & 0x7f) + 1 === parties;
      view.store("state", isLast ? ((found >> 8) + 1) << 8 : found + 1);
      view.store(`arrived${view.self}`, view.word(`arrived${view.self}`) + 1);
      if (!isLast) return "look";
      return mutant === "the last one rings nobody" ? "passed" : undefined;
    },
    ...ringing("ring"),
    met: () => "passed",
    look: raw(look),
    bit: isLate ? () => undefined : raw(setBit),
    wait: (view) => {
      const found = view.word("state");
      if (found >> 8 !== view.register("phase")) return "passed";
      return found & BROKEN ? "told" : undefined;
    },
    waiting: (view) => (mutant !== "those that wait do not look at deaths" && oneDied(view) ? "break" : undefined),
    late: isLate ? raw(setBit) : () => undefined,
    sleep: (view) => view.sleep("look"),
    break: (view) => {
      view.store("state", view.word("state") | BROKEN);
      return undefined;
    },
    ...ringing("broken"),
    told: (view) => {
      view.keep("found", 0);
      if (!oneDied(view)) view.violate(Violation.Order);
      return "clear";
    },
    passed: (view) => {
      const round = view.register("round") + 1;
      view.keep("round", round);
      view.keep("phase", 0);
      for (let slot = 0; slot < parties; slot++) if (view.word(`arrived${slot}`) < round) view.violate(Violation.Early);
      return round < rounds ? "arrive" : "clear";
    },
    clear: raw(clearBit),
    end: raw(finish),
  });
  const words = ["state", "violation", ...everyone.map((id) => `arrived${id - 1}`)];
  return {
    name: `barrier of ${parties}, ${rounds} rounds, ${deaths} deaths`,
    first: world(parties, deaths, words, ["phase", "round", "found"]),
    programs: everyone.map(() => steps),
    check: checkViolation,
  };
}
