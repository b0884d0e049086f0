// Who a participant is, and whether its thread still exists: what the kernel's robust list does not
// tell in every case. No timeout decides: a stopped process exists, so it is alive.
#include "wait/liveness.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "wait/futex.h"

namespace {

using Text = char[1024];

// Reads a file of /proc. False and errno if it is refused.
bool ReadText(const char* path, Text& text) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  text[length < 0 ? 0 : length] = '\0';
  return length >= 0;
}

// What the own time namespace adds to the start times in /proc, in whole clock ticks: the second
// line of time_namespaces(7)'s file. It has the namespace of children, which differs in a process
// that has left its own for them. False if /proc does not tell.
bool ReadOffset(int64_t* ticks) {
  Text text;
  *ticks = 0;
  if (!ReadText("/proc/self/timens_offsets", text)) return errno == ENOENT;  // before Linux 5.6
  const char* at = strchr(text, '\n');
  if (at != nullptr) at = strchr(at, ' ');
  if (at == nullptr || NamespaceOf("time") != NamespaceOf("time_for_children")) return false;
  char* nanoseconds;
  const int64_t per_second = sysconf(_SC_CLK_TCK);
  *ticks = strtoll(at, &nanoseconds, 10) * per_second;
  *ticks += strtoll(nanoseconds, nullptr, 10) / (1000000000 / per_second);
  return true;
}

// The start time of a thread, in clock ticks since boot in the initial time namespace; 0 if /proc
// does not tell. Field 22 of /proc/PID/task/TID/stat: proc_pid_stat(5). The name in field 2 may
// hold spaces and parentheses, so the fields are counted from the last parenthesis.
uint64_t StartTimeOf(uint32_t pid, uint32_t tid) {
  char path[64];
  Text text;
  int64_t offset;
  snprintf(path, sizeof path, "/proc/%u/task/%u/stat", pid, tid);
  if (!ReadText(path, text) || !ReadOffset(&offset)) return 0;
  const char* at = strrchr(text, ')');
  for (int field = 2; at != nullptr && field < 22; field++) at = strchr(at + 1, ' ');
  return at == nullptr ? 0 : strtoull(at + 1, nullptr, 10) - static_cast<uint64_t>(offset);
}

}  // namespace

// The link reads as "pid:[4026531836]"; not stat(2), a name that glibc has only since 2.33.
uint32_t NamespaceOf(const char* kind) {
  char path[40], text[64];
  snprintf(path, sizeof path, "/proc/thread-self/ns/%s", kind);
  const ssize_t length = readlink(path, text, sizeof text - 1);
  if (length <= 0) return 0;
  text[length] = '\0';
  const char* at = strchr(text, '[');
  return at == nullptr ? 0 : static_cast<uint32_t>(strtoull(at + 1, nullptr, 10));
}

void Describe(const Domain& domain, uint32_t slot, uint32_t generation, uint32_t kind) {
  const auto pid = static_cast<uint32_t>(getpid());
  const uint64_t start = StartTimeOf(pid, static_cast<uint32_t>(syscall(SYS_gettid)));
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  const uint64_t joined = uint64_t(now.tv_sec) * 1000 + uint64_t(now.tv_nsec) / 1000000;
  Store(domain.Pid(slot), pid);
  Store(domain.StartTime(slot), static_cast<uint32_t>(start));
  Store(domain.StartTime(slot) + 1, static_cast<uint32_t>(start >> 32));
  Store(domain.PidNamespace(slot), NamespaceOf("pid"));
  Store(domain.Kind(slot), kind);
  Store(domain.Joined(slot), static_cast<uint32_t>(joined));
  Store(domain.Joined(slot) + 1, static_cast<uint32_t>(joined >> 32));
  Store(domain.Described(slot), generation);
}

bool IsVanished(const Domain& domain, uint32_t slot) {
  const uint32_t life = Load(domain.Life(slot));
  if (!IsAlive(life)) return true;
  const uint32_t generation = Load(domain.Generation(slot));
  if (Load(domain.Described(slot)) != generation) return false;  // it is still joining
  const uint32_t pid = Load(domain.Pid(slot));
  const uint64_t start = Load(domain.StartTime(slot)) | uint64_t{Load(domain.StartTime(slot) + 1)}
                                                            << 32;
  const uint32_t space = Load(domain.PidNamespace(slot));
  if (Load(domain.Generation(slot)) != generation) return false;  // the words were of two
  if (space == 0 || space != NamespaceOf("pid")) return false;    // its numbers mean nothing here
  const uint32_t tid = life & FUTEX_TID_MASK;
  if (pid == 0 || pid > INT_MAX || tid == 0) return false;
  // EPERM also says that the thread exists. The keeper is not its process's first thread, so no
  // zombie keeps the number.
  const bool exists = syscall(SYS_tgkill, pid, tid, 0) == 0 || errno != ESRCH;
  if (exists) {
    const uint64_t found = start == 0 ? 0 : StartTimeOf(pid, tid);
    if (found == 0 || found - start + 1 <= 2) return false;  // both are rounded: off by one
  }
  // The very value read: if another took the slot meanwhile, this fails, and that one lives.
  const bool buried = Swap(domain.Life(slot), life, FUTEX_WAITERS | FUTEX_OWNER_DIED);
  if (buried) WakeAll(domain.Life(slot));
  return buried;
}

void BuryVanished(const Domain& domain, uint32_t own) {
  for (uint32_t slot = 0; slot < domain.slots; slot++)
    if (slot != own && IsAlive(Load(domain.Life(slot)))) IsVanished(domain, slot);
}
