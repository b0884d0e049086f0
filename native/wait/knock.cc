#include "wait/knock.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "wait/liveness.h"

namespace {

struct Address {
  sockaddr_un name{};
  socklen_t length;

  explicit Address(uint64_t number) {
    constexpr char kPrefix[] = "wasm-shm/";
    char* at = name.sun_path + 1;  // the zero before it makes the name abstract
    name.sun_family = AF_UNIX;
    memcpy(at, kPrefix, sizeof kPrefix - 1);
    at += sizeof kPrefix - 1;
    for (int shift = 60; shift >= 0; shift -= 4) *at++ = "0123456789abcdef"[number >> shift & 15];
    length = static_cast<socklen_t>(at - reinterpret_cast<char*>(&name));
  }

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

struct Socket {
  int descriptor = -1;
  uint32_t space = 0;

  bool Open() {
    space = NamespaceOf("net");
    if (space != 0) descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return descriptor >= 0;
  }
};

// One for all knocks of this process. It has no name, so nothing can be sent to it.
const Socket& Knocker() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static Socket knocker;
  pthread_once(&once, [] { knocker.Open(); });
  return knocker;
}

}  // namespace

// A number that nobody can know before: else another could take the name.
int OpenDoor(DoorName* name) {
  Socket made;
  if (!made.Open()) return -1;
  name->space = made.space;
  const size_t bytes = sizeof name->number;
  if (syscall(SYS_getrandom, &name->number, bytes, 0) == static_cast<long>(bytes)) {
    const Address address(name->number);
    if (bind(made.descriptor, address.get(), address.length) == 0) return made.descriptor;
  }
  close(made.descriptor);
  return -1;
}

// EAGAIN does not say which queue is full: the door's, whose loop wakes then, or this socket's,
// with knocks at the doors of others that are stopped.
bool Knock(const DoorName& name) {
  const Socket& knocker = Knocker();
  if (knocker.descriptor < 0 || name.space != knocker.space) return false;
  const Address address(name.number);
  return sendto(knocker.descriptor, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL, address.get(),
                address.length) == 1;
}
