// What qemu-user makes of the system calls of this package: a line for each, with "works" or the
// error. qemu.test.ts compares them with what docs/engines.md says.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SHM_STAT_ANY_COMMAND = 15, SECCOMP_FILTER = 1, FUTEX_WAITV = 449 };

static void say(const char* call, int failed) {
  printf("%s: %s\n", call, failed ? strerrorname_np(errno) : "works");
}

int main(void) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const int id = shmget(IPC_PRIVATE, 2 * page, 0600);
  struct shmid_ds status;
  say("IPC_STAT", shmctl(id, IPC_STAT, &status) < 0);
  say("SHM_STAT_ANY", shmctl(0, SHM_STAT_ANY_COMMAND, &status) < 0);
  void* pages = shmat(id, NULL, 0);
  say("mremap of an old size of 0", mremap(pages, 0, page, MREMAP_MAYMOVE) == MAP_FAILED);
  shmctl(id, IPC_RMID, NULL);

  say("seccomp", syscall(SYS_seccomp, SECCOMP_FILTER, 0, NULL) < 0);
  say("futex_waitv", syscall(FUTEX_WAITV, NULL, 0, 0, NULL, 0) < 0);
  return 0;
}
