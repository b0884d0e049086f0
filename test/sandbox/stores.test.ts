// Every storing instruction, into windows of each access and just outside of windows, in a process, in a thread and inline.
import * as assert from "uvu/assert";
import { ShmError } from "wasm-shm";
import { suite } from "../suite.js";
import {
  type AnySandbox,
  at,
  contents,
  guest,
  intact,
  kinds,
  NO_HOST,
  native,
  rejects,
  withSandbox,
  withSegments,
} from "./sandboxes.js";

const PAGE = 4096;
const wasm = guest("hostile/stores");
const instructions = WebAssembly.Module.exports(new WebAssembly.Module(wasm)).map(({ name }) => name);
const WIDEST = 16; // bytes; also the length that memory.fill and similar instructions get

/** Performs a store over bytes that it must change, and checks that the guest sees the change. */
async function checkStore(sandbox: AnySandbox, instruction: string, address: number): Promise<void> {
  await sandbox.call(instruction === "memory.copy" ? "memory.fill" : "memory.copy", address, WIDEST);
  const before = await sandbox.bytes(address, WIDEST);
  assert.is(await sandbox.call(instruction, address, WIDEST), undefined);
  const after = await sandbox.bytes(address, WIDEST);
  assert.ok(Buffer.compare(before, after) !== 0, `${instruction} at ${address} changed nothing`);
}

for (const kind of kinds) {
  const stores = suite(`Every storing instruction [${kind}]`);
  if (!native) stores.skip("is held", NO_HOST);
  else {
    stores("into a read-only window is ERR_SHM_READ_ONLY, which names the window; the segment is unchanged", () =>
      withSegments([70_001, 65_536, 3333], (first, second, third) =>
        intact([first, second, third], () => {
          const windows = { first: { segment: first }, second: { segment: second }, third: { segment: third } };
          return withSandbox(kind, wasm, { windows }, async (sandbox) => {
            for (const instruction of instructions)
              for (const [name, { byteOffset, byteLength }] of Object.entries(sandbox.windows))
                for (const offset of [0, 8 * Math.floor(byteLength / 16), 8 * Math.floor(byteLength / 8) - WIDEST]) {
                  const where = `${instruction} at ${offset} of ${name}`;
                  const error = await sandbox.call(instruction, byteOffset + offset, WIDEST).then(
                    () => assert.unreachable(where),
                    (reason: ShmError) => reason,
                  );
                  assert.is(error?.code, "ERR_SHM_READ_ONLY", where);
                  assert.match(
                    error?.message ?? "",
                    new RegExp(`^${instruction} stored into a page of the window "${name}"`),
                  );
                }
          });
        }),
      ),
    );

    stores("at and across the edges of a read-only window never reaches the segment", () =>
      withSegments([70_001, 3333], (first, second) =>
        intact([first, second], () => {
          const windows = { first: { segment: first }, second: { segment: second } };
          return withSandbox(kind, wasm, { windows }, async (sandbox) => {
            let refused = 0;
            const codes = new Set<string>();
            for (const instruction of instructions)
              for (const { byteOffset, byteLength } of Object.values(sandbox.windows))
                for (const offset of [-1, -3, byteLength - 1, byteLength, Math.ceil(byteLength / PAGE) * PAGE - 1]) {
                  // Unaligned: the atomics trap.
                  const result = await sandbox.call(instruction, byteOffset + offset, WIDEST).catch((error) => error);
                  if (result === undefined) continue;
                  assert.instance(result, ShmError);
                  codes.add(result.code);
                  if (result.code === "ERR_SHM_GUEST_TRAP") assert.match(result.message, /unaligned|out of bounds/i);
                  else refused++;
                }
            assert.equal([...codes].sort(), ["ERR_SHM_GUEST_TRAP", "ERR_SHM_READ_ONLY"]);
            assert.ok(refused > instructions.length);
          });
        }),
      ),
    );

    stores("just outside every window, whatever its access, changes the guest's memory and never a segment", () =>
      withSegments([70_001, 2 * 65_536, 3333, PAGE], (...segments) =>
        intact(segments, () => {
          const accesses = ["read-only", "read-write", "copy-on-write", "read-write"] as const;
          const windows = Object.fromEntries(
            segments.map((segment, index) => [`window${index}`, { segment, access: accesses[index] ?? "read-only" }]),
          );
          return withSandbox(kind, wasm, { windows }, async (sandbox) => {
            const places = Object.values(sandbox.windows);
            const end = (place: (typeof places)[number]) =>
              place.byteOffset + Math.ceil(place.byteLength / PAGE) * PAGE;
            const outside = places.flatMap((place) => [place.byteOffset - WIDEST, end(place)]);
            for (const instruction of instructions)
              for (const address of outside) await checkStore(sandbox, instruction, address);
          });
        }),
      ),
    );

    stores("into a read-write window reaches that segment only; into a copy-on-write one it reaches none", () =>
      withSegments([3333, 3333, 3333], (shared, copied, read) =>
        intact([copied, read], () => {
          const windows = {
            read: { segment: read },
            shared: { segment: shared, access: "read-write" as const },
            copied: { segment: copied, access: "copy-on-write" as const },
          };
          return withSandbox(kind, wasm, { windows }, async (sandbox) => {
            for (const instruction of instructions)
              for (const offset of [0, 1600, 3312]) {
                const expected = contents(shared);
                const address = at(sandbox, "shared") + offset;
                await checkStore(sandbox, instruction, address);
                expected.set(await sandbox.bytes(address, WIDEST), offset);
                assert.ok(Buffer.compare(contents(shared), expected) === 0, instruction);
                await checkStore(sandbox, instruction, at(sandbox, "copied") + offset);
              }
          });
        }),
      ),
    );

    stores("that was refused is undone: the guest sees the segment's bytes again", () =>
      withSegments([2 * PAGE], (segment) =>
        intact([segment], () =>
          withSandbox(kind, wasm, { windows: { window: { segment } } }, async (sandbox) => {
            const window = at(sandbox, "window");
            for (const instruction of instructions)
              for (const offset of [0, 2 * PAGE - WIDEST]) {
                await rejects(() => sandbox.call(instruction, window + offset, WIDEST), "ERR_SHM_READ_ONLY");
                const seen = await sandbox.bytes(window, 2 * PAGE);
                assert.ok(Buffer.compare(seen, contents(segment)) === 0, `${instruction} at ${offset}`);
              }
          }),
        ),
      ),
    );
  }
  stores.run();
}
