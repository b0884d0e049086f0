// The C side of test/peers/header.test.ts. Arguments: write ID TEXT, or read ID OFFSET [CAPACITY].
// Without arguments it judges the buffers on standard input.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>

#include "wasm_shm.h"

static unsigned char target[4096];

static int verdicts(void) {
  unsigned char header[4];
  while (fread(header, 1, 4, stdin) == 4) {
    const size_t size = wasm_shm_load32(header);
    unsigned char* const window = (unsigned char*)malloc(
        size == 0 ? 1 : size);  // its own block, so that the sanitizer sees its end
    size_t position = 0;
    uint32_t length = 0;
    if (window == NULL || fread(window, 1, size, stdin) != size) return 1;
    const int status = wasm_shm_read_frame(window, size, &position, target, sizeof target, &length);
    printf("%d %u %u\n", status, (unsigned)length, (unsigned)position);
    free(window);
  }
  return 0;
}

int main(int count, char** words) {
  if (count == 1) return verdicts();
  if (count < 4) return 1;
  const int id = atoi(words[2]);
  struct shmid_ds state;
  if (shmctl(id, IPC_STAT, &state) != 0) return 1;
  void* const address = shmat(id, NULL, 0);
  if (address == (void*)-1) return 1;
  unsigned char* const window = (unsigned char*)address;
  size_t position = 0;
  uint32_t length = 0;
  if (strcmp(words[1], "write") == 0) {
    const unsigned char* const text = (const unsigned char*)words[3];
    printf("%d", wasm_shm_write_frame(window, state.shm_segsz, &position, text,
                                      (uint32_t)strlen(words[3])));
  } else {
    const size_t capacity = count > 4 ? (size_t)atol(words[4]) : sizeof target;
    if (capacity > sizeof target) return 1;
    position = (size_t)atol(words[3]);
    const int status =
        wasm_shm_read_frame(window, state.shm_segsz, &position, target, capacity, &length);
    printf("%d %.*s", status, (int)length, (const char*)target);
  }
  return shmdt(address) == 0 ? 0 : 1;
}
