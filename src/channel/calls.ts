// The bytes of requests and answers, and where the parts of a service are.
import { byteLengthOf } from "../common/bytes.js";
import { LINE } from "../host/membership.js";
import { ringBytes } from "./layout.js";

/** How large the parts of a service are. */
export interface ServiceSizes {
  /** Bytes for requests. */
  readonly requests: number;
  /** Bytes for the answers to each client. */
  readonly answers: number;
  /** How many clients there may be at a time. */
  readonly clients: number;
}

/** In the second argument of the object: the logarithm of the bytes for answers, and from bit 8 the clients. */
export const packed = ({ answers, clients }: ServiceSizes): number => (31 - Math.clz32(answers)) | (clients << 8);

export const unpacked = (requests: number, second: number): ServiceSizes => ({
  requests,
  answers: 2 ** (second & 0xff),
  clients: second >>> 8,
});

/** Behind the object's line is the channel of requests, then one of answers for each client. */
export const requestsAt = (offset: number): number => offset + LINE;
export const answersAt = (offset: number, { requests, answers }: ServiceSizes, client: number): number =>
  requestsAt(offset) + ringBytes(requests) + client * ringBytes(answers);

export const serviceBytes = (sizes: ServiceSizes): number => answersAt(0, sizes, sizes.clients);

/** Before a request: the client's number, its id, the request's number, 0, and its deadline (float64, ms since 1970, or 0). */
export const REQUEST_HEADER = 24;
/** Before an answer: the client's id, the request's number, its {@link Status}, and 0. */
export const ANSWER_HEADER = 16;

export const Status = Object.freeze({
  Done: 0,
  /** The handler failed: a {@link Failure} in JSON follows. */
  Failed: 1,
  /** The server that worked on it was killed. */
  Died: 2,
} as const);

/** What a handler failed with. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

export interface Request {
  readonly client: number;
  readonly id: number;
  readonly number: number;
  readonly deadline: number;
  readonly body: Uint8Array;
}

export interface Answer {
  readonly id: number;
  readonly number: number;
  readonly status: number;
  readonly body: Uint8Array;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

export function requestBytes({ client, id, number, deadline, body }: Request): Uint8Array {
  const bytes = new Uint8Array(REQUEST_HEADER + byteLengthOf(body));
  const view = viewOf(bytes);
  view.setUint32(0, client, true);
  view.setUint32(4, id, true);
  view.setUint32(8, number, true);
  view.setFloat64(16, deadline, true);
  bytes.set(body, REQUEST_HEADER);
  return bytes;
}

/** What a client of this package sent; undefined for anything else. `bytes` is a copy. */
export function readRequest(bytes: Uint8Array): Request | undefined {
  if (bytes.length < REQUEST_HEADER) return undefined;
  const view = viewOf(bytes);
  return {
    client: view.getUint32(0, true),
    id: view.getUint32(4, true),
    number: view.getUint32(8, true),
    deadline: view.getFloat64(16, true),
    body: bytes.subarray(REQUEST_HEADER),
  };
}

export function answerBytes({ id, number, status, body }: Answer): Uint8Array {
  const bytes = new Uint8Array(ANSWER_HEADER + byteLengthOf(body));
  const view = viewOf(bytes);
  view.setUint32(0, id, true);
  view.setUint32(4, number, true);
  view.setUint32(8, status, true);
  bytes.set(body, ANSWER_HEADER);
  return bytes;
}

export function readAnswer(bytes: Uint8Array): Answer | undefined {
  if (bytes.length < ANSWER_HEADER) return undefined;
  const view = viewOf(bytes);
  return {
    id: view.getUint32(0, true),
    number: view.getUint32(4, true),
    status: view.getUint32(8, true),
    body: bytes.subarray(ANSWER_HEADER),
  };
}

const encoder = new TextEncoder();

/** Characters. */
const MOST_TOLD = 65536;

/** An error as a client sees it. No stack: it is of another program. */
export function failureBytes(error: unknown): Uint8Array {
  let failure: Failure;
  try {
    failure = failureOf(error);
  } catch {
    failure = { name: "Error", message: "what it threw cannot be told" }; // a getter throws, or there is no toString
  }
  return encoder.encode(JSON.stringify(failure));
}

function failureOf(error: unknown): Failure {
  const { name, message, code } = (typeof error === "object" && error !== null ? error : {}) as Partial<Failure>;
  return {
    name: typeof name === "string" ? name : "Error",
    message: typeof message === "string" ? message : String(error),
    ...(typeof code === "string" && { code }),
  };
}

/** A server's text, which becomes part of a message: a hostile one may be longer than a string can be with more around it. */
const told = (text: unknown): string | undefined => (typeof text === "string" ? text.slice(0, MOST_TOLD) : undefined);

/** The error that a server told of; its words are the server's. */
export function readFailure(body: Uint8Array): Error {
  let failure: Partial<Failure>;
  try {
    failure = JSON.parse(new TextDecoder().decode(body)) as Partial<Failure>;
  } catch {
    failure = {};
  }
  const error = new Error(told(failure?.message) ?? "it told nothing of its failure");
  error.name = told(failure?.name) ?? error.name;
  const code = told(failure?.code);
  return code === undefined ? error : Object.assign(error, { code });
}
