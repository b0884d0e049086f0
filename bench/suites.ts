import type { CoreName } from "wasm-shm";
import { attachSuite } from "./attach.js";
import { bytes } from "./bytes.js";
import { checksum } from "./checksum.js";
import { cursor } from "./cursor.js";
import type { Timer } from "./harness.js";

export interface Suite {
  readonly about: string;
  readonly cores: readonly CoreName[];
  /** Hands its groups to `time`, one after the other. */
  run(core: CoreName, time: Timer): Promise<void>;
}

export const suites = {
  cursor: { about: "numbers at the cursor, against DataView and Buffer", cores: ["wasm", "js"], run: cursor },
  bytes: { about: "read and write, against Uint8Array.set", cores: ["wasm", "js"], run: bytes },
  attach: { about: "attach and detach, against shmat(2) and shmdt(2)", cores: ["wasm"], run: attachSuite },
  checksum: { about: "adler32 in place, against a loop over the bytes", cores: ["wasm", "js"], run: checksum },
} as const satisfies Record<string, Suite>;

export type SuiteName = keyof typeof suites;
