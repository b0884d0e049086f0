// The options of a guest's WASI, and the functions of the caller's thread that it uses.
import { Buffer } from "node:buffer";
import { checkBoolean, checkOptions, checkRecord, checkSize, checkString } from "../common/arguments.js";
import { checkBytes } from "../common/bytes.js";
import { guestError, invalidType, invalidValue } from "../common/errors.js";
import { MOST_RANDOM, type WasiHost, type WasiJob } from "./providedjob.js";

/**
 * Where a guest's output goes: a function that gets the bytes of each write, or an array that collects them, up to
 * {@link WasiOptions.outputLimit}.
 */
export type WasiOutput = Uint8Array[] | ((bytes: Uint8Array) => unknown);

/** What a guest has of WASI preview 1. It has no files and no sockets, and only what is named here. */
export interface WasiOptions {
  /** The arguments of a command; the first is its name (default none). */
  args?: readonly string[];
  /** Its environment (default empty). */
  env?: Readonly<Record<string, string>>;
  /** What it reads from its standard input: text, or bytes (default: it is closed). */
  stdin?: string | Uint8Array;
  /** What it writes (default: it is closed). The guest waits for a function's promise, except inline. */
  stdout?: WasiOutput;
  /** The same of its standard error. */
  stderr?: WasiOutput;
  /** The most that an array collects: bytes, and 64 for each write (default 1 MiB). More is `ERR_SHM_GUEST_LIMIT`. */
  outputLimit?: number;
  /** Whether it may read the time (default false). */
  clock?: boolean;
  /** Random bytes (default none): `true`, or a function that fills bytes, for the same ones each time. */
  random?: boolean | ((bytes: Uint8Array) => unknown);
}

/** @internal */
export interface CheckedWasi {
  readonly job: WasiJob;
  readonly host: WasiHost;
}

const keys = ["args", "env", "stdin", "stdout", "stderr", "outputLimit", "clock", "random"] as const;
const DEFAULT_OUTPUT = 2 ** 20;
const BYTES_OF_A_WRITE = 64;

/** @internal */
export function checkWasi(value: WasiOptions | undefined): CheckedWasi | undefined {
  if (value === undefined) return undefined;
  const given = checkOptions(value, keys, "options.wasi");
  const { args = [], stdin, clock = false, random = false, outputLimit = DEFAULT_OUTPUT } = given;
  if (!Array.isArray(args)) throw invalidType("options.wasi.args", "an instance of Array", args);
  if (stdin !== undefined && typeof stdin !== "string")
    checkBytes("options.wasi.stdin", stdin, "a string or an instance of Uint8Array");
  if (typeof random !== "function") checkBoolean("options.wasi.random", random);
  checkSize("options.wasi.outputLimit", outputLimit);
  const env = Object.entries(checkRecord(given.env, "options.wasi.env"));
  const fill =
    typeof random === "function" ? random : (bytes: Uint8Array) => crypto.getRandomValues(bytes as Buffer<ArrayBuffer>);
  return {
    job: {
      args: args.map((arg, index) => checkText(`options.wasi.args[${index}]`, arg)),
      env: env.map(([name, text]) => {
        if (name === "" || name.includes("="))
          throw invalidValue("options.wasi.env", "It has a name with =, or none.", name);
        return checkText(`options.wasi.env.${name}`, `${name}=${checkString(`options.wasi.env.${name}`, text)}`);
      }),
      stdin: stdin === undefined ? undefined : Buffer.from(stdin).toString("base64"),
      stdout: given.stdout !== undefined,
      stderr: given.stderr !== undefined,
      clock: checkBoolean("options.wasi.clock", clock),
      random: random !== false,
    },
    host: {
      ...outputOf("stdout", given.stdout, outputLimit),
      ...outputOf("stderr", given.stderr, outputLimit),
      random(length) {
        const bytes = new Uint8Array(Math.min(length, MOST_RANDOM));
        fill(bytes);
        return bytes;
      },
    },
  };
}

/** A C string's. */
function checkText(name: string, value: unknown): string {
  const text = checkString(name, value);
  if (text.includes("\0")) throw invalidValue(name, "It has a NUL.", value);
  return text;
}

function outputOf(name: "stdout" | "stderr", output: WasiOutput | undefined, limit: number): Partial<WasiHost> {
  if (output === undefined) return {};
  if (typeof output !== "function" && !Array.isArray(output))
    throw invalidType(`options.wasi.${name}`, "of type function or an instance of Array", output);
  let held = 0;
  const write = (bytes: Uint8Array): unknown => {
    const size = checkBytes("bytes", bytes) + BYTES_OF_A_WRITE; // the guest's side may be hostile
    if (typeof output === "function") return output(bytes);
    held += size;
    if (held > limit)
      throw guestError(
        "ERR_SHM_GUEST_LIMIT",
        `the guest wrote more to its ${name} than wasi.outputLimit lets an array collect, ${limit} bytes`,
      );
    return output.push(bytes);
  };
  return { [name]: write };
}
