// Makes, describes, changes and removes segments: shmget(2) and shmctl(2). Each function returns a
// number or -errno.
#include <sys/ipc.h>
#include <sys/shm.h>

#include <cerrno>

#include "addon.h"
#include "arguments.h"

namespace {

// Args: (id). Returns 0 or -errno. For the shmctl(2) commands that take nothing but the id.
template <int command>
Napi::Value Control(const Napi::CallbackInfo& info) {
  int id;
  if (!ReadId(info[0], &id)) return Errno(info.Env(), EINVAL);
  return Errno(info.Env(), shmctl(id, command, nullptr) == 0 ? 0 : errno);
}

// Args: (key, size in bytes, flags). Returns the id.
Napi::Value Get(const Napi::CallbackInfo& info) {
  int key, flags;
  size_t size;
  if (!ReadInteger(info[0], -kMaxInt - 1, kMaxInt, &key) ||
      !ReadInteger(info[1], 0, kMaxSafeInteger, &size) || !ReadInteger(info[2], 0, kMaxInt, &flags))
    return Errno(info.Env(), EINVAL);
  const int id = shmget(key, size, flags);
  if (id < 0) return Errno(info.Env(), errno);
  return Napi::Number::New(info.Env(), id);
}

// Args: (id). Returns the fields of shmid_ds; times are in seconds since the epoch.
Napi::Value Stat(const Napi::CallbackInfo& info) {
  int id;
  if (!ReadId(info[0], &id)) return Errno(info.Env(), EINVAL);
  struct shmid_ds ds = {};  // qemu-user writes half of the mode
  if (shmctl(id, IPC_STAT, &ds) != 0) return Errno(info.Env(), errno);
  return SegmentFields(info.Env(), id, ds);
}

// Args: (id, mode, uid, gid). Returns 0 or -errno. The kernel keeps the low nine bits of the mode.
Napi::Value Set(const Napi::CallbackInfo& info) {
  int id;
  struct shmid_ds ds = {};
  if (!ReadId(info[0], &id) || !ReadInteger(info[1], 0, 0777, &ds.shm_perm.mode) ||
      !ReadInteger(info[2], 0, kMaxUint, &ds.shm_perm.uid) ||
      !ReadInteger(info[3], 0, kMaxUint, &ds.shm_perm.gid))
    return Errno(info.Env(), EINVAL);
  return Errno(info.Env(), shmctl(id, IPC_SET, &ds) == 0 ? 0 : errno);
}

}  // namespace

Napi::Object SegmentFields(Napi::Env env, int id, const struct shmid_ds& ds) {
  auto fields = Napi::Object::New(env);
  const auto set = [&](const char* name, double value) {
    if (!fields.Set(name, value)) AwaitTermination();
  };
  set("key", ds.shm_perm.__key);
  set("id", id);
  set("size", static_cast<double>(ds.shm_segsz));
  set("mode", ds.shm_perm.mode);
  set("uid", ds.shm_perm.uid);
  set("gid", ds.shm_perm.gid);
  set("cuid", ds.shm_perm.cuid);
  set("cgid", ds.shm_perm.cgid);
  set("cpid", ds.shm_cpid);
  set("lpid", ds.shm_lpid);
  set("nattch", static_cast<double>(ds.shm_nattch));
  set("atime", static_cast<double>(ds.shm_atime));
  set("dtime", static_cast<double>(ds.shm_dtime));
  set("ctime", static_cast<double>(ds.shm_ctime));
  return fields;
}

void InitSegment(Napi::Env env, Napi::Object exports) {
  exports.Set("get", Napi::Function::New<Get>(env, "get"));
  exports.Set("stat", Napi::Function::New<Stat>(env, "stat"));
  exports.Set("set", Napi::Function::New<Set>(env, "set"));
  exports.Set("remove", Napi::Function::New<Control<IPC_RMID>>(env, "remove"));
  exports.Set("lock", Napi::Function::New<Control<SHM_LOCK>>(env, "lock"));
  exports.Set("unlock", Napi::Function::New<Control<SHM_UNLOCK>>(env, "unlock"));
}
