// Why the system refused, with the limit's present value, and what to do: the second half of a system error.
import { errnoNumbers } from "../common/errors.js";
import { SharedMemoryFlags } from "../common/flags.js";
import type { Host, Limits, MapRequest } from "./host.js";

const { EACCES, EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC, ENOSYS, EPERM } = errnoNumbers;

export const octal = (mode: number): string => `0${mode.toString(8).padStart(3, "0")}`;

export const hexadecimal = (key: number): string => `0x${(key >>> 0).toString(16)}`;

function limitsOf(host: Host): Limits | undefined {
  const limits = host.limits();
  return typeof limits === "number" ? undefined : limits;
}

/** For a refused shmget(2). */
export function getAdvice(host: Host, error: number, key: number, size: number, flags: number): string {
  const limits = limitsOf(host);
  const huge = (flags & SharedMemoryFlags.HugePages) !== 0;
  if (error === EEXIST) return "a segment has this key already: open({ key }), or create with exclusive: false";
  if (error === ENOENT) return `no segment has the key ${hexadecimal(key)}; its creator may not have run yet`;
  if (error === EACCES) return "a segment has this key, and its mode does not let this user in";
  if (error === EINVAL && limits && size > limits.shmmax)
    return `the largest segment allowed is ${limits.shmmax} bytes${host.name === "sysv" ? " (kernel.shmmax)" : ""}`;
  if (error === EINVAL) return "the segment that has this key is smaller";
  if (error === EPERM && huge) return "huge pages need CAP_IPC_LOCK, or a group equal to vm.hugetlb_shm_group";
  if (error === ENOMEM && huge)
    return `too few huge pages of ${limits?.hugePageSize ?? "?"} bytes are free; vm.nr_hugepages sets how many there are`;
  if (error === ENOMEM) return "the system cannot set aside that much memory; noReserve: true skips the reservation";
  if (error === ENOSPC && limits) {
    const { segmentsInUse, shmmni, pagesInUse, shmall, pageSize } = limits;
    const segments = `${segmentsInUse} of ${shmmni} segments (kernel.shmmni)`;
    const pages = `${pagesInUse} of ${shmall} pages of ${pageSize} bytes (kernel.shmall)`;
    return `in use are ${segments} and ${pages}; ipcs -m shows whose, ipcrm removes`;
  }
  return "";
}

/** For a refused shmat(2), or a memory that could not be made. */
export function attachAdvice(host: Host, error: number, { access, length, into }: MapRequest): string {
  if (error === EACCES && access === "read-write")
    return 'the mode of the segment does not let this user read and write it; access: "read-only" needs to read alone';
  if (error === EACCES) return "the mode of the segment does not let this user read it";
  if (error === EINVAL) return "if it has huge pages, a window's offset and length must be multiples of their size";
  if (error === ENOSYS)
    return `access: "${access}" needs mmap, mprotect, mremap and futex, and this process may not call one (seccomp)`;
  if (error !== ENOMEM) return "";
  const maps = limitsOf(host)?.maxMapCount;
  const mappings = maps === undefined ? "" : `its mappings come near vm.max_map_count, now ${maps}`;
  const space = `a memory of ${length} bytes takes several GiB of address space, and this process has too little left`;
  const why = (into ? [mappings] : [space, mappings]).filter((reason) => reason !== "").join(", or ");
  return [why, "detach what is not in use"].filter((part) => part !== "").join("; ");
}

/** For a refused shmctl(2). */
export function controlAdvice(error: number): string {
  if (error === EINVAL) return "no segment has this id; list() and ipcs -m show those there are";
  if (error === EACCES) return "the mode of the segment does not let this user read it";
  if (error === EPERM) return "only its owner, its creator or root may";
  if (error === ENOMEM) return "more than this user may lock (ulimit -l)";
  return "";
}
