// The addon as a runner's first code. If LD_PRELOAD names it, the system's loader runs this before
// main(), while the process has one thread: a process of several is refused a user namespace.
// There is no helper program that could do it: npm installs no file of a package as executable but
// its commands. src/host/launch.ts has the environment.
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "addon.h"
#include "arguments.h"

// Headers older than Linux 5.9 lack it; the number is the same on every architecture.
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace {

constexpr int kUser = 1;
constexpr int kMounts = 2;
constexpr int kNetwork = 4;

// The namespaces of its own that this process has.
int namespaces = 0;

// The first descriptor that a runner must not have: its channel is 3.
constexpr int kFirstInherited = 4;

// Closes what the process has inherited. A kernel before 5.9 has no close_range(2), and a
// container's profile may refuse it.
bool CloseInherited() {
  if (syscall(SYS_close_range, kFirstInherited, ~0u, 0) == 0) return true;
  DIR* files = opendir("/proc/self/fd");
  if (files == nullptr) return false;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(files);
    if (entry == nullptr) break;
    const int file = atoi(entry->d_name);
    if (file >= kFirstInherited && file != dirfd(files)) close(file);
  }
  const bool complete = errno == 0;
  closedir(files);
  return complete;
}

bool WriteFile(const char* path, const char* text, size_t length) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = write(file, text, length) == static_cast<ssize_t>(length);
  close(file);
  return written;
}

// A user without privileges may map one id: its own.
void MapId(const char* path, unsigned id) {
  char line[40];
  const int length = snprintf(line, sizeof line, "%u %u 1", id, id);
  WriteFile(path, line, static_cast<size_t>(length));
}

// In a user namespace of its own the process would lose this right: that of CAP_IPC_OWNER.
bool MayAttachAll() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  return syscall(SYS_capget, &header, sets) == 0 && (sets[0].effective & 1u << CAP_IPC_OWNER) != 0;
}

// A process that may make the others, as root's may, needs no user namespace.
void Unshare() {
  const unsigned user = geteuid();
  const unsigned group = getegid();
  if (unshare(CLONE_NEWNS | CLONE_NEWNET) == 0) {
    namespaces = kMounts | kNetwork;
  } else if (!MayAttachAll() && unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) == 0) {
    namespaces = kUser | kMounts | kNetwork;
    WriteFile("/proc/self/setgroups", "deny", 4);
    MapId("/proc/self/uid_map", user);
    MapId("/proc/self/gid_map", group);
  }
}

// The loader ignores LD_PRELOAD for a program with privileges, such as file capabilities. Then
// Launch runs as the addon is loaded, and the descriptors are those of a living engine.
bool HasOneThread() {
  DIR* threads = opendir("/proc/self/task");
  if (threads == nullptr) return false;
  int entries = 0;
  while (readdir(threads) != nullptr) entries++;
  closedir(threads);
  return entries == 3;  // with . and ..
}

[[gnu::constructor]] void Launch() {
  const char* parent = getenv("WASM_SHM_RUNNER_OF");
  if (parent == nullptr) return;
  const auto expected = static_cast<pid_t>(strtol(parent, nullptr, 10));
  unsetenv("WASM_SHM_RUNNER_OF");
  unsetenv("LD_PRELOAD");
  if (chdir("/") != 0) _exit(1);
  if (!HasOneThread()) return;
  if (!CloseInherited()) _exit(1);
  Unshare();
  // After Unshare: a change of credentials may clear it.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != expected) _exit(1);
}

// An empty file system, which cannot be written, takes the place of the root; nothing of the old
// one is left. pivot_root(2) refuses it in an initramfs.
bool EmptyMounts() {
  return mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("none", "/proc", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) ==
             0 &&
         chdir("/proc") == 0 && syscall(SYS_pivot_root, ".", ".") == 0 &&
         umount2(".", MNT_DETACH) == 0 && chdir("/") == 0;
}

// Args: (). Empties the mount namespace, if this process has one of its own. Returns bits of what
// it has: 1 user, 2 mount, if empty, 4 network.
Napi::Value Isolate(const Napi::CallbackInfo& info) {
  if ((namespaces & kMounts) != 0 && !EmptyMounts()) namespaces &= ~kMounts;
  return Napi::Number::New(info.Env(), namespaces);
}

}  // namespace

void InitLaunch(Napi::Env env, Napi::Object exports) {
  exports.Set("isolate", Napi::Function::New<Isolate>(env, "isolate"));
}
