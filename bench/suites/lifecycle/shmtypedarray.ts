// The same steps by the npm package shm-typed-array.
import type { Segment } from "wasm-shm";
import { PATH } from "../../harness/path.js";
import { expectEqual } from "../../harness/proof.js";
import type { Absence } from "../../harness/result.js";
import { shmOf, type Variant } from "../../harness/window.js";
import { loadNative } from "../../rivals/packages.js";
import { createWithKey } from "../../rivals/paths.js";
import { countOf, LIFE, timed, type Way } from "./ways.js";

interface ShmTypedArray {
  create(length: number, type: "Uint8Array"): Uint8Array & { readonly key: number };
  get(key: number, type: "Uint8Array"): Uint8Array | null;
  /** The attachments that are left. The last detach destroys the segment, and returns 0. */
  detach(key: number): number;
}

/**
 * The package creates and attaches a segment in one call, and destroys it with the last detach. It looks segments up in
 * a list from which it never removes any. So it gets few and short runs, or its times would be those of the list.
 */
export function shmTypedArray(variant: Variant): Way | Absence {
  const loaded = loadNative("shm-typed-array");
  if (!("module" in loaded)) return loaded;
  const shm = loaded.module as ShmTypedArray;

  const detach = (key: number, left: number): void => expectEqual(shm.detach(key), left, "what a detach leaves");

  /** Segments that it creates. */
  const lives = (size: number, count: number) => {
    const keys: number[] = [];
    const create = timed(Array.from({ length: count }), () => keys.push(shm.create(size, "Uint8Array").key));
    return { create, detach: timed(keys, (key) => detach(key, 0)) };
  };

  /** Segments that exist already, and stay attached elsewhere. */
  const visits = (size: number, count: number) => {
    const segments: Segment[] = [];
    const keys: number[] = [];
    try {
      while (keys.length < count) {
        const { segment, key } = createWithKey(variant, size);
        segments.push(segment);
        keys.push(key);
        segment.attach();
      }
      const attach = timed(keys, (key) => expectEqual(shm.get(key, "Uint8Array")?.length, size, "its length"));
      return { attach, detach: timed(keys, (key) => detach(key, 1)) };
    } finally {
      for (const segment of segments) segment[Symbol.dispose]();
    }
  };

  return {
    name: "shm-typed-array",
    path: PATH.shmTypedArray,
    count: (size) => Math.min(10, countOf(size)),
    warmup: 1,
    steps: {
      attach: (size, count) => visits(size, count).attach,
      detach: (size, count) => visits(size, count).detach,
      "create and attach": (size, count) => lives(size, count).create,
      "detach and destroy": (size, count) => lives(size, count).detach,
      [LIFE]: (size, count) =>
        timed(Array.from({ length: count }), () => detach(shm.create(size, "Uint8Array").key, 0)),
    },
    prove(size) {
      const bytes = shm.create(size, "Uint8Array");
      try {
        bytes[size - 1] = 7;
        const attachment = shmOf(variant).open({ key: bytes.key }).attach({ access: "read-only" });
        expectEqual(attachment.bytes[size - 1], 7, "what an attachment shows of shm-typed-array's segment");
        attachment.detach();
      } finally {
        shm.detach(bytes.key);
      }
    },
  };
}
