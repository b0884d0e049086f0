// What a process gives up before it runs a guest. Each call cannot be undone, so the runner ends
// if a later one fails. src/host/confinement.ts has the order, and the reasons.
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <new>

#include "addon.h"
#include "arguments.h"
#include "confine/filter.h"

namespace {

// Args: (parent). From now on no exec gains rights, and the process is killed as soon as the thread
// that started it ends. Returns 0 or -errno: -ESRCH if the parent is another already.
Napi::Value BindToParent(const Napi::CallbackInfo& info) {
  int parent;
  if (!ReadInteger(info[0], 1, kMaxInt, &parent)) return Errno(info.Env(), EINVAL);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
    return Errno(info.Env(), errno);
  // The parent may have ended before the signal was asked for.
  return Errno(info.Env(), getppid() == parent ? 0 : ESRCH);
}

bool Limit(__rlimit_resource_t resource, rlim_t value) {
  const rlimit limit = {value, value};
  return setrlimit(resource, &limit) == 0;
}

// Args: (data). Sets the most private writable memory in bytes; no new descriptors, no core dumps.
// Returns 0 or -errno.
Napi::Value LimitResources(const Napi::CallbackInfo& info) {
  rlim_t data;
  if (!ReadInteger(info[0], 1, kMaxSafeInteger, &data)) return Errno(info.Env(), EINVAL);
  // RLIMIT_CORE does not hold if /proc/sys/kernel/core_pattern is a pipe: core(5).
  const bool done = Limit(RLIMIT_DATA, data) && Limit(RLIMIT_NOFILE, 0) && Limit(RLIMIT_CORE, 0) &&
                    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
  return Errno(info.Env(), done ? 0 : errno);
}

// Reads an Int32Array of at most `most` elements.
bool ReadIntegers(const Napi::Value& value, size_t most, const int** data, size_t* length) {
  if (!value.IsTypedArray()) return false;
  napi_typedarray_type type = napi_int8_array;
  void* at = nullptr;
  if (napi_get_typedarray_info(value.Env(), value, &type, length, &at, nullptr, nullptr) !=
          napi_ok ||
      type != napi_int32_array || *length > most)
    return false;
  *data = static_cast<const int*>(at);
  return true;
}

// Kernels before 4.14 would end the thread alone, and leave the process hanging.
bool CanKillProcesses() {
  const uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

// Args: (segments, events): Int32Arrays, as Subject has them. Every thread is filtered from now on.
// Returns 0 or -errno: -ENOSYS if the kernel has no such filter, or this processor no policy
// that was tried.
Napi::Value FilterCalls(const Napi::CallbackInfo& info) {
  const int* segments;
  const int* events;
  size_t segment_words, event_count;
  if (!ReadIntegers(info[0], 2 * kMostSegments, &segments, &segment_words) ||
      segment_words % 2 != 0 || !ReadIntegers(info[1], kMostEvents, &events, &event_count))
    return Errno(info.Env(), EINVAL);
  if (!kIsProven || !CanKillProcesses()) return Errno(info.Env(), ENOSYS);
  const std::unique_ptr<sock_filter[]> program(new (std::nothrow_t{})
                                                   sock_filter[kMostInstructions]);
  if (!program) return Errno(info.Env(), ENOMEM);
  const Subject subject = {getpid(), segments, segment_words / 2, events, event_count};
  const size_t length = BuildFilter(subject, program.get(), kMostInstructions);
  if (length == 0) return Errno(info.Env(), EINVAL);
  const sock_fprog filter = {static_cast<unsigned short>(length), program.get()};
  const long result =
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
  // A positive result is a thread that has a filter of its own, which this one could not replace.
  return Errno(info.Env(), result == 0 ? 0 : result < 0 ? errno : EBUSY);
}

// Args: (code). Ends the process: no handler runs, no thread is waited for. A filter lets through
// what this needs, which process.exit asks more than.
void ExitGroup(const Napi::CallbackInfo& info) {
  int code = 1;
  ReadInteger(info[0], 0, 255, &code);
  syscall(SYS_exit_group, code);
}

}  // namespace

void InitConfine(Napi::Env env, Napi::Object exports) {
  exports.Set("bindToParent", Napi::Function::New<BindToParent>(env, "bindToParent"));
  exports.Set("limitResources", Napi::Function::New<LimitResources>(env, "limitResources"));
  exports.Set("filterCalls", Napi::Function::New<FilterCalls>(env, "filterCalls"));
  exports.Set("exitGroup", Napi::Function::New<ExitGroup>(env, "exitGroup"));
}
