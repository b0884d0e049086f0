#ifndef WASM_SHM_WINDOW_H_
#define WASM_SHM_WINDOW_H_

#include <memory>

#include "arguments.h"
#include "guard/guard.h"

// Puts private zero pages in the segment's place. Sets the guards that the caller must free after
// it has ended their watches. Returns 0 or an errno.
int UnmapWindow(const Window& window, std::unique_ptr<Guard>* removed);

#endif  // WASM_SHM_WINDOW_H_
