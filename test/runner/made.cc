// Preloaded into every process of a test run (ld.so(8), LD_PRELOAD): notes each segment that the
// process makes in the file WASM_SHM_MADE, as "id pid". The kernel tells only the creator's pid,
// and most creators are gone when the runner looks; without the note, the runner could not tell its
// own segments from those of another run on this machine.
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {
void Note(int id) {
  const char* file = getenv("WASM_SHM_MADE");
  if (file == nullptr) return;
  char line[32];
  int length = snprintf(line, sizeof line, "%d %d\n", id, getpid());
  int fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) return;
  // One write of a short line to a file that is only appended to: lines of two processes do not
  // mix.
  (void)!write(fd, line, static_cast<size_t>(length));
  close(fd);
}
}  // namespace

// IPC_CREAT alone may also have found a segment. The runner compares the pid with the kernel's.
extern "C" int shmget(key_t key, size_t size, int flags) {
  int id = static_cast<int>(syscall(SYS_shmget, key, size, flags));
  int error = errno;
  if (id >= 0 && (key == IPC_PRIVATE || (flags & IPC_CREAT) != 0)) Note(id);
  errno = error;
  return id;
}
