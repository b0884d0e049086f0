// Every error of this package is built here, from a number or a named code.

/** errno(3)'s numbers on Linux, of all errors that a host of this package can answer. */
export const errnoNumbers = Object.freeze({
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EEXIST: 17,
  ENOTDIR: 20,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOSPC: 28,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ELOOP: 40,
  EIDRM: 43,
  EOVERFLOW: 75,
} as const);

type ErrnoName = keyof typeof errnoNumbers;

const meanings: Record<ErrnoName, string> = {
  EPERM: "operation not permitted",
  ENOENT: "no such segment or file",
  EINTR: "interrupted",
  EIO: "input/output error",
  EAGAIN: "try again",
  ENOMEM: "out of memory",
  EACCES: "permission denied",
  EFAULT: "bad address",
  EEXIST: "segment exists",
  ENOTDIR: "not a directory",
  EINVAL: "invalid argument",
  ENFILE: "too many open files in the system",
  EMFILE: "too many open files",
  ENOSPC: "a system limit is reached",
  ENAMETOOLONG: "path too long",
  ENOSYS: "not provided by this kernel",
  ELOOP: "too many symbolic links",
  EIDRM: "segment removed",
  EOVERFLOW: "value too large",
};

/** What an error has beside its message and its code. */
export interface ErrorDetails {
  readonly errno?: number | undefined;
  readonly syscall?: string | undefined;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The system, or the state of a segment or attachment, refused. */
export class ShmError extends Error {
  override readonly name: string = "ShmError";
  /** An errno name (`ENOENT`, `EACCES`, …) or `ERR_SHM_…`. */
  readonly code: string;
  /** The kernel's number, if the kernel refused. Positive, as in errno(3). */
  declare readonly errno?: number;
  /** The system call that was refused. */
  declare readonly syscall?: string;
  readonly #hint: string | undefined; // not a property of its own: the message has it, and console.log would print it twice

