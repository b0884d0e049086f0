// A pool of processes that work on requests: the part that every import loads.
import { fileURLToPath } from "node:url";
import type { CodecName } from "../channel/codec.js";
import type { Handler, Server } from "../channel/server.js";
import { checkBoolean, checkChoice, checkInteger, checkOptions } from "../common/arguments.js";
import { invalidType, invalidValue, unsupported } from "../common/errors.js";
import type { UrlLike } from "../common/url.js";
import { createShm } from "../node.js";
import type { Pool } from "./pool.js";

export interface PoolOptions {
  /** How many processes: 1 to 60 (default: as many as can run at a time, os.availableParallelism). */
  size?: number;
  /** How many requests each of them works on at a time: 1 to 1024 (default 1). */
  concurrency?: number;
  /**
   * Whether a request whose worker was killed is given to another, which may be one that is started for that (default false: it
   * is rejected).
   */
  retry?: boolean;
  /** What requests and answers are made of (default `"clone"`: what structured clone takes). */
  codec?: CodecName;
  /** Bytes for requests, and as many for answers: a power of two, 128 to 2^30 (default 2^20). The largest has nearly half. */
  capacity?: number;
}

/** In the environment of a worker: what `servePool` needs. */
export const POOL = "WASM_SHM_POOL";

export interface PoolPlace {
  readonly id: number;
  readonly codec: CodecName;
  readonly concurrency: number;
  readonly retry: boolean;
}

const MOST_WORKERS = 60;

/**
 * Starts processes of a module, which calls {@link servePool}, and gives them requests: `await pool.run(value)`. The module is
 * a file, so that bundlers and debuggers find it. Resolves when all of them serve.
 *
 * @param module its path, or its `file:` URL: `new URL("./worker.js", import.meta.url)`
 * @throws {ShmError} `ERR_SHM_PEER_DIED` a process ended before it served; `ERR_SHM_UNSUPPORTED` the host's segments are of one
 *   thread; and what `create` throws
 */
export async function createPool<Q = unknown, A = unknown>(
  module: string | UrlLike,
  options?: PoolOptions,
): Promise<Pool<Q, A>> {
  const keys = ["size", "concurrency", "retry", "codec", "capacity"] as const;
  const { size, concurrency = 1, retry = false, codec = "clone", capacity = 2 ** 20 } = checkOptions(options, keys);
  if (size !== undefined) checkInteger("options.size", size, 1, MOST_WORKERS);
  checkInteger("options.concurrency", concurrency, 1, 1024);
  checkBoolean("options.retry", retry);
  checkChoice("options.codec", codec, ["bytes", "json", "clone"]);
  const file = fileOf(module);
  const shm = createShm();
  if (shm.host.name === "local") throw unsupported("createPool", "segments of the local host are of one thread");
  const { availableParallelism, Pool } = await import("./pool.js"); // many programs have no pool
  const service = shm.service.create<Q, A>({ codec: codec as "clone", capacity, clients: 1 });
  const place = { id: service.id, codec, concurrency, retry };
  return new Pool(service, { file, place, size: size ?? Math.min(availableParallelism(), MOST_WORKERS) }).started();
}

/**
 * In a process of a pool: answers its requests with what `handler` returns, until the pool is closed or its process ends.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` this process was not started by {@link createPool}
 */
export function servePool<Q = unknown, A = unknown>(handler: Handler<Q, A>): Server {
  if (typeof handler !== "function") throw invalidType("handler", "of type function", handler);
  const text = process.env[POOL];
  if (text === undefined || !process.send)
    throw invalidValue(`process.env.${POOL}`, "servePool() is for processes that createPool() started.", text);
  const { id, codec, concurrency, retry } = JSON.parse(text) as PoolPlace;
  const service = createShm().service.open<Q, A>({ id, codec: codec as "clone" });
  const server = service.serve(handler, { concurrency, retry });
  // The channel to the pool's process keeps this one alive, and ends with it.
  process.once("disconnect", () => process.exit());
  void server.stopped.finally(() => process.disconnect());
  process.send("serves");
  return server;
}

function fileOf(module: unknown): string {
  if (typeof module === "string" && module.includes("\0"))
    throw invalidValue("module", "No path has a zero byte.", module);
  if (typeof module === "string" && !module.startsWith("file:")) return module;
  if (typeof module !== "string" && !(module instanceof URL))
    throw invalidType("module", "of type string or an instance of URL", module);
  return fileURLToPath(module);
}
