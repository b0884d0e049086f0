// Windows of segments in a guest's memory, in a thread or process that has nothing else of this package: no cursors, no
// ranges, no locks. With all of them the script of a sandbox would have five times the size.
import { errnoNumbers, memoryMoved, systemError } from "../common/errors.js";
import type { Access } from "../common/flags.js";
import type { Host, Mapping } from "../host/host.js";
import type { WasmMemory } from "../memory/layout.js";
import type { GuestAttachment, SharedWindow, WindowRequest } from "./job.js";

class HostAttachment implements GuestAttachment {
  #attached = true;

  constructor(
    private readonly host: Host,
    private readonly mapping: Mapping,
    private readonly id: number,
    readonly access: Access,
  ) {}

  get privatePages(): number {
    return this.host.privatePages(this.mapping);
  }

  get bytes(): Uint8Array {
    const { memory, byteOffset, byteLength } = this.mapping;
    if (!this.host.isInPlace(this.mapping)) throw memoryMoved("the engine moved the memory as it grew");
    return new Uint8Array(memory.buffer, byteOffset, byteLength);
  }

  discard(): void {
    this.#check(this.host.discard(this.mapping), "discard");
  }

  [Symbol.dispose](): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#check(this.host.unmap(this.mapping), "unmap");
  }

  #check(result: number, operation: "discard" | "unmap"): void {
    const call = { operation, id: this.id, size: undefined };
    if (result < 0) throw systemError(-result, this.host.explain(-result, call));
  }
}

/**
 * The windows of a job, by name.
 *
 * @throws {ShmError} `EINVAL` a segment is gone; `EACCES` this user may not read it
 */
export function windowsOf(windows: readonly SharedWindow[], host: Host): Map<string, WindowRequest> {
  return new Map(windows.map((window) => [window.name, requestOf(window, host)]));
}

function requestOf({ id, access, offset, length }: SharedWindow, host: Host): WindowRequest {
  const info = host.stat(id);
  if (typeof info === "number") {
    const errno = info === -errnoNumbers.EIDRM ? errnoNumbers.EINVAL : -info;
    throw systemError(errno, host.explain(errno, { operation: "stat", id, size: undefined }));
  }
  const attach = (into: { memory: WasmMemory; byteOffset: number } | undefined): HostAttachment => {
    const request = { id, offset, length, access, into, memory: undefined, reserve: undefined };
    const mapping = host.map(request);
    if (typeof mapping !== "number") return new HostAttachment(host, mapping, id, access);
    throw systemError(-mapping, host.explain(-mapping, { operation: "map", size: info.size, ...request }));
  };
  return { access, offset, length, attach };
}
