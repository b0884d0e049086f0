// The addon of the sysv host. It checks its arguments, makes the system call, and returns a number
// or -errno. It decides nothing but the budget of mappings, which belongs to the process. Its state
// is a captured getter for each environment, one count of mappings, the table of guarded windows,
// and the lists of participants and of memories that are kept; each is safe to use from every
// thread, so every worker may load the addon.
#include "addon.h"

#include <dlfcn.h>

#include "arguments.h"

// The file that this code was loaded from: a worker of a sandbox loads the same, wherever a bundler
// put it.
static void InitFile(Napi::Env env, Napi::Object exports) {
  Dl_info found;
  if (dladdr(reinterpret_cast<const void*>(&InitFile), &found) != 0)
    exports.Set("file", found.dli_fname);
}

// What a process does to itself, apart from the rest.
static void InitProcess(Napi::Env env, Napi::Object exports) {
  auto process = Napi::Object::New(env);
  InitConfine(env, process);
  InitLaunch(env, process);
  InitWord(env, process);
  exports.Set("process", process);
}

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  InitArguments(env);
  InitFile(env, exports);
  InitBudget(env, exports);
  InitHeld(env, exports);
  InitParticipant(env, exports);
  InitProcess(env, exports);
  InitSegment(env, exports);
  InitSystem(env, exports);
  InitTransfer(env, exports);
  InitWeight(env, exports);
  InitWindow(env, exports);
  return exports;
}

NODE_API_MODULE(wasm_shm, Init)
