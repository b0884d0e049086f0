// The segment between a sandbox and its guest's process, as its host detaches it.
import * as assert from "uvu/assert";
import type { Host, Mapping } from "#src/host/host.js";
import { HostRing } from "#src/sandbox/process/ring.js";
import { suite } from "../suite.js";

const ring = suite("The ring of a guest's process");

ring("is detached once; a detach that is refused is tried again", () => {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const results = [-12, 0];
  const host = { unmap: () => results.shift() } as unknown as Host;
  const ends = new HostRing(host, { memory, byteOffset: 0 } as Mapping);
  for (const left of [1, 0, 0]) {
    ends.close();
    assert.is(results.length, left);
  }
});

ring.run();
