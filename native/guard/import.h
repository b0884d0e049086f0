// Replaces the functions that a loaded object imports: the slots of its global offset table.
#ifndef WASM_SHM_IMPORT_H_
#define WASM_SHM_IMPORT_H_

#include <link.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

template <typename Function>
uintptr_t Address(Function* function) {
  return reinterpret_cast<uintptr_t>(function);
}

// One function, and the slots of one or more objects that call it.
struct Import {
  static constexpr size_t kMostSlots = 16;
  const char* name;
  uintptr_t replacement;
  std::atomic<uintptr_t> next;  // what the replacement calls: the system's, or who was there before
  std::atomic<uintptr_t>* slots[kMostSlots];
  bool relro[kMostSlots] = {};  // whether the loader has made the slot read-only
  std::atomic<size_t> slot_count{0};
};

inline uintptr_t Next(const Import& import) { return import.next.load(std::memory_order_acquire); }
inline bool IsReplaced(const Import& import) { return import.slot_count.load() > 0; }

// Whether the address is in a segment of the object.
bool IsInside(const dl_phdr_info& object, uintptr_t address);

bool HasImport(const dl_phdr_info& object, const char* name);

// Makes every slot of the object for this name point to the replacement. Each slot once. The caller
// sees to it that one thread at a time replaces. False if the system refused one.
bool Replace(const dl_phdr_info& object, Import* import);

// Does the same again for slots in which other code has put its own function since, unless that
// `leads_back` to the replacement.
void ReplaceAgain(Import* import, bool (*leads_back)(uintptr_t function));

#endif  // WASM_SHM_IMPORT_H_
