// Why the kernel refused a call of the sysv host, with the limit's present value, and what to do.
import { errnoNumbers } from "../common/errors.js";
import { SharedMemoryFlags } from "../common/flags.js";
import { hints } from "../common/hints.js";
import { hexadecimal, systemCall } from "./calls.js";
import type { Explanation, HostCall, Limits } from "./host.js";

const { EACCES, EEXIST, EIDRM, EINVAL, ENOENT, ENOMEM, ENOSPC, ENOSYS, EOVERFLOW, EPERM } = errnoNumbers;

type Why = Pick<Explanation, "reason" | "hint">;

/**
 * Asked only if the words need them. They cost system calls and a file of /proc: a program that opens a key again and again
 * until it exists would wait 90 µs for each refusal instead of 26.
 */
export interface Ask {
  limits(): Limits | undefined;
  /** Whether this process may lock memory at all: RLIMIT_MEMLOCK is not 0. */
  mayLock(): boolean;
}

const removed: Why = { reason: "it was destroyed, by this process or another" };

type CallOf<Operation extends HostCall["operation"]> = Extract<HostCall, { operation: Operation }>;

function whyGet(error: number, { key, size, flags }: CallOf<"get">, { limits }: Ask): Why {
  const huge = (flags & SharedMemoryFlags.HugePages) !== 0;
  if (error === EEXIST) return { reason: "a segment has this key already", hint: hints.openExisting };
  if (error === ENOENT)
    return { reason: `no segment has the key ${hexadecimal(key)}; its creator may not have run yet` };
  if (error === EACCES) return { reason: "a segment has this key, and its mode does not let this user in" };
  if (error === EINVAL) {
    const { shmmax } = limits() ?? {};
    if (shmmax === undefined || size <= shmmax) return { reason: "the segment that has this key is smaller" };
    return { reason: `the largest segment allowed is ${shmmax} bytes (kernel.shmmax)`, hint: hints.raiseLimit };
  }
  if (error === EPERM && huge)
    return { reason: "huge pages need CAP_IPC_LOCK, or a group equal to vm.hugetlb_shm_group" };
  if (error === ENOMEM && huge) {
    const free = `too few huge pages of ${limits()?.hugePageSize ?? "?"} bytes are free`;
    return { reason: `${free}; vm.nr_hugepages sets how many there are`, hint: hints.raiseLimit };
  }
  if (error === ENOMEM) return { reason: "the system cannot set aside that much memory", hint: hints.skipReservation };
  const full = error === ENOSPC ? limits() : undefined;
  if (full) {
    const { segmentsInUse, shmmni, pagesInUse, shmall, pageSize } = full;
    const segments = `${segmentsInUse} of ${shmmni} segments (kernel.shmmni)`;
    const pages = `${pagesInUse} of ${shmall} pages of ${pageSize} bytes (kernel.shmall)`;
    return { reason: `in use are ${segments} and ${pages}`, hint: hints.removeUnused };
  }
  return {};
}

/** For a refused shmat(2), or a memory that could not be made. */
function whyMap(error: number, { access, length, into }: CallOf<"map">, { limits }: Ask): Why {
  if (error === EACCES && access === "read-write")
    return {
      reason: "the mode of the segment does not let this user read and write it",
      hint: hints.attachReadOnly,
    };
  if (error === EACCES) return { reason: "the mode of the segment does not let this user read it" };
  if (error === EINVAL)
    return { reason: "if it has huge pages, a window's offset and length must be multiples of their size" };
  if (error === ENOSYS)
    return {
      reason: `access: "${access}" needs mmap, mprotect, mremap and futex, and this process may not call one (seccomp)`,
    };
  if (error !== ENOMEM) return {};
  const maps = limits()?.maxMapCount;
  const nearLimit = maps === undefined ? [] : [`its mappings come near vm.max_map_count, now ${maps}`];
  if (into) return { reason: nearLimit[0], hint: hints.detachUnused };
  const space = `a memory of ${length} bytes takes some 10 GiB of address space, and this process has too little left`;
  return { reason: [space, ...nearLimit].join(", or "), hint: hints.lessAddressSpace };
}

/** For a refused shmctl(2). */
function whyControl(error: number, operation: HostCall["operation"], ask: Ask): Why {
  if (error === EPERM && operation === "lock" && !ask.mayLock())
    return { reason: "this process may lock no memory (ulimit -l is 0)", hint: hints.raiseLimit };
  if (error === EINVAL) return { reason: "no segment has this id", hint: hints.listSegments };
  if (error === EACCES) return { reason: "the mode of the segment does not let this user read it" };
  if (error === EPERM) return { reason: "only its owner, its creator or root may" };
  if (error === ENOMEM && operation === "lock")
    return { reason: "more than this user may lock (ulimit -l)", hint: hints.raiseLimit };
  return {};
}

/** The caller of the host has found that the segment exists. */
function whySet(error: number, call: CallOf<"set">, ask: Ask): Why {
  if (error === EINVAL)
    return {
      reason: `uid ${call.uid} or gid ${call.gid} is not mapped in this user namespace (/proc/self/uid_map, gid_map)`,
    };
  if (error === EOVERFLOW)
    return {
      reason: "its owner or its group has no number in this user namespace, and the call would change it",
      hint: hints.nameOwner,
    };
  return whyControl(error, "set", ask);
}

function why(error: number, call: HostCall, ask: Ask): Why {
  switch (call.operation) {
    case "get":
      return whyGet(error, call, ask);
    case "map":
      return error === EIDRM ? removed : whyMap(error, call, ask);
    case "set":
      return error === EIDRM ? removed : whySet(error, call, ask);
    case "stat":
    case "remove":
    case "lock":
    case "unlock":
      return error === EIDRM ? removed : whyControl(error, call.operation, ask);
    case "discard":
      return error === EINVAL ? { reason: "another thread has attached over this window of a shared memory" } : {};
    default:
      return {};
  }
}

export function explainSysv(error: number, call: HostCall, ask: Ask): Explanation {
  return { ...systemCall(call), ...why(error, call, ask) };
}
