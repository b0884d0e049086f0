// The kernel's segments, as every command gets them.
import type { SegmentInfo } from "../../host/host.js";
import { listByAddon } from "../../host/listing.js";
import type { Shm } from "../../segment/shm.js";

let kernel: Promise<Shm> | undefined;

/**
 * An instance on the kernel's segments, and never on the local host, whose segments no other process can see. The
 * first call imports the library, so that help and most completions do not wait for it. Core "auto": a cursor need not wait
 * for WebAssembly to be compiled.
 *
 * @throws {ShmError} `ERR_SHM_UNSUPPORTED` this is not Linux, or the addon did not load
 */
export function kernelShm(): Promise<Shm> {
  kernel ??= import("../../node.js").then(({ createShm }) => createShm({ host: "sysv", core: "auto" }));
  return kernel;
}

/** All segments, without the library if the addon loads. @throws {ShmError} as kernelShm */
export async function listSegments(): Promise<SegmentInfo[]> {
  return listByAddon() ?? (await kernelShm()).list();
}
