#ifndef WASM_SHM_ATTACH_H_
#define WASM_SHM_ATTACH_H_

#include <cstddef>

#include "arguments.h"

// Maps window.length bytes of the segment, from `offset`, over the window. `flags` is 0 or
// SHM_RDONLY. Returns 0 and the size of the segment's pages in `page` (bytes), or an errno. A
// refusal leaves the window as it was. If the system runs out of memory the window may hold zeros;
// it is never a hole.
int MapSegment(const Window& window, int id, int flags, size_t offset, size_t* page);

// Maps private zero pages over the window. Returns 0 or an errno.
int MapZeroPages(const Window& window);

#endif  // WASM_SHM_ATTACH_H_
