// Imports of src/ run downward only, from room to room (docs/architecture.md), and one file alone names a kernel host.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { root } from "../support/child.js";

/** Rooms from the ground up; those of one storey do not know each other. */
const storeys = [
  ["common"],
  ["memory"],
  ["host", "core"],
  ["cursor", "range"],
  ["segment"],
  ["stream"],
  ["sandbox", "x11", "cli"],
] as const;

const heights = new Map<string, number>(
  storeys.flatMap((rooms, height) => rooms.map((room) => [room, height] as const)),
);
const top = storeys.length - 1;

/** The room of a file of src/, by its path there; "" for an entry point. */
const roomOf = (file: string): string => (file.includes("/") ? (file.split("/")[0] as string) : "");

/** Every import of a file by another one of src/: paths there, without extensions. */
const imports = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) =>
    [...readFileSync(`${root}src/${file}`, "utf8").matchAll(/(?:\bfrom |\bimport\(|^import )"(\.[^"]+)\.js"/gm)].map(
      ([, path]) => ({ from: file.replace(/\.ts$/, ""), to: join(dirname(file), path as string) }),
    ),
  );

function isAllowed({ from, to }: { from: string; to: string }): boolean {
  const [room, target] = [roomOf(from), roomOf(to)];
  if (room === target || room === "") return true;
  const height = heights.get(room) ?? Number.NaN;
  if (target === "") return to === "node" && height === top; // what is only in Node composes its instances there
  return (heights.get(target) ?? Number.NaN) < height;
}

const rooms = suite("The rooms of src/");

rooms("import only rooms below them", () => {
  assert.ok(imports.length > 100, "the imports were read");
  const wrong = imports.filter((each) => !isAllowed(each)).map(({ from, to }) => `${from} imports ${to}`);
  assert.equal(wrong, []);
});

rooms("name a kernel host in node.ts alone", () => {
  const naming = imports.filter(({ to }) => to === "host/sysv").map(({ from }) => from);
  assert.equal([...new Set(naming)], ["node"]);
});
rooms.run();
