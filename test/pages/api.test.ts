// docs/api.md against the emitted types and the running package: it has every public name, and no other.
import { readdirSync, readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { createShm } from "wasm-shm";
import { suite } from "../suite.js";
import { root } from "../support/child.js";
import { textOf } from "../support/pages.js";

const page = textOf("docs/api.md");
const prose = page.replaceAll(/^```.*?^```\s*$/gms, "");

/** Where a reader looks up a member: headings, and rows of tables. */
const entries = (prose.match(/^(?:#|\|).*$/gm) ?? []).join("\n");

/** What is marked as code: spans, and headings. */
const spans = [...prose.matchAll(/`([^`\n]+)`/g), ...prose.matchAll(/^#+ (.*)$/gm)].map(([, span]) => span as string);

const declarations = readdirSync(`${root}build/types`, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".d.ts"))
  .map((file) => readFileSync(`${root}build/types/${file}`, "utf8"));

/** What a class or an interface may extend that adds no public member. */
const WITHOUT_MEMBERS = ["AsyncIterable", "Uncloneable"];

/** The public members that the package's types declare for a class or an interface, with those it extends. */
function membersOf(name: string): string[] {
  for (const text of declarations) {
    const list = new RegExp(`^declare const ${name}: .*Assembled<typeof (\\w+)>`, "m").exec(text)?.[1];
    const codecs = new RegExp(`^declare const ${list}: readonly \\[(.*)\\];`, "m").exec(text)?.[1];
    if (codecs !== undefined) return (codecs.match(/(?<=typeof )\w+/g) ?? []).flatMap(membersOf);
    const head = `^export (?:declare (?:abstract )?class|interface) ${name}(?:<[^{]*?>)?(?: extends ([\\w, ]+?)(?:<[^{]*?>)?)?(?: implements [^{]*?)? \\{\\n(.*?)^\\}`;
    const found = new RegExp(head, "ms").exec(text);
    if (!found) continue;
    const [, parents, body] = found as unknown as [string, string | undefined, string];
    const own = [...body.matchAll(/^ {4}(?:(?:readonly|abstract|get|set) )*(\w+)\??[(<:]/gm)].map(
      ([, member]) => member,
    );
    const others = (parents?.split(", ") ?? []).filter((parent) => !WITHOUT_MEMBERS.includes(parent));
    const inherited = others.flatMap(membersOf);
    return [...new Set([...inherited, ...own])].filter((member) => member !== "constructor") as string[];
  }
  throw new Error(`no declaration of ${name}`);
}

/** The name that api.md gives an object of each class, and the members of the class. */
const objects: Readonly<Record<string, readonly string[]>> = {
  segment: membersOf("Segment"),
  attachment: membersOf("Attachment"),
  cursor: membersOf("Cursor"),
  sandbox: [...new Set([...membersOf("Sandbox"), ...membersOf("InlineSandbox")])],
  pool: membersOf("SandboxPool"),
  domain: membersOf("Domain"),
  mutex: membersOf("Mutex"),
  rwLock: membersOf("RwLock"),
  semaphore: membersOf("Semaphore"),
  event: membersOf("SharedEvent"),
  condition: membersOf("Condition"),
  barrier: membersOf("Barrier"),
  seqlock: membersOf("Seqlock"),
  channel: membersOf("Channel"),
  writer: membersOf("Writer"),
  claim: membersOf("Claim"),
  reader: membersOf("Reader"),
  message: membersOf("Message"),
  topic: membersOf("Topic"),
  service: membersOf("Service"),
  held: membersOf("Held"),
  shm: membersOf("Shm"),
  host: membersOf("Host"),
};

/** Every name that index.d.ts and public.d.ts export only as a type. */
const typeNames = ["index", "public"].flatMap((file) =>
  [...readFileSync(`${root}build/types/${file}.d.ts`, "utf8").matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(
    ([, all, names]) =>
      (names as string)
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "" && (all !== undefined || name.startsWith("type ")))
        .map((name) => name.replace("type ", "")),
  ),
);

const api = suite("docs/api.md");

for (const [object, members] of Object.entries(objects))
  api(`has a heading or a row for each member of ${object}`, () => {
    assert.ok(members.length > 2, "the types were read");
    const missing = members.filter((member) => !new RegExp(`\\b${object}\\.${member}\\b`).test(entries));
    assert.equal(missing, []);
  });

api("names no member that there is not", () => {
  for (const span of spans)
    for (const [, object, member] of span.matchAll(
      /\b(segment|attachment|cursor|sandbox|pool|domain|mutex|rwLock|semaphore|event|condition|barrier|seqlock|channel|writer|claim|reader|message|topic|service|held|shm|host)\.(\w+)/g,
    ))
      assert.ok(objects[object as string]?.includes(member as string), `${object}.${member}`);
});

api("has a heading for each function that is exported, and a row or a heading for every other name", async () => {
  for (const [name, value] of Object.entries(await import("wasm-shm"))) {
    const isFunction = typeof value === "function" && !/^class\b/.test(String(value));
    assert.match(entries, new RegExp(isFunction ? `^### ${name}\\(` : `\\b${name}\\b`, "m"), name);
  }
});

api("has headings only for functions that are exported", async () => {
  const exported = Object.keys(await import("wasm-shm"));
  for (const [, name] of page.matchAll(/^### (\w+)\(/gm)) assert.ok(exported.includes(name as string), name);
});

api("names every type that is exported", () => {
  assert.ok(typeNames.length > 20, "the types were read");
  const missing = typeNames.filter((name) => !spans.some((span) => new RegExp(`\\b${name}\\b`).test(span)));
  assert.equal(missing, []);
});

for (const name of [
  ...["AttachOptions", "CreateOptions", "Permissions", "ShmOptions", "SandboxOptions", "SandboxWindow"],
  ...["GuestWindow", "Limits", "SegmentInfo", "TextOptions"],
])
  api(`names each field of ${name}`, () => {
    const missing = membersOf(name).filter((field) => !spans.some((span) => new RegExp(`\\b${field}\\b`).test(span)));
    assert.equal(missing, []);
  });

api("is about members that objects have", () => {
  const shm = createShm({ host: "local" });
  const segment = shm.create(10);
  const attachment = segment.attach();
  const { host } = shm;
  const running: Record<string, object> = { segment, attachment, cursor: attachment.cursor(), shm, host };
  for (const [object, instance] of Object.entries(running))
    for (const member of objects[object] as string[]) assert.ok(member in instance, `${object}.${member}`);
});
api.run();
