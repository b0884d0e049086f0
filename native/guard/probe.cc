// Asks the kernel about an address. Nothing here faults, whatever the address is, and all of it is
// safe in a signal handler.
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "guard/guard.h"

namespace {

// Reads /proc/self/maps, a character at a time. The buffer is static, as a handler's stack may be
// small; so there may be one reader at a time, which the guard's lock sees to.
class Maps {
 public:
  // Not open(2), for which musl has a system call that ends a confined process.
  Maps() : file_(openat(AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC)) {
    if (file_ < 0) error_ = errno;
  }
  ~Maps() {
    if (file_ >= 0) close(file_);
  }
  Maps(const Maps&) = delete;
  Maps& operator=(const Maps&) = delete;

  // Why not all of it was read; else 0.
  int error() const { return error_; }

  // The next character; -1 at the end.
  int Next() {
    if (at_ == size_) {
      ssize_t got;
      do got = file_ < 0 ? 0 : read(file_, buffer_, sizeof buffer_);
      while (got < 0 && errno == EINTR);
      if (got < 0) error_ = errno;
      if (got <= 0) return -1;
      at_ = 0;
      size_ = static_cast<size_t>(got);
    }
    return static_cast<unsigned char>(buffer_[at_++]);
  }

  // A number, up to the first character that is not a digit of the base. That character is
  // consumed.
  uintptr_t Number(unsigned base) {
    uintptr_t number = 0;
    for (;;) {
      const int next = Next();
      const unsigned digit = next >= '0' && next <= '9'   ? static_cast<unsigned>(next - '0')
                             : next >= 'a' && next <= 'f' ? static_cast<unsigned>(next - 'a') + 10
                                                          : base;
      if (digit >= base) return number;
      number = number * base + digit;
    }
  }

  // Moves past the next `end`; false if the file ends first.
  bool Skip(int end) {
    for (int next; (next = Next()) != end;)
      if (next < 0) return false;
    return true;
  }

 private:
  static char buffer_[4096];
  const int file_;
  int error_ = 0;
  size_t at_ = 0;
  size_t size_ = 0;
};

char Maps::buffer_[4096];

}  // namespace

// The kernel reads the new mask before it finds that `how` is not valid, and changes nothing.
// Source: Abseil's AddressIsReadable.
bool IsReadable(uintptr_t address) {
  constexpr size_t kMaskBytes = 8;  // the kernel's sigset_t
  return syscall(SYS_rt_sigprocmask, ~0, address & ~(kMaskBytes - 1), nullptr, kMaskBytes) == 0 ||
         errno != EFAULT;
}

// The kernel stores there without a change: an atomic OR with 0. No thread waits on the other word,
// so none is woken. Source: futex(2), FUTEX_WAKE_OP.
bool IsWritable(uintptr_t address) {
  static uint32_t unused;
  constexpr unsigned kOrZero = FUTEX_OP(FUTEX_OP_OR, 0u, FUTEX_OP_CMP_EQ, 0u);
  return syscall(SYS_futex, &unused, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, nullptr,
                 address & ~(sizeof unused - 1), kOrZero) >= 0;
}

int64_t CountMappings() {
  Maps maps;
  int64_t lines = 0;
  while (maps.Skip('\n')) lines++;
  return maps.error() == 0 ? lines : -maps.error();
}

// A line is "begin-end perms offset device inode name". The inode of a segment is its id.
Found FindReadOnly(uintptr_t begin, uintptr_t end, int id) {
  Maps maps;
  for (;;) {
    const uintptr_t from = maps.Number(16);
    const uintptr_t to = maps.Number(16);
    if (maps.error() != 0) return Found::kUnknown;
    if (to == 0 || from >= end) return Found::kNo;  // lines are in order of address
    maps.Next();
    const bool writable = maps.Next() == 'w';
    maps.Next();
    const bool shared = maps.Next() == 's';
    for (int field = 0; field < 3; field++) maps.Skip(' ');
    const bool same = maps.Number(10) == static_cast<uintptr_t>(id);
    if (maps.error() != 0) return Found::kUnknown;
    if (to > begin && shared && !writable && same) return Found::kYes;
    maps.Skip('\n');
  }
}
