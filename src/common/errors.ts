// Every error of this package is built here, from a number or a named code.

/** errno(3)'s numbers on Linux, for what shm*(2), mmap(2), mremap(2) and ftok(3) can answer. */
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

/** The system, or the state of a segment or attachment, said no. */
export class ShmError extends Error {
  override readonly name: string = "ShmError";
  /** An errno name (`ENOENT`, `EACCES`, …) or `ERR_SHM_…`. */
  readonly code: string;
  /** The kernel's number, where the kernel refused. Positive, as in errno(3). */
  declare readonly errno?: number;
  /** The system call that was refused. */
  declare readonly syscall?: string;

  constructor(message: string, code: string, system?: { errno: number; syscall: string }, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    if (system) {
      this.errno = system.errno;
      this.syscall = system.syscall;
    }
  }
}

/** An access outside the window's bytes: the position is unchanged and nothing moved, but by {@link Cursor.writable}. */
export class ShmRangeError extends RangeError {
  override readonly name: string = "ShmRangeError";
  readonly code = "ERR_SHM_OUT_OF_BOUNDS";
}

/**
 * The kernel, or the host that stands in for it, refused a call.
 *
 * @param error errno, positive
 * @param asked what was asked: `shmget of 4096 bytes, mode 0600, key 0x7`
 * @param advice why, with the limit's present value, and what to do
 */
export function systemError(syscall: string, error: number, asked: string, advice = ""): ShmError {
  const name = nameOf(error);
  const meaning = name in meanings ? meanings[name as ErrnoName] : "refused by the system";
  const message = `${name}: ${meaning}: ${asked}${advice && `; ${advice}`}`;
  return new ShmError(message, name, { errno: error, syscall });
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
  return new ShmError(message, "ERR_SHM_READ_ONLY", undefined, cause);
}

/** What a sandbox has to say of its guest. */
export type GuestCode =
  | "ERR_SHM_GUEST_INVALID"
  | "ERR_SHM_GUEST_IMPORT"
  | "ERR_SHM_GUEST_MEMORY"
  | "ERR_SHM_GUEST_EXPORT"
  | "ERR_SHM_GUEST_TRAP"
  | "ERR_SHM_TIME_LIMIT"
  | "ERR_SHM_MEMORY_LIMIT"
  | "ERR_SHM_SANDBOX_CLOSED";

export function guestError(code: GuestCode, message: string, cause?: unknown): ShmError {
  return new ShmError(message, code, undefined, cause);
}

/** The engine moved a memory, and the window with it is lost. */
export function memoryMoved(message: string): ShmError {
  return new ShmError(message, "ERR_SHM_MEMORY_MOVED");
}

/** The bytes there are not what was asked for. */
export function malformed(message: string, cause?: unknown): ShmError {
  return new ShmError(message, "ERR_SHM_MALFORMED", undefined, cause);
}

/** They are, but no number holds the value. */
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

/** @param advice who can do it */
export function unsupported(what: string, advice: string, cause?: unknown): ShmError {
  return new ShmError(`${what} is not supported: ${advice}`, "ERR_SHM_UNSUPPORTED", undefined, cause);
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
export function invalidValue(name: string, advice: string, received: unknown): ArgumentValueError {
  const message = `The property '${name}' is invalid. ${advice} Received ${describe(received)}`;
  return Object.assign(new TypeError(message), { code: "ERR_INVALID_ARG_VALUE" as const });
}

/** As the platform's own classes that nobody may construct: `Illegal constructor: an Attachment comes from …`. */
export function illegalConstructor(name: string, from: string): TypeError & { code: "ERR_ILLEGAL_CONSTRUCTOR" } {
  const message = `Illegal constructor: ${name} objects come from ${from}`;
  return Object.assign(new TypeError(message), { code: "ERR_ILLEGAL_CONSTRUCTOR" as const });
}

/** As Node's own: `The value of "size" is out of range. It must be >= 1 and <= 9007199254740991. Received 0`. */
export function outOfRange(name: string, expected: string, received: unknown): ArgumentRangeError {
  const value = typeof received === "bigint" ? `${received}n` : String(received);
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${value}`;
  return Object.assign(new RangeError(message), { code: "ERR_OUT_OF_RANGE" as const });
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value === "object") {
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an object";
  }
  const text = typeof value === "string" ? `'${value.slice(0, 25)}'` : String(value);
  return `type ${typeof value} (${text}${typeof value === "bigint" ? "n" : ""})`;
}
