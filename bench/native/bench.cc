// The bench's addon: what other files here add to it.
#include "lifecycle.h"
#include "memory.h"

NAPI_MODULE_INIT() {
  AddLifecycle(env, exports);
  AddMemory(env, exports);
  return exports;
}
