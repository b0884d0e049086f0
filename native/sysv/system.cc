// Segments and limits of the whole IPC namespace: IPC_INFO, SHM_INFO and SHM_STAT_ANY of shmctl(2).
// Also ftok(3), and the constants that TypeScript needs.
#include <sys/ipc.h>
#include <sys/shm.h>

#include <cerrno>

#include "addon.h"
#include "arguments.h"

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15  // since Linux 4.17; older libcs lack the name
#endif

namespace {

// For IPC_INFO and SHM_INFO, whose results the kernel writes through a pointer to shmid_ds although
// they are other structs: NOTES of shmctl(2).
int Info(int command, void* out) { return shmctl(0, command, static_cast<struct shmid_ds*>(out)); }

// Appends every segment that `command` can see in the kernel's slots 0..last.
void Append(Napi::Env env, int command, int last, Napi::Array list) {
  for (int index = 0; index <= last; index++) {
    struct shmid_ds ds = {};
    const int id = shmctl(index, command, &ds);
    if (id >= 0) list.Set(list.Length(), SegmentFields(env, id, ds));  // else a free slot
  }
}

// Args: (). Returns an array of objects such as Stat returns. SHM_STAT_ANY needs no read
// permission. A kernel before 4.17 refuses it for every slot; SHM_STAT then shows the segments that
// this user may read.
Napi::Value List(const Napi::CallbackInfo& info) {
  struct shm_info used;
  const int last = Info(SHM_INFO, &used);
  if (last < 0) return Errno(info.Env(), errno);
  auto list = Napi::Array::New(info.Env());
  Append(info.Env(), SHM_STAT_ANY, last, list);
  if (list.Length() == 0 && used.used_ids > 0) Append(info.Env(), SHM_STAT, last, list);
  return list;
}

// Args: (). Returns the limits: shmmax and shmmin in bytes, shmall and pagesInUse in pages. A value
// past 2^53 becomes the nearest double.
Napi::Value Limits(const Napi::CallbackInfo& info) {
  struct shminfo limits;
  struct shm_info used;
  if (Info(IPC_INFO, &limits) < 0 || Info(SHM_INFO, &used) < 0) return Errno(info.Env(), errno);
  auto fields = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, unsigned long value) {
    fields.Set(name, static_cast<double>(value));
  };
  set("shmmax", limits.shmmax);
  set("shmmin", limits.shmmin);
  set("shmmni", limits.shmmni);
  set("shmall", limits.shmall);
  set("segmentsInUse", used.used_ids);
  set("pagesInUse", used.shm_tot);
  return fields;
}

// Args: (path, projectId 1..255). Returns the key as an unsigned number, so that no key can be
// taken for -errno.
Napi::Value Ftok(const Napi::CallbackInfo& info) {
  Path path;
  int project_id;
  if (!ReadPath(info[0], &path) || !ReadInteger(info[1], 1, 255, &project_id))
    return Errno(info.Env(), EINVAL);
  errno = 0;
  const key_t key = ftok(path, project_id);
  if (key == -1 && errno != 0) return Errno(info.Env(), errno);
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(key));
}

}  // namespace

void InitSystem(Napi::Env env, Napi::Object exports) {
  exports.Set("list", Napi::Function::New<List>(env, "list"));
  exports.Set("limits", Napi::Function::New<Limits>(env, "limits"));
  exports.Set("ftok", Napi::Function::New<Ftok>(env, "ftok"));
  auto constants = Napi::Object::New(env);
  constants.Set("IPC_CREAT", IPC_CREAT);
  constants.Set("IPC_EXCL", IPC_EXCL);
  constants.Set("SHM_HUGETLB", SHM_HUGETLB);
  constants.Set("SHM_NORESERVE", SHM_NORESERVE);
  constants.Set("SHM_DEST", SHM_DEST);
  constants.Set("SHM_LOCKED", SHM_LOCKED);
  constants.Set("pageSize", static_cast<double>(PageSize()));
  exports.Set("constants", constants);
}
