// The messages between a sandbox and its guest's process, as plain values. Either side checks the form of what it reads: the
// guest's process may be in the hands of its guest.
import type { Confinement } from "../../host/confinement.js";
import { WASM_PAGE } from "../../memory/layout.js";
import type { MemoryOperation, MemoryValue } from "../exchange.js";
import type { ErrorData, Failure } from "../failure.js";
import { type GuestResult, type GuestValue, type GuestWindow, MOST_PAGES } from "../guest.js";
import type { SharedWindow } from "../job.js";
import type { FromGuest, ToGuest, Usage } from "../protocol.js";
import { decode, encode, NotPlain } from "./wire.js";

const Kind = { Call: 0, Returned: 1, Threw: 2, Ready: 3, Unready: 4, Result: 5, Failed: 6, Imported: 7 } as const;

/** The longest name that engines let a module export has so many bytes. */
const LONGEST_NAME = 100_000;

/** Texts of an error, in characters. Longer ones are cut, so that every error can cross. */
const LONGEST_MESSAGE = 4000;
const LONGEST_STACK = 8000;

const cut = (text: string | undefined, most: number): string | undefined => text?.slice(0, most);

/** @throws {NotPlain} a value cannot cross */
export function encodeToGuest(message: ToGuest): Buffer {
  if ("call" in message) {
    const { call, name, values, blocking, operation, fuel } = message;
    return encode([Kind.Call, call, cut(name, LONGEST_NAME + 1), blocking, values, operation, fuel]);
  }
  const { number } = message;
  return encode(
    "returned" in message ? [Kind.Returned, number, message.returned] : [Kind.Threw, number, message.threw],
  );
}

/** @throws {RangeError} the bytes are not such a message */
export function decodeToGuest(bytes: Buffer): ToGuest {
  const [kind, first, second, blocking, values, operation, fuel] = asArray(decode(bytes));
  const number = asIndex(first);
  if (kind === Kind.Returned) return { number, returned: second };
  if (kind === Kind.Threw) return { number, threw: asIndex(second) };
  if (kind !== Kind.Call) throw wrong(`is of kind ${String(kind)}`);
  return {
    call: number,
    name: asString(second),
    blocking: blocking === true,
    values: operation === undefined ? asArray(values).map(asGuestValue) : (asArray(values) as MemoryValue[]),
    operation: operation as MemoryOperation | undefined,
    fuel: optional(fuel, asIndex),
  };
}

/** @throws {NotPlain} a value cannot cross */
export function encodeFromGuest(message: FromGuest): Buffer {
  if ("ready" in message) {
    const places = message.ready.map(([, { byteOffset }]) => byteOffset);
    return encode([Kind.Ready, places, message.confinement, usageFields(message.usage)]);
  }
  if ("unready" in message) return encode([Kind.Unready, failureFields(message.unready)]);
  if ("imported" in message) return encode([Kind.Imported, message.number, ...message.imported, message.values]);
  const { call } = message;
  return "result" in message
    ? encode([Kind.Result, call, message.result, usageFields(message.usage)])
    : encode([Kind.Failed, call, failureFields(message.failed), usageFields(message.usage)]);
}

const usageFields = ({ memory, fuel }: Usage): unknown[] => [memory, fuel];

function failureFields(failure: Failure): unknown[] {
  if ("thrownByImport" in failure) return [failure.thrownByImport];
  const { kind, message, code, details, cause } = failure;
  return [
    kind,
    cut(message, LONGEST_MESSAGE),
    code,
    details.errno,
    details.syscall,
    details.hint,
    cause && [cut(cause.name, 100), cut(cause.message, LONGEST_MESSAGE), cut(cause.stack, LONGEST_STACK)],
  ];
}

/**
 * What the guest's process said.
 *
 * @param windows those of the job, in order: the process tells the places alone
 * @throws {RangeError} the bytes are not such a message
 */
export function decodeFromGuest(bytes: Buffer, windows: readonly SharedWindow[]): FromGuest {
  const [kind, first, second, third, fourth] = asArray(decode(bytes));
  switch (kind) {
    case Kind.Ready:
      return { ready: asPlaces(first, windows), confinement: asConfinement(second), usage: asUsage(third) };
    case Kind.Unready:
      return { unready: asFailure(first) };
    case Kind.Result:
      return { call: asCall(first), result: second as GuestResult, usage: asUsage(third) }; // any plain value: an externref, too
    case Kind.Failed:
      return { call: asCall(first), failed: asFailure(second), usage: asUsage(third) };
    case Kind.Imported:
      return { number: asIndex(first), imported: [asString(second), asString(third)], values: asArray(fourth) };
    default:
      throw wrong(`is of kind ${String(kind)}`);
  }
}

const wrong = (what: string): RangeError => new RangeError(`a message ${what}`);

function asArray(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw wrong("has no list where one belongs");
  return value;
}

function asString(value: unknown): string {
  if (typeof value !== "string") throw wrong("has no text where one belongs");
  return value;
}

function asIndex(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw wrong("has no index where one belongs");
  return value as number;
}

/** Calls begin at 1; 0 is the guest's start, which is not answered so. */
function asCall(value: unknown): number {
  if (value === 0) throw wrong("is the result of a start");
  return asIndex(value);
}

function asUsage(value: unknown): Usage {
  const [pages, fuel] = asArray(value);
  const memory = asIndex(pages);
  if (memory > MOST_PAGES * WASM_PAGE) throw wrong("has a memory past 4 GiB");
  return { memory, fuel: optional(fuel, asIndex) };
}

function asGuestValue(value: unknown): GuestValue {
  if (typeof value !== "number" && typeof value !== "bigint") throw wrong("has no number where one belongs");
  return value;
}

const optional = <T>(value: unknown, as: (value: unknown) => T): T | undefined =>
  value === undefined ? undefined : as(value);

function asPlaces(value: unknown, windows: readonly SharedWindow[]): [string, GuestWindow][] {
  const places = asArray(value);
  if (places.length !== windows.length) throw wrong("has other windows");
  return windows.map(({ name, access, length }, index) => {
    const byteOffset = asIndex(places[index]);
    if (byteOffset > 2 ** 32 - length) throw wrong("has a window outside of a memory");
    return [name, { byteOffset, byteLength: length, access }];
  });
}

function asConfinement(value: unknown): Confinement {
  const { dataLimit, openFiles, namespaces } = (value ?? {}) as Partial<Confinement>;
  return Object.freeze({
    noNewPrivileges: true,
    systemCalls: "filtered",
    dataLimit: asIndex(dataLimit),
    openFiles: asIndex(openFiles),
    coreDumps: false,
    diesWithParent: true,
    namespaces: Object.freeze(asArray(namespaces).map(asString)),
  });
}

const kinds: readonly unknown[] = ["ShmError", "TypeError", "RangeError"];

function asFailure(value: unknown): Failure {
  const [kind, message, code, errno, syscall, hint, cause] = asArray(value);
  if (typeof kind === "number") return { thrownByImport: asIndex(kind) };
  if (!kinds.includes(kind)) throw wrong("has an unknown kind of error");
  return {
    kind: kind as ErrorData["kind"],
    message: asString(message),
    code: optional(code, asString),
    details: { errno: optional(errno, asIndex), syscall: optional(syscall, asString), hint: optional(hint, asString) },
    cause: optional(cause, (fields) => {
      const [name, text, stack] = asArray(fields);
      return { name: asString(name), message: asString(text), stack: optional(stack, asString) };
    }),
  };
}

export { NotPlain };