  constructor(message: string, code: string, { errno, syscall, hint, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    if (errno !== undefined) this.errno = errno;
    if (syscall !== undefined) this.syscall = syscall;
    this.#hint = hint;
  }

  /** What to do: the last part of the message. Undefined if there is nothing to advise. */
  get hint(): string | undefined {
    return this.#hint;
  }
}

/** An access outside the window's bytes. The position is unchanged and nothing moved, except by {@link Cursor.writable}. */
export class ShmRangeError extends RangeError {
  override readonly name: string = "ShmRangeError";
  readonly code = "ERR_SHM_OUT_OF_BOUNDS";
}

/** What a host says of a call that it refused; {@link systemError} makes the error from it. */
export interface Explanation {
  /** The system call that refused: `error.syscall`. Undefined if the host has no name for it. */
  readonly syscall?: string | undefined;
  /** What was asked: `shmget of 4096 bytes, mode 0600, key 0x7`. */
  readonly asked: string;
  /** Why; if a limit was met, its name and its present value. */
  readonly reason?: string | undefined;
  /** What to do: `error.hint`. */
  readonly hint?: string | undefined;
}

/**
 * A host refused a call.
 *
 * @param errno positive
 */
export function systemError(errno: number, { syscall, asked, reason, hint }: Explanation): ShmError {
  const name = nameOf(errno);
  const meaning = name in meanings ? meanings[name as ErrnoName] : "refused by the system";
  const why = [asked, reason, hint].filter((part) => part !== undefined).join("; ");
  return new ShmError(`${name}: ${meaning}: ${why}`, name, { errno, syscall, hint });
}

/** There is not enough memory, or address space for it. The same code as if the kernel had refused it. */
export function outOfMemory(
  asked: string,
  details: Pick<Explanation, "reason" | "hint"> & { cause?: unknown },
): ShmError {
  const { ENOMEM: errno } = errnoNumbers;
  const { reason, hint, cause } = details;
  const why = [asked, reason, hint].filter((part) => part !== undefined).join("; ");
  return new ShmError(`ENOMEM: ${meanings.ENOMEM}: ${why}`, "ENOMEM", { errno, hint, cause });
}

function nameOf(error: number): string {
  const found = Object.entries(errnoNumbers).find(([, number]) => number === error);
  return found ? found[0] : `E${error}`;
}

export function outOfBounds(message: string): ShmRangeError {
  return new ShmRangeError(message);
}

export function detached(message: string): ShmError {
  return new ShmError(message, "ERR_SHM_DETACHED");
}

export function readOnly(message: string, cause?: unknown): ShmError {
  return new ShmError(message, "ERR_SHM_READ_ONLY", { cause });
}

/** What can be wrong with a guest, or with a call of one. */
export type GuestCode =
  | "ERR_SHM_GUEST_INVALID"
  | "ERR_SHM_GUEST_IMPORT"
  | "ERR_SHM_GUEST_MEMORY"
  | "ERR_SHM_GUEST_EXPORT"
  | "ERR_SHM_GUEST_LIMIT"
  | "ERR_SHM_GUEST_TRAP"
  | "ERR_SHM_GUEST_EXIT"
  | "ERR_SHM_TIME_LIMIT"
  | "ERR_SHM_MEMORY_LIMIT"
  | "ERR_SHM_FUEL"
  | "ERR_SHM_POOL_FULL"
  | "ERR_SHM_SANDBOX_CLOSED";

export function guestError(code: GuestCode, message: string, cause?: unknown): ShmError {
  return new ShmError(message, code, { cause });
}

/** Why a module of the caller's is not put into an attachment's memory. */
export type ModuleCode = "ERR_SHM_MODULE_INVALID" | "ERR_SHM_MODULE_IMPORT" | "ERR_SHM_MODULE_LAYOUT";

export function moduleError(code: ModuleCode, message: string, { hint, cause }: ErrorDetails = {}): ShmError {
  return new ShmError(hint === undefined ? message : `${message}; ${hint}`, code, { hint, cause });
}

/** What can go wrong between the participants of a domain. */
export type CoordinationCode =
  | "ERR_SHM_TIMEOUT"
  | "ERR_SHM_PEER_DIED"
  | "ERR_SHM_NOT_RECOVERABLE"
  | "ERR_SHM_NOT_OWNER"
  | "ERR_SHM_DEADLOCK"
  | "ERR_SHM_CLOSED"
  | "ERR_SHM_HANDLER"
  | "ERR_SHM_LAYOUT"
  | "ERR_SHM_TOO_MANY_PEERS";

export function coordinationError(code: CoordinationCode, message: string, hint?: string, cause?: unknown): ShmError {
  return new ShmError(hint === undefined ? message : `${message}; ${hint}`, code, { hint, cause });
}

/** A segment that was found by its key is not of the user that was demanded. */
export function notOwned(found: { key: number; id: number; uid: number; cuid: number }, owner: number): ShmError {
  const { key, id, uid, cuid } = found;
  const hint = "use another key, or have that user or root remove the segment";
  const asked = `segment ${id} has the key 0x${(key >>> 0).toString(16)}`;
  return new ShmError(
    `${asked}, but belongs to user ${uid} and was created by user ${cuid}, not by ${owner}; ${hint}`,
    "ERR_SHM_OWNER",
    { hint },
  );
}

const OWN_PAGE = "attach again, with a reserve, and link the module with --global-base=65536";

/** Something other than the core stored into the 64 KiB at the start of an attachment's memory. */
export function corePageWritten(cause?: unknown): ShmError {
  return new ShmError(
    `a module, or a view, wrote into bytes 0 to 65535 of the attachment's memory, which are the core's; ${OWN_PAGE}`,
    "ERR_SHM_CORE_PAGE",
    { hint: OWN_PAGE, cause },
  );
}

/** The engine moved a memory, and the window with it is lost. */
export function memoryMoved(message: string, cause?: unknown): ShmError {
  return new ShmError(message, "ERR_SHM_MEMORY_MOVED", { cause });
}

/** The bytes at the position are not a valid encoding of what was asked for. */
export function malformed(message: string, cause?: unknown): ShmError {
  return new ShmError(message, "ERR_SHM_MALFORMED", { cause });
}

/** The bytes are a valid encoding, but no number holds the value. */
export function unsafeInteger(message: string): ShmError {
  return new ShmError(message, "ERR_SHM_UNSAFE_INTEGER");
}

export function misaligned(message: string): ShmError {
  return new ShmError(message, "ERR_SHM_MISALIGNED");
}

export function frameTruncated(message: string): ShmError {
  return new ShmError(message, "ERR_SHM_FRAME_TRUNCATED");
}

export function frameDamaged(message: string): ShmError {
  return new ShmError(message, "ERR_SHM_FRAME_DAMAGED");
}

/** @param reason why, or which part of the package can do it */
export function unsupported(what: string, reason: string, details?: ErrorDetails): ShmError {
  return new ShmError(`${what} is not supported: ${reason}`, "ERR_SHM_UNSUPPORTED", details);
}

export type ArgumentTypeError = TypeError & { code: "ERR_INVALID_ARG_TYPE" };
export type ArgumentRangeError = RangeError & { code: "ERR_OUT_OF_RANGE" };

/** As Node's own: `The "size" argument must be of type number. Received type string ('5')`. */
export function invalidType(name: string, expected: string, received: unknown): ArgumentTypeError {
  const message = `The "${name}" argument must be ${expected}. Received ${describe(received)}`;
  return Object.assign(new TypeError(message), { code: "ERR_INVALID_ARG_TYPE" as const });
}

export type ArgumentValueError = TypeError & { code: "ERR_INVALID_ARG_VALUE" };

/** As Node's own: `The property 'options.acess' is invalid. Did you mean 'access'? Received 'read-only'`. */
export function invalidValue(name: string, hint: string, received: unknown): ArgumentValueError {
  const kind = name.includes(".") ? "property" : "argument";
  const message = `The ${kind} '${name}' is invalid. ${hint} Received ${describe(received)}`;
  return Object.assign(new TypeError(message), { code: "ERR_INVALID_ARG_VALUE" as const });
}

/** As DOM classes without a public constructor: `Illegal constructor: Attachment objects come from segment.attach()`. */
export function illegalConstructor(name: string, from: string): TypeError & { code: "ERR_ILLEGAL_CONSTRUCTOR" } {
  const message = `Illegal constructor: ${name} objects come from ${from}`;
  return Object.assign(new TypeError(message), { code: "ERR_ILLEGAL_CONSTRUCTOR" as const });
}

/** As Node's own: `The value of "size" is out of range. It must be >= 1 and <= 9007199254740991. Received 0`. */
export function outOfRange(name: string, expected: string, received: unknown): ArgumentRangeError {
  const text = typeof received === "string" ? JSON.stringify(received.slice(0, SHOWN)) : String(received);
  const value = typeof received === "bigint" ? `${text}n` : text;
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${value}`;
  return Object.assign(new RangeError(message), { code: "ERR_OUT_OF_RANGE" as const });
}

/** Characters of a text that a message has. */
const SHOWN = 25;

/** Never throws: a Proxy may be revoked, a getter may throw, and a static name may be a symbol. */
function describe(value: unknown): string {
  try {
    return described(value);
  } catch {
    return `type ${typeof value}`;
  }
}

function described(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value === "object") {
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an object";
  }
  const text = typeof value === "string" ? `'${value.slice(0, SHOWN)}'` : String(value);
  return `type ${typeof value} (${text}${typeof value === "bigint" ? "n" : ""})`;
}
