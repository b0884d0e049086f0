// The conditions of a run as rows, for the terminal, the page and the docs.
import type { Conditions } from "../harness/result.js";

const yesOrNo = (value: boolean | undefined): string => (value === undefined ? "unknown" : value ? "on" : "off");

/**
 * The conditions of a run, a name and a value for each row.
 *
 * @param first whether the run is the first of its file. Then the load at its start came from other programs.
 */
export function conditionRows(conditions: Conditions, first: boolean): [name: string, value: string][] {
  const { commit, dirty, cpu, cores, architecture, governor, smt, kernel, node, v8, date, pace, rivals } = conditions;
  const { loadAverage } = conditions;
  const busy = loadAverage > cores / 2 ? ": other programs keep the machine busy" : "";
  const load = first ? [`load ${loadAverage.toFixed(2)} at the start${busy}`] : [];
  return Object.entries({
    commit: dirty ? `${commit}, changed since` : commit,
    cpu: `${cpu}, ${cores} cores, ${architecture}`,
    clock: [`governor ${governor ?? "unknown"}, SMT ${yesOrNo(smt)}`, ...load].join(", "),
    kernel,
    node: `${node} (V8 ${v8})`,
    date,
    pace: pace === "quick" ? "quick: for a look, not for a record" : pace,
    processes: `${conditions.processes}`,
    ...(conditions.planted === undefined ? {} : { planted: `${conditions.planted} % in the last rival of each group` }),
    rivals: Object.entries(rivals)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
  });
}
