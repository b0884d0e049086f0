// Knocks at doors: datagrams that wake event loops. A door is the socket at which one listens
// (door.h).
#ifndef WASM_SHM_WAIT_KNOCK_H_
#define WASM_SHM_WAIT_KNOCK_H_

#include <cstdint>

// The socket's name is abstract, "\0wasm-shm/" and the number in 16 hexadecimal digits: unix(7). It
// holds in one network namespace, and the kernel removes it with the process.
struct DoorName {
  uint64_t number;
  uint32_t space;  // the network namespace's, never 0
};

// Makes a door's socket, and its name. Returns the socket, or -1 if the system gives none, or does
// not tell its network namespace.
int OpenDoor(DoorName* name);

// False if nobody listens there, or it is in another network namespace: a name could be anybody's
// here.
bool Knock(const DoorName& name);

#endif  // WASM_SHM_WAIT_KNOCK_H_
