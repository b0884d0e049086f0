// The native host: checks its arguments, makes the system call, returns a number or -errno. No
// policy but the budget of mappings, which has to be the process's; no state but a captured getter
// for each environment and one count of mappings for the process, so every thread may load it.
#include "addon.h"

#include "arguments.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  InitArguments(env);
  InitBudget(env, exports);
  InitSegment(env, exports);
  InitSystem(env, exports);
  InitWindow(env, exports);
  return exports;
}

NODE_API_MODULE(wasm_shm, Init)
