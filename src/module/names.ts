// Names out of a module, for messages. Its author chose them: there may be a million, and each may be megabytes.

const LONGEST = 60; // characters
const MOST = 10;

/** A name, cut short if it is long. */
export function shownName(name: string): string {
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST)}…`;
}

/** The first names, and how many more there are. */
export function shownNames(names: readonly string[], most = MOST): string {
  if (names.length === 0) return "none";
  const shown = names.slice(0, most).map(shownName).join(", ");
  return names.length <= most ? shown : `${shown} and ${names.length - most} more`;
}
