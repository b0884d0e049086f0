// What Debian's libstdc++ and libgcc_s take from glibc, and musl lacks: enough for Bun to start
// under musl with them.
#include <stddef.h>

long syscall(long, ...);
size_t strftime_l(char*, size_t, const char*, const void*, void*);

unsigned arc4random(void) {
  unsigned value = 0;
  syscall(318 /* getrandom */, &value, sizeof value, 0);
  return value;
}

size_t __strftime_l(char* text, size_t size, const char* format, const void* time, void* locale) {
  return strftime_l(text, size, format, time, locale);
}

int __cxa_thread_atexit_impl(void (*function)(void*), void* object, void* library) { return 0; }
int _dl_find_object(void* address, void* result) { return -1; }
int __cpu_indicator_init(void) { return 0; }
char __libc_single_threaded = 0;
struct {
  unsigned features[4];
} __cpu_model;
