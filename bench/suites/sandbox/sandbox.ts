// A guest on a segment in place, the cost of a call and of a process of its own, and the cost of the write guard.
import type { Timer } from "../../harness/group.js";
import { type PaceName, rangeSizes } from "../../harness/pace.js";
import { MiB } from "../../harness/size.js";
import { shmOf, type Variant } from "../../harness/window.js";
import { calls } from "./calls.js";
import { codecs } from "./codecs.js";
import { fuel } from "./fuel.js";
import { reads, stores } from "./guard.js";
import { elsewhere, throughput } from "./isolation.js";
import { passes } from "./passes.js";

export async function sandbox(variant: Variant, time: Timer, pace: PaceName): Promise<void> {
  for (const size of rangeSizes(pace).filter((bytes) => bytes >= MiB)) {
    const segment = shmOf(variant).create(size);
    try {
      await passes(segment, size, time);
      if (variant === "wasm") await codecs(segment, size, time);
      await reads(segment, size, time);
      if (variant === "wasm") await throughput(segment, size, time);
      if (size !== MiB) continue;
      // These do not depend on the size.
      await stores(segment, time);
      await calls(segment, time);
      if (variant !== "wasm") continue; // a guest's process and thread use no core
      await fuel(time);
      await elsewhere(time);
    } finally {
      segment[Symbol.dispose]();
    }
  }
}
