// The entry point of the bench's addon.
#include "lifecycle.h"
#include "locks.h"
#include "memory.h"
#include "ring.h"

NAPI_MODULE_INIT() {
  AddLifecycle(env, exports);
  AddLocks(env, exports);
  AddMemory(env, exports);
  AddRing(env, exports);
  return exports;
}
