/// <reference path="../../examples/x11/x11.d.ts" />
// X servers for tests: one of Debian's xvfb on a free display, by the example's own starter, and clients of it.
import x11, { type Client, type Display, type Shm } from "x11";
import { works } from "../support/child.js";

interface Xvfb {
  readonly display: string;
  readonly pid: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

interface XvfbOptions {
  screen?: string;
  args?: readonly string[];
  prefix?: readonly string[];
  uid?: number;
}

/** examples/x11/xvfb.ts. Compiled on its own: this file knows of it what it needs. */
const { startXvfb } = (await import(new URL("../../examples/x11/xvfb.js", import.meta.url).href)) as {
  startXvfb(options?: XvfbOptions): Promise<Xvfb>;
};

/** Why there is no server; undefined if there is one. In CI all peers must exist. */
export const noXvfb: string | undefined =
  works("Xvfb", ["-help"]) || process.env["WASM_SHM_PEERS"] === "required"
    ? undefined
    : "Xvfb is not installed (Debian: xvfb)";

/** A server as long as `use` runs; it is ended also if `use` throws. */
export async function withXvfb<T>(use: (server: Xvfb) => Promise<T>, options?: XvfbOptions): Promise<T> {
  const server = await startXvfb(options);
  try {
    return await use(server);
  } finally {
    await server.stop("SIGKILL");
  }
}

export interface Connection {
  readonly display: Display;
  readonly client: Client;
  readonly shm: Shm;
  /** Errors that no request's callback took. */
  readonly errors: readonly Error[];
}

function connect(display: string, shm: object | false, errors: Error[]): Promise<Display> {
  return new Promise((resolve, reject) => {
    const client = x11.createClient({ display, shm }, (error, connected) =>
      error ? reject(error) : resolve(connected),
    );
    client.on("error", (error: Error) => errors.push(error));
  });
}

/** A client with MIT-SHM by this provider, for as long as `use` runs. */
export async function withClient<T>(
  name: string,
  provider: object,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const errors: Error[] = [];
  const display = await connect(name, provider, errors);
  const { client } = display;
  try {
    const shm = await answer<Shm>((done) => client.require("shm", done));
    return await use({ display, client, shm, errors });
  } finally {
    client.stream.destroy();
  }
}

/** A callback's answer as a promise. */
export function answer<T>(ask: (done: (error: Error | null | undefined, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => ask((error, value) => (error ? reject(error) : resolve(value))));
}
