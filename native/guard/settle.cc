// A thread that grows a memory may have called the system's own mprotect(2) just before that call
// was intercepted (engine.cc), and be paused before the kernel serves it, or wait there. The engine
// ends the process if the call then meets a window: 23 of 100 runs in which another thread grew the
// memory all the time. So the first window in a memory that others may grow waits for each thread
// until it sleeps, which mprotect(2) does not, or has run for a while since.
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "guard/guard.h"

namespace {

// Such a call takes a few microseconds.
constexpr long long kRunNs = 200'000;

// For a thread that is not let run; and for all of them if /proc cannot be read.
constexpr int64_t kLongestNs = 1'000'000'000;
constexpr useconds_t kBlindlyUs = 5'000;

bool has_settled = false;  // with the lock held

int64_t Now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Reads one of a thread's files as a text.
template <size_t kSize>
bool ReadFile(const char* thread, const char* name, char (&text)[kSize]) {
  char path[80];
  snprintf(path, sizeof path, "/proc/self/task/%.20s/%s", thread, name);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const ssize_t length = read(file, text, kSize - 1);
  close(file);
  if (length > 0) text[length] = '\0';
  return length > 0;
}

// proc_pid_stat(5): the state follows the name, which may have brackets of its own. A thread that
// waits for a memory's lock in the kernel is D, not S.
bool Sleeps(const char* thread) {
  char text[512];
  if (!ReadFile(thread, "stat", text)) return true;  // it has ended
  const char* end = strrchr(text, ')');
  return end != nullptr && end[1] != '\0' && (end[2] == 'S' || end[2] == 'Z');
}

// How long it has run, in nanoseconds; -1 if it has ended, or the kernel does not count it.
long long RunTime(const char* thread) {
  char text[96];
  return ReadFile(thread, "schedstat", text) ? strtoll(text, nullptr, 10) : -1;
}

void AwaitThread(const char* thread, int64_t until) {
  const long long before = RunTime(thread);
  if (before < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
    usleep(kBlindlyUs);
    return;
  }
  while (!Sleeps(thread) && Now() < until) {
    const long long now = RunTime(thread);
    if (now < 0 || before < 0 || now - before > kRunNs) return;
    usleep(100);
  }
}

}  // namespace

void AwaitEarlierCalls() {
  if (has_settled) return;
  DIR* threads = opendir("/proc/self/task");
  if (threads == nullptr) {
    usleep(kBlindlyUs);
  } else {
    char self[24];
    snprintf(self, sizeof self, "%ld", syscall(SYS_gettid));  // gettid(2) is in newer glibcs alone
    const int64_t until = Now() + kLongestNs;
    while (const dirent* entry = readdir(threads))
      if (entry->d_name[0] != '.' && strcmp(entry->d_name, self) != 0)
        AwaitThread(entry->d_name, until);
    closedir(threads);
  }
  has_settled = true;
}
