// Stands for the engine beside program.cc: an object of its own, as the guard takes the object
// in which Node-API lies for the engine, and leads its calls of mprotect(2) and munmap(2) past
// windows.
#include <node_api.h>
#include <sys/mman.h>

#include <cstddef>

// What the guard takes from Node-API. The rest is not linked: see standalone.test.ts.
extern "C" napi_status napi_add_finalizer(napi_env, napi_value, void*, napi_finalize, void*,
                                          napi_ref*) {
  return napi_ok;
}
extern "C" napi_status napi_delete_reference(napi_env, napi_ref) { return napi_ok; }

// As a memory grows: all of it is made writable, from its start.
int EngineProtect(void* at, size_t length) { return mprotect(at, length, PROT_READ | PROT_WRITE); }

int EngineUnmap(void* at, size_t length) { return munmap(at, length); }
