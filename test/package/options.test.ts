// Every options object of every public call refuses a misspelt key, and says which key was probably meant. The list of
// these objects is read from the emitted declarations, so that a new one, or a new key, cannot be forgotten here.
import { readdirSync, readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import {
  createChecksum,
  createPool,
  createSandbox,
  createSandboxPool,
  createShm,
  type Domain,
  localHost,
  type Segment,
  shm,
} from "wasm-shm";
import { x11Provider } from "wasm-shm/x11";
import { suite } from "../suite.js";
import { root } from "../support/child.js";

/** Calls with an options object: by name, and given an object that holds the misspelt key alone. */
type Calls = Record<string, (options: never) => unknown>;

const local = createShm({ host: localHost() });

function withSegment<T>(use: (segment: Segment) => T): T {
  const segment = local.create(8192);
  try {
    return use(segment);
  } finally {
    segment[Symbol.dispose]();
  }
}

const withDomain = <T>(use: (domain: Domain) => T): T => withSegment((segment) => use(segment.attach().join()));

const withCursor = <T>(use: (cursor: ReturnType<ReturnType<Segment["attach"]>["cursor"]>) => T): T =>
  withSegment((segment) => use(segment.attach().cursor()));

/** The smallest module: nothing but its header. */
const MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** The smallest that a sandbox takes: (module (import "env" "memory" (memory 1))). */
const GUEST = Buffer.from("AGFzbQEAAAACDwEDZW52Bm1lbW9yeQIAAQ==", "base64");

/** By interface, or by the keys of an object type without a name. */
const calls: Record<string, Calls> = {
  ShmOptions: { createShm: (options) => createShm(options) },
  CreateOptions: { create: (options) => local.create(1, options) },
  SegmentKey: { open: (target) => local.open(target) },
  AttachOptions: { attach: (options) => withSegment((segment) => segment.attach(options)) },
  "{ memory, byteOffset }": { "attach into": (into) => withSegment((segment) => segment.attach({ into })) },
  JoinOptions: { join: (options) => withSegment((segment) => segment.attach().join(options)) },
  WaitOptions: {
    lock: (options) => withDomain((domain) => domain.mutex(4096).lock(options)),
    wait: (options) => withDomain((domain) => domain.event(4096).wait(options)),
  },
  SemaphoreOptions: { semaphore: (options) => withDomain((domain) => domain.semaphore(4096, options)) },
  AcquireOptions: {
    acquire: (options) => withDomain((domain) => domain.semaphore(4096, { permits: 1 }).acquire(options)),
  },
  BarrierOptions: { barrier: (options) => withDomain((domain) => domain.barrier(4096, options)) },
  SeqlockOptions: { seqlock: (options) => withDomain((domain) => domain.seqlock(4096, options)) },
  ChannelOptions: {
    channel: (options) => withDomain((domain) => domain.channel(4096, options)),
  },
  WriterOptions: {
    writer: (options) => withDomain((domain) => domain.channel(4096, { capacity: 1024 }).writer(options)),
  },
  "{ publish }": {
    publisher: (options) => withDomain((domain) => domain.topic(4096, { capacity: 1024 }).writer(options)),
  },
  ReaderOptions: {
    reader: (options) => withDomain((domain) => domain.channel(4096, { capacity: 1024 }).reader(options)),
    subscriber: (options) => withDomain((domain) => domain.topic(4096, { capacity: 1024 }).subscribe(options)),
  },
  NodeWritableOptions: {
    toNodeStream: (options) =>
      withDomain((domain) => domain.channel(4096, { capacity: 1024 }).writer().toNodeStream(options)),
  },
  TopicOptions: { topic: (options) => withDomain((domain) => domain.topic(4096, options)) },
  ServiceOptions: { service: (options) => withDomain((domain) => domain.service(4096, options)) },
  OwnOptions: {
    "channel.create": (options) => local.channel.create(options),
    "topic.create": (options) => local.topic.create(options),
    "service.create": (options) => local.service.create(options),
  },
  OwnTarget: {
    "channel.open": (options) => local.channel.open(options),
    "topic.open": (options) => local.topic.open(options),
    "service.open": (options) => local.service.open(options),
  },
  PoolOptions: { createPool: (options) => createPool("/", options) },
  ServeOptions: {
    serve: (options) =>
      withDomain((domain) => domain.service(4096, { capacity: 128, clients: 1 }).serve((bytes) => bytes, options)),
  },
  Permissions: { setPermissions: (permissions) => withSegment((segment) => segment.setPermissions(permissions)) },
  TextOptions: {
    readString: (options) => withCursor((cursor) => cursor.readString(1, options)),
    readCString: (options) => withCursor((cursor) => cursor.readCString(1, options)),
    readVarString: (options) => withCursor((cursor) => cursor.readVarString(options)),
  },
  FixedTextOptions: { readFixedText: (options) => withCursor((cursor) => cursor.readFixedText(8, options)) },
  RangeTextOptions: { text: (options) => withSegment((segment) => segment.attach().text(options)) },
  Checksum32Options: { checksum: (options) => withSegment((segment) => segment.attach().checksum("crc32", options)) },
  Checksum64Options: { checksum: (options) => withSegment((segment) => segment.attach().checksum("xxh3", options)) },
  CreateChecksumOptions: { createChecksum: (options) => createChecksum("xxh3", options) },
  CursorReadableOptions: { readable: (options) => withCursor((cursor) => cursor.readable(options)) },
  CursorWritableOptions: { writable: (options) => withCursor((cursor) => cursor.writable(options)) },
  SandboxOptions: { createSandbox: (options) => createSandbox(MODULE, options) },
  SandboxPoolOptions: { createSandboxPool: (options) => createSandboxPool(MODULE, options) },
  SandboxWindow: { "createSandbox windows": (window) => createSandbox(MODULE, { windows: { window } }) },
  ModuleLimits: { "createSandbox moduleLimits": (moduleLimits) => createSandbox(MODULE, { moduleLimits }) },
  WriteOptions: {
    "sandbox.write": async (options) => (await createSandbox(GUEST, { isolation: "inline" })).write("text", options),
  },
  WasiOptions: { "createSandbox wasi": (wasi) => createSandbox(MODULE, { wasi }) },
  X11ProviderOptions: { x11Provider: (options) => x11Provider(options) },
};

/** Interfaces of data that calls return or hosts are given: nobody passes a literal of one to a call of the package. */
const RESULTS = [
  "ChannelWritable",
  "Confinement",
  "Explanation",
  "GuestMemory",
  "GuestWindow",
  "JoinRequest",
  "Limits",
  "MapRequest",
  "Mapping",
  "Messaging",
  "Peer",
  "RequestContext",
  "SegmentInfo",
  "X11Segment",
];

const declarations = readdirSync(`${root}build/types`, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".d.ts"))
  .map((file) => ({
    file,
    text: readFileSync(`${root}build/types/${file}`, "utf8").replaceAll(/\/\*.*?\*\//gs, ""), // examples in comments are not types
  }));

interface Declared {
  readonly name: string;
  readonly parent: string | undefined;
  readonly body: string;
}

const interfaces = declarations.flatMap(({ text }) =>
  [...text.matchAll(/^export interface (\w+)(?:<[^>]*>)?(?: extends ([\w<>]+))? \{\n(.*?)^\}/gms)].map(
    ([, name, parent, body]): Declared => ({ name: name as string, parent, body: body as string }),
  ),
);

/** The text of what the package's entry points export, by name or as a whole. */
const entries = declarations
  .filter(({ file }) => ["index.d.ts", "portable.d.ts", "public.d.ts", "x11/provider.d.ts"].includes(file))
  .map(({ text }) => text)
  .join("\n");

const isPublic = ({ name }: Declared): boolean => new RegExp(`\\b${name}\\b`).test(entries);

/** The properties of an interface's own body, at its top level. */
const ownKeys = ({ body }: Declared): string[] =>
  [...body.matchAll(/^ {4}(?:readonly )?(\w+)\??:/gm)].map(([, key]) => key as string);

const hasMethods = ({ body }: Declared): boolean => /^ {4}[\w[\].]+(?:<.*>)?\(/m.test(body);

function keysOf(name: string): string[] {
  const braces = /^\{ (.*) \}$/.exec(name)?.[1];
  if (braces !== undefined) return braces.split(", ");
  const declared = interfaces.find((each) => each.name === name);
  if (declared === undefined) return [];
  const inherited = declared.parent === undefined ? [] : keysOf(declared.parent);
  return [...new Set([...inherited, ...ownKeys(declared)])];
}

/** Objects written out in a signature, as in `open(target: number | { key: number })`; not those that are read-only. */
const nameless = declarations
  .filter(({ file }) => /^(segment|cursor|range|sandbox\/create|x11)/.test(file))
  .flatMap(({ text }) => [...text.matchAll(/\w\??: (?:[^{}();]+\| )?\{\n([^{}]*)\}/g)])
  .filter(([, body]) => !/\binfer\b/.test(body as string)) // a condition on types
  .map(([, body]) => [...(body as string).matchAll(/^ *(readonly )?(\w+)\??:/gm)])
  .filter((keys) => keys.length > 0 && keys.every(([, isReadonly]) => isReadonly === undefined))
  .map((keys) => `{ ${keys.map(([, , key]) => key).join(", ")} }`);

/** A likely slip: its last letter but one is missing, or of a short key, its last is doubled. */
const misspelt = (key: string): string => (key.length > 4 ? key.slice(0, -2) + key.slice(-1) : key + key.slice(-1));

async function errorOf(call: (options: never) => unknown, options: object): Promise<unknown> {
  try {
    await call(options as never);
  } catch (error) {
    return error;
  }
  return undefined;
}

const options = suite("Options");

options("are found in the declarations", () => {
  const names = interfaces.filter((each) => isPublic(each) && !hasMethods(each)).map(({ name }) => name);
  assert.ok(names.length > 10, `only ${names}`);
  assert.ok(nameless.includes("{ memory, byteOffset }"), `only ${nameless}`);
  assert.equal(keysOf("CursorReadableOptions").sort(), ["end", "highWaterMark", "signal", "start", "zeroCopy"]);
});

options("are all in the table of this file, as is each object type without a name", () => {
  const names = interfaces.filter((each) => isPublic(each) && !hasMethods(each)).map(({ name }) => name);
  const known = [...Object.keys(calls), ...RESULTS, "CursorReadable", "CursorWritable"];
  assert.equal(
    [...names, ...nameless].filter((name) => !known.includes(name)),
    [],
  );
});

for (const [name, byCall] of Object.entries(calls))
  for (const [call, use] of Object.entries(byCall))
    options(`of ${call} refuse a misspelt key, and name the one that was meant`, async () => {
      const keys = keysOf(name);
      assert.ok(keys.length > 0, `${name} is not declared`);
      for (const key of keys) {
        const wrong = misspelt(key);
        const error = (await errorOf(use, { [wrong]: undefined })) as TypeError & { code?: string };
        assert.instance(error, TypeError, `${call}: ${wrong}`);
        assert.is(error.code, "ERR_INVALID_ARG_VALUE", error.message);
        assert.match(error.message, new RegExp(`\\b${wrong}\\b.*Did you mean '${key}'\\?`));
      }
    });

options("of tryAcquire, which does not wait, are the count alone", async () => {
  const tryAcquire = (given: never): unknown =>
    withDomain((domain) => domain.semaphore(4096, { permits: 1 }).tryAcquire(given));
  for (const [wrong, hint] of [
    ["cuont", /Did you mean 'count'\?/],
    ["signal", /It must be one of 'count'\./],
    ["timeoutMs", /It must be one of 'count'\./],
  ] as const) {
    const error = (await errorOf(tryAcquire, { [wrong]: undefined })) as Error & { code: string };
    assert.is(error.code, "ERR_INVALID_ARG_VALUE", error.message);
    assert.match(error.message, hint);
  }
});

options("leave nothing behind if they were refused", () => {
  assert.equal(
    shm.list().filter(({ cpid }) => cpid === process.pid),
    [],
  );
});
options.run();
