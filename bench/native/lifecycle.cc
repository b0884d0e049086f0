// The bare system calls, timed without any of Node's work between them. Only the bench calls these
// functions, so they do not check their arguments.
#include "lifecycle.h"

#include <sys/ipc.h>
#include <sys/shm.h>

#include <cerrno>
#include <chrono>
#include <vector>

#include "values.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kSteps = 4;

int Id(napi_env env, napi_value value) { return static_cast<int>(Number(env, value)); }

double NanosecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

// Returns nanoseconds since the start, or -errno.
napi_value Spent(napi_env env, Clock::time_point start, int error) {
  return Result(env, error == 0 ? NanosecondsSince(start) : -error);
}

int Create(size_t size) { return shmget(IPC_PRIVATE, size, IPC_CREAT | IPC_EXCL | 0600); }

// Returns the address, or nullptr and sets errno.
void* AttachTo(int id) {
  void* at = shmat(id, nullptr, 0);
  return at == reinterpret_cast<void*>(-1) ? nullptr : at;
}

// What is attached, for as long as it is: it must outlive the call that attached it.
std::vector<void*> attached;

// Returns 0 or an errno.
int AttachMany(int id, size_t count) {
  for (size_t index = 0; index < count; index++) {
    void* at = AttachTo(id);
    if (at == nullptr) return errno;
    attached.push_back(at);
  }
  return 0;
}

int DetachMany() {
  int error = 0;
  for (void* at : attached)
    if (shmdt(at) != 0) error = errno;
  attached.clear();
  return error;
}

int RemoveAll(const std::vector<int>& ids) {
  int error = 0;
  for (const int id : ids)
    if (shmctl(id, IPC_RMID, nullptr) != 0) error = errno;
  return error;
}

// Args: (id, count). Attaches and detaches `count` times. Returns nanoseconds, or -errno.
napi_value AttachAndDetach(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  const int id = Id(env, args.values[0]);
  const size_t count = Size(env, args.values[1]);
  const auto start = Clock::now();
  for (size_t index = 0; index < count; index++) {
    void* at = AttachTo(id);
    if (at == nullptr || shmdt(at) != 0) return Spent(env, start, errno);
  }
  return Spent(env, start, 0);
}

// Args: (size, count). Makes, attaches, detaches and removes `count` segments, one after the other.
// Returns nanoseconds, or -errno.
napi_value WholeLives(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  const size_t size = Size(env, args.values[0]);
  const size_t count = Size(env, args.values[1]);
  const auto start = Clock::now();
  for (size_t index = 0; index < count; index++) {
    const int id = Create(size);
    if (id < 0) return Spent(env, start, errno);
    void* at = AttachTo(id);
    int error = at == nullptr || shmdt(at) != 0 ? errno : 0;
    if (shmctl(id, IPC_RMID, nullptr) != 0) error = errno;
    if (error != 0) return Spent(env, start, error);
  }
  return Spent(env, start, 0);
}

// Args: (size, count, times). Makes `count` segments, attaches all, detaches all and removes all.
// Stores the nanoseconds of each step in `times`, a Float64Array. Returns 0 or -errno. Leaves no
// segment and no attachment.
napi_value Steps(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  const size_t size = Size(env, args.values[0]);
  const size_t count = Size(env, args.values[1]);
  size_t length = 0;
  auto* times = Array<double>(env, args.values[2], &length);
  std::vector<int> ids;
  ids.reserve(count);
  attached.reserve(count);
  int error = 0;
  Clock::time_point starts[kSteps];
  double spent[kSteps];

  starts[0] = Clock::now();
  for (size_t index = 0; index < count && error == 0; index++) {
    const int id = Create(size);
    if (id < 0) error = errno;
    if (id >= 0) ids.push_back(id);
  }
  spent[0] = NanosecondsSince(starts[0]);
  starts[1] = Clock::now();
  for (size_t index = 0; index < count && error == 0; index++) error = AttachMany(ids[index], 1);
  spent[1] = NanosecondsSince(starts[1]);
  starts[2] = Clock::now();
  const int detached = DetachMany();
  spent[2] = NanosecondsSince(starts[2]);
  starts[3] = Clock::now();
  const int removed = RemoveAll(ids);
  spent[3] = NanosecondsSince(starts[3]);

  for (size_t step = 0; step < kSteps && step < length; step++) times[step] = spent[step];
  if (error == 0) error = detached != 0 ? detached : removed;
  return Result(env, -error);
}

// Args: (id, count). Attaches `count` times more. Returns nanoseconds, or -errno.
napi_value Attach(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  const int id = Id(env, args.values[0]);
  const size_t count = Size(env, args.values[1]);
  attached.reserve(attached.size() + count);
  const auto start = Clock::now();
  return Spent(env, start, AttachMany(id, count));
}

// Detaches all attachments of Attach. Returns nanoseconds, or -errno.
napi_value DetachAll(napi_env env, napi_callback_info) {
  const auto start = Clock::now();
  return Spent(env, start, DetachMany());
}

// Args: (id, size, step). Attaches, and stores one byte in every `step` bytes. Returns the
// nanoseconds of the stores, or -errno.
napi_value Touch(napi_env env, napi_callback_info info) {
  const Arguments args(env, info);
  auto* bytes = static_cast<volatile uint8_t*>(AttachTo(Id(env, args.values[0])));
  const size_t size = Size(env, args.values[1]);
  const size_t step = Size(env, args.values[2]);
  if (bytes == nullptr) return Result(env, -errno);
  const auto start = Clock::now();
  for (size_t offset = 0; offset < size; offset += step) bytes[offset] = 1;
  const double spent = NanosecondsSince(start);
  return Result(env, shmdt(const_cast<uint8_t*>(bytes)) == 0 ? spent : -errno);
}

}  // namespace

void AddLifecycle(napi_env env, napi_value exports) {
  const napi_property_descriptor methods[] = {
#define METHOD(name, function) \
  {name, nullptr, function, nullptr, nullptr, nullptr, napi_enumerable, nullptr}
      METHOD("attachAndDetach", AttachAndDetach),
      METHOD("wholeLives", WholeLives),
      METHOD("steps", Steps),
      METHOD("attach", Attach),
      METHOD("detachAll", DetachAll),
      METHOD("touch", Touch),
#undef METHOD
  };
  napi_define_properties(env, exports, sizeof methods / sizeof methods[0], methods);
}
