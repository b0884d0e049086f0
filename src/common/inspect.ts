// What console.log and util.inspect print of our objects. Node, Bun and Deno all ask by this symbol; an engine that does
// not, prints the object as it likes.

/** The key of a method `(depth, options, inspect) => string`. @see https://nodejs.org/api/util.html#utilinspectcustom */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** util.inspect, as it hands itself to such a method. */
export type Inspect = (value: unknown, options?: unknown) => string;

/**
 * `Name { field: value, … }`, with the fields formatted as the caller of util.inspect asked.
 *
 * @param fields what a person wants to know; reading them must not throw, whatever the state of the object
 */
export function inspected(name: string, fields: object, options: unknown, inspect: Inspect | undefined): string {
  return inspect ? `${name} ${inspect(fields, options)}` : name;
}
