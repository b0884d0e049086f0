// System V's names for the calls of a host, and what was asked, in its words: the first half of an explanation.
import { PRIVATE_KEY, SharedMemoryFlags } from "../common/flags.js";
import type { HostCall } from "./host.js";

export const octal = (mode: number): string => `0${mode.toString(8).padStart(3, "0")}`;

export const hexadecimal = (key: number): string => `0x${(key >>> 0).toString(16)}`;

const commands = { stat: "IPC_STAT", remove: "IPC_RMID", lock: "SHM_LOCK", unlock: "SHM_UNLOCK" } as const;

function control(command: string, { id, size }: { id: number; size: number | undefined }): string {
  return size === undefined ? `${command} of segment ${id}` : `shmctl of segment ${id} (${size} bytes), ${command}`;
}

/** The system call behind a call, and what was asked of it. */
export function systemCall(call: HostCall): { syscall: string; asked: string } {
  switch (call.operation) {
    case "get": {
      const { key, size, flags } = call;
      const wanted = flags & SharedMemoryFlags.Create ? `${size} bytes, mode ${octal(flags & 0o777)}, ` : "";
      const which = key === PRIVATE_KEY ? "no key" : `key ${hexadecimal(key)}`;
      return { syscall: "shmget", asked: `shmget of ${wanted}${which}` };
    }
    case "stat":
    case "remove":
    case "lock":
    case "unlock":
      return { syscall: "shmctl", asked: control(commands[call.operation], call) };
    case "set":
      return { syscall: "shmctl", asked: control(`IPC_SET of mode ${octal(call.mode)}`, call) };
    case "map": {
      const { id, size, offset, length } = call;
      return { syscall: "shmat", asked: `shmat of segment ${id} (${size} bytes), ${length} bytes from ${offset}` };
    }
    case "unmap": // mmap(2): shmdt(2) would leave a hole in the memory
      return { syscall: "mmap", asked: `detaching segment ${call.id}` };
    case "discard": // the segment is attached again, over its private pages
      return { syscall: "shmat", asked: `discarding private pages of segment ${call.id}` };
    case "join": // a second mapping of the domain's pages, a thread, and set_robust_list(2)
      return { syscall: "mremap", asked: `joining a domain in segment ${call.id}` };
    case "list":
      return { syscall: "shmctl", asked: "SHM_STAT_ANY of every segment" };
    case "limits":
      return { syscall: "shmctl", asked: "IPC_INFO" };
    case "ftok":
      return { syscall: "ftok", asked: `ftok of ${JSON.stringify(call.path.slice(0, 4096))} and ${call.projectId}` };
  }
}
