// What copy copies from and to: a segment, a file, or a standard stream.
import { Argument, InvalidArgumentError } from "commander";
import { completeWith, FILE_NAMES, segmentIds } from "../completion/values.js";
import { parseTarget, type Target } from "./values.js";

export type Operand = { kind: "segment"; target: Target } | { kind: "new" } | { kind: "file"; path: string };

/**
 * A number is the id of a segment, `key:KEY` its key, `new` a segment to be created. Anything else is a file, and `-` a
 * standard stream.
 *
 * @throws {InvalidArgumentError} a malformed key, a number that cannot be an id, or an empty text
 */
export function parseOperand(text: string): Operand {
  if (text === "new") return { kind: "new" };
  if (/^(\d+$|key:)/.test(text)) return { kind: "segment", target: parseTarget(text) };
  if (text === "") throw new InvalidArgumentError("The name of a file is not empty.");
  return { kind: "file", path: text };
}

/** The argument of a command that takes several operands. */
export function operandsArgument(description: string): Argument {
  const argument = new Argument("[operand...]", description).argParser((text: string, before: Operand[] = []) => [
    ...before,
    parseOperand(text),
  ]);
  return completeWith(argument, async () => [...(await segmentIds()), { word: "new" }, FILE_NAMES]);
}
