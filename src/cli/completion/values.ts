// What the tab key offers as a value. The definition of an option or an argument says it; choices are known anyway.
import type { Argument, Option } from "commander";
import { formatKey, formatSize } from "../format/numbers.js";
import { listSegments } from "../io/kernel.js";
import { allUserNames, userName } from "../io/users.js";

export interface Candidate {
  word: string;
  /** Shown beside the word. */
  about?: string;
}

type Lookup = () => Promise<Candidate[]>;

/** A candidate that stands for the names of files, which the shell knows. */
export const FILE_NAMES: Candidate = { word: ":files" };

const lookups = new WeakMap<Option | Argument, Lookup>();

/** Says how the values of an option or an argument are completed. */
export function completeWith<T extends Option | Argument>(definition: T, lookup: Lookup): T {
  lookups.set(definition, lookup);
  return definition;
}

/** The values that are known for an option or an argument; undefined if its definition says nothing about them. */
export async function valuesOf(definition: Option | Argument): Promise<Candidate[] | undefined> {
  const { argChoices } = definition;
  return argChoices ? argChoices.map((word) => ({ word })) : lookups.get(definition)?.();
}

async function segments(nameOf: (info: { id: number; key: number }) => string): Promise<Candidate[]> {
  return (await listSegments()).map((info) => ({
    word: nameOf(info),
    about: `${formatSize(info.size)} of ${userName(info.uid)}, used by ${info.nattch}`,
  }));
}

export const userNames: Lookup = async () => allUserNames().map((word) => ({ word }));

export const segmentIds: Lookup = () => segments(({ id }) => String(id));

export const segmentKeys: Lookup = async () =>
  (await segments(({ key }) => formatKey(key))).filter(({ word }) => word !== formatKey(0)); // 0 is not a key
