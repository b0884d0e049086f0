#ifndef WASM_SHM_GUARD_UNMAP_H_
#define WASM_SHM_GUARD_UNMAP_H_

#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

// Unmaps pages. Not munmap(2): if the engine's program is not position-independent (Node 22 and
// 24), that name leads through the program's own slot in every object, and so to the interception
// of engine.cc. It takes the lock that the callers here hold.
inline int UnmapPages(void* at, size_t length) {
  return static_cast<int>(syscall(SYS_munmap, at, length));
}

#endif  // WASM_SHM_GUARD_UNMAP_H_
