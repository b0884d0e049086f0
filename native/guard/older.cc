// Version 0.1.0 of this package, in the same process. At its first guarded window it puts its own
// function in the engine's slots for mprotect(2), which does not call the one that was there: the
// next memory.grow over another copy's window would end the process. It finds the slots by
// dl_iterate_phdr(3), so its calls of that lead here, and the slots are replaced again right after.
//
// What 0.1.0 breaks on its own stays. Two of its copies end the process, with this one or without:
// at a grow of the first one's memory, and at a trap after guarded attaches by one, the other, and
// the first again. And if it was first to install its SIGSEGV handler, and other code has put a
// handler in front of all since, its next guarded attach passes newer copies over: until these
// attach again, a store into one of their windows ends the process.
#include <link.h>

#include "guard/import.h"
#include "guard/registry.h"

namespace {

void (*after)() = nullptr;

int IterateAndFollow(int (*callback)(dl_phdr_info*, size_t, void*), void* data);

Import iterate_import = {
    "dl_iterate_phdr", Address(IterateAndFollow), Address(dl_iterate_phdr), {}};

int IterateAndFollow(int (*callback)(dl_phdr_info*, size_t, void*), void* data) {
  const auto next = reinterpret_cast<decltype(&dl_iterate_phdr)>(Next(iterate_import));
  const int result = next(callback, data);
  const InstallLock lock;
  after();
  return result;
}

// For dl_iterate_phdr(3). A copy of this addon is known by what it imports, as its file may have
// any name. A newer copy is taken for one too, which costs it a look at the slots.
int ReplaceInCopy(dl_phdr_info* object, size_t, void*) {
  if (IsInside(*object, Address(ReplaceInCopy))) return 0;  // this copy
  if (HasImport(*object, "shmat") && HasImport(*object, "napi_add_finalizer"))
    Replace(*object, &iterate_import);
  return 0;
}

}  // namespace

void WatchOlderCopies(void (*then)()) {
  after = then;
  dl_iterate_phdr(ReplaceInCopy, nullptr);
}
