// Finds the slots of a loaded object by its dynamic section, and stores into them. Source: elf(5).
#include "guard/import.h"

#include <elf.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "arguments.h"

namespace {

#if defined(__x86_64__)
constexpr unsigned kSlotTypes[] = {R_X86_64_JUMP_SLOT, R_X86_64_GLOB_DAT};
#elif defined(__aarch64__)
constexpr unsigned kSlotTypes[] = {R_AARCH64_JUMP_SLOT, R_AARCH64_GLOB_DAT};
#else
constexpr unsigned kSlotTypes[] = {~0u};  // none is known: a grow ends the process
#endif

// The parts of an object's dynamic section that are needed here. glibc stores addresses there, musl
// offsets.
struct Dynamic {
  const ElfW(Sym) * symbols;
  const char* strings;
  const ElfW(Rela) * tables[2];
  size_t counts[2];
};

template <typename T>
const T* At(ElfW(Addr) base, ElfW(Addr) value) {
  return reinterpret_cast<const T*>(value < base ? base + value : value);
}

Dynamic ReadDynamic(const dl_phdr_info& object, const ElfW(Phdr) & header) {
  Dynamic found = {};
  const ElfW(Addr) base = object.dlpi_addr;
  const auto* entry = reinterpret_cast<const ElfW(Dyn)*>(base + header.p_vaddr);
  for (; entry->d_tag != DT_NULL; entry++) {
    const auto value = entry->d_un.d_val;
    if (entry->d_tag == DT_SYMTAB) found.symbols = At<ElfW(Sym)>(base, value);
    if (entry->d_tag == DT_STRTAB) found.strings = At<char>(base, value);
    if (entry->d_tag == DT_JMPREL) found.tables[0] = At<ElfW(Rela)>(base, value);
    if (entry->d_tag == DT_RELA) found.tables[1] = At<ElfW(Rela)>(base, value);
    if (entry->d_tag == DT_PLTRELSZ) found.counts[0] = value / sizeof(ElfW(Rela));
    if (entry->d_tag == DT_RELASZ) found.counts[1] = value / sizeof(ElfW(Rela));
  }
  return found;
}

// Calls back with the address of each slot of the object for that name.
template <typename Callback>
void ForEachSlot(const dl_phdr_info& object, const char* name, Callback callback) {
  for (size_t index = 0; index < object.dlpi_phnum; index++) {
    if (object.dlpi_phdr[index].p_type != PT_DYNAMIC) continue;
    const Dynamic dynamic = ReadDynamic(object, object.dlpi_phdr[index]);
    if (dynamic.symbols == nullptr || dynamic.strings == nullptr) return;
    for (int table = 0; table < 2; table++) {
      const auto* relocation = dynamic.tables[table];
      if (relocation == nullptr) continue;
      for (const auto* end = relocation + dynamic.counts[table]; relocation < end; relocation++) {
        const unsigned type = ELF64_R_TYPE(relocation->r_info);
        if (std::find(std::begin(kSlotTypes), std::end(kSlotTypes), type) == std::end(kSlotTypes))
          continue;
        const auto& symbol = dynamic.symbols[ELF64_R_SYM(relocation->r_info)];
        if (strcmp(dynamic.strings + symbol.st_name, name) == 0)
          callback(object.dlpi_addr + relocation->r_offset);
      }
    }
  }
}

// The loader makes the table read-only once it is filled (RELRO), so the slot's page is writable
// only for this store. A table that is not, such as Bun's, must stay writable, as the loader fills
// it at first calls; version 0.1.0 may have made it read-only. Not by mprotect(3), which may lead
// to a replacement.
// False if the system refuses that, such as at vm.max_map_count.
bool Store(std::atomic<uintptr_t>* slot, uintptr_t function, bool relro) {
  const uintptr_t page = reinterpret_cast<uintptr_t>(slot) & ~(PageSize() - 1);
  if (syscall(SYS_mprotect, page, PageSize(), PROT_READ | PROT_WRITE) != 0) return false;
  slot->store(function);
  if (relro) syscall(SYS_mprotect, page, PageSize(), PROT_READ);
  return true;
}

bool IsRelro(const dl_phdr_info& object, uintptr_t address) {
  for (size_t index = 0; index < object.dlpi_phnum; index++) {
    const auto& header = object.dlpi_phdr[index];
    const uintptr_t begin = object.dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_GNU_RELRO && address >= begin && address - begin < header.p_memsz)
      return true;
  }
  return false;
}

}  // namespace

bool IsInside(const dl_phdr_info& object, uintptr_t address) {
  for (size_t index = 0; index < object.dlpi_phnum; index++) {
    const auto& header = object.dlpi_phdr[index];
    if (header.p_type == PT_LOAD && address - object.dlpi_addr - header.p_vaddr < header.p_memsz)
      return true;
  }
  return false;
}

bool HasImport(const dl_phdr_info& object, const char* name) {
  bool found = false;
  ForEachSlot(object, name, [&](uintptr_t) { found = true; });
  return found;
}

bool Replace(const dl_phdr_info& object, Import* import) {
  bool complete = true;
  ForEachSlot(object, import->name, [&](uintptr_t address) {
    auto* slot = reinterpret_cast<std::atomic<uintptr_t>*>(address);
    const size_t count = import->slot_count;
    auto** end = import->slots + count;
    if (count == Import::kMostSlots || std::find(std::begin(import->slots), end, slot) != end)
      return;
    // A slot that was not called yet points into its own object, to code that would look the
    // function up and then fill the slot.
    const uintptr_t present = slot->load();
    if (!IsInside(object, present)) import->next.store(present);
    import->relro[count] = IsRelro(object, address);
    if (!Store(slot, import->replacement, import->relro[count])) {
      complete = false;
      return;
    }
    import->slots[count] = slot;
    import->slot_count.store(count + 1);
  });
  return complete;
}

void ReplaceAgain(Import* import, bool (*leads_back)(uintptr_t function)) {
  for (size_t index = 0; index < import->slot_count; index++) {
    auto* slot = import->slots[index];
    const uintptr_t present = slot->load();
    if (present == import->replacement || leads_back(present)) continue;
    import->next.store(present);
    Store(slot, import->replacement, import->relro[index]);
  }
}
