// The segments that ls lists and rm removes if none is named: by owner, age, key, and whether they are orphans.
import { type Command, InvalidArgumentError, Option } from "commander";
import type { SegmentInfo } from "../../host/host.js";
import { mayStandForAnother } from "../../host/ids.js";
import { completeWith, segmentKeys, userNames } from "../completion/values.js";
import { UsageError, UserError } from "../failure.js";
import { formatKey } from "../format/numbers.js";
import { detailsOf, type SegmentDetails } from "../io/details.js";
import { isOrphan } from "../io/orphans.js";
import { mineOnly, userId } from "../io/users.js";
import { parseKey } from "./values.js";

export interface SelectionOptions {
  mine?: true;
  user?: string;
  allUsers?: true;
  /** Seconds. */
  olderThan?: number;
  orphans?: true;
}

const seconds = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** @throws {InvalidArgumentError} not a number with a unit: 90s, 30m, 2h, 7d, 1w */
function parseAge(text: string): number {
  const [, amount, unit] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  if (unit === undefined) throw new InvalidArgumentError("An age is a number with a unit: 90s, 30m, 2h, 7d, 1w.");
  return Number(amount) * seconds[unit as keyof typeof seconds];
}

/** Keys as they are typed: one, or a pattern of what ls shows, in which * stands for any digits. */
export interface KeyPattern {
  readonly text: string;
  /** The one key; undefined of a pattern. */
  readonly key: number | undefined;
}

/** @throws {InvalidArgumentError} neither a key nor a pattern of one */
export function parsePattern(text: string, before: readonly KeyPattern[] = []): KeyPattern[] {
  if (!text.includes("*")) return [...before, { text, key: parseKey(text) }];
  if (!/^0x[0-9a-f*]+$/i.test(text)) throw new InvalidArgumentError("A pattern of keys is hexadecimal: '0x61*'.");
  return [...before, { text, key: undefined }];
}

/** Adds `--key`, which may be repeated and be a pattern. */
export function addKeys(command: Command, description: string): Command {
  const option = new Option("-k, --key <key>", description).argParser(parsePattern).default([], "none");
  return command.addOption(completeWith(option, segmentKeys));
}

export function addSelection(command: Command): Command {
  const user = new Option("--user <name>", "only segments that this user, by name or number, owns or created");
  return command
    .option("--mine", "only segments that you own or created")
    .addOption(completeWith(user, userNames))
    .option("--all-users", "segments of all users")
    .option(
      "--older-than <age>",
      "only segments not attached, detached or changed for so long: 90s, 30m, 2h, 7d, 1w",
      parseAge,
    )
    .option("--orphans", "only segments that no process has attached, and whose creator is gone");
}

/** @throws {UsageError} more than one says whose they are */
export function checkSelection({ mine, user, allUsers }: SelectionOptions): void {
  if ([mine, user, allUsers].filter((option) => option !== undefined).length > 1)
    throw new UsageError("--mine, --user and --all-users each say whose segments: give one");
}

/** Whether something was said that selects, beside whose they are. */
export const isSelecting = ({ user, allUsers, mine, olderThan, orphans }: SelectionOptions): boolean =>
  [user, allUsers, mine, olderThan, orphans].some((option) => option !== undefined);

/** A test for segments that a user owns or created. @throws {UserError} the number stands for several users here */
function ofUser(name: string): (info: SegmentInfo) => boolean {
  const id = userId(name);
  if (mayStandForAnother("uid", id))
    throw new UserError(`in this user namespace ${id} stands for several users: name the segments by their ids`);
  return ({ uid, cuid }) => uid === id || cuid === id;
}

function matches(pattern: KeyPattern, key: number): boolean {
  if (pattern.key !== undefined) return key === (pattern.key | 0);
  const expression = pattern.text.toLowerCase().replaceAll("*", "[0-9a-f]*");
  return key !== 0 && new RegExp(`^${expression}$`).test(formatKey(key));
}

/** When the segment was last attached, detached or changed. */
function lastUse({ atime, dtime, ctime }: SegmentInfo): number {
  return Math.max(...[atime, dtime, ctime].map((time) => Number(time ?? 0)));
}

/** @param everyone whether segments of all users are meant if nothing says whose */
export function select(
  all: readonly SegmentInfo[],
  options: SelectionOptions & { key?: readonly KeyPattern[] },
  everyone: boolean,
): SegmentDetails[] {
  checkSelection(options);
  const { mine, user, allUsers, olderThan, orphans, key: patterns = [] } = options;
  const isOf = user === undefined ? (mine || !(everyone || allUsers) ? mineOnly() : () => true) : ofUser(user);
  const oldest = olderThan === undefined ? Number.POSITIVE_INFINITY : Date.now() - olderThan * 1000;
  return all
    .filter((info) => isOf(info) && lastUse(info) <= oldest)
    .filter(({ key }) => patterns.length === 0 || patterns.some((pattern) => matches(pattern, key)))
    .map((info) => detailsOf(info))
    .filter((details) => !orphans || isOrphan(details));
}
