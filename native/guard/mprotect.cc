// memory.grow of a memory with a guarded window. V8 makes the whole memory writable again, from its
// first byte (BackingStore::GrowWasmMemoryInPlace). The kernel refuses that for a read-only
// attachment, and V8 ends the process over any refusal but ENOMEM. If the kernel allowed it, the
// window would be writable from then on. So, once there is a guarded window, the engine's calls of
// mprotect(2) lead here, and leave guarded windows out.
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "guard/guard.h"

namespace {

#if defined(__x86_64__)
constexpr unsigned kSlotTypes[] = {R_X86_64_JUMP_SLOT, R_X86_64_GLOB_DAT};
#elif defined(__aarch64__)
constexpr unsigned kSlotTypes[] = {R_AARCH64_JUMP_SLOT, R_AARCH64_GLOB_DAT};
#else
constexpr unsigned kSlotTypes[] = {~0u};  // none is known: a grow ends the process
#endif

int Protect(uintptr_t begin, uintptr_t end, int protection) {
  return static_cast<int>(syscall(SYS_mprotect, begin, end - begin, protection));
}

// What the engine calls in place of mprotect(2).
int ProtectAround(void* at, size_t length, int protection) {
  auto begin = reinterpret_cast<uintptr_t>(at);
  const uintptr_t end = begin + length;
  if ((protection & PROT_WRITE) == 0 || !MayBeGuarded(begin, end))
    return Protect(begin, end, protection);
  const GuardLock lock;
  for (const Guard* guard = GuardEndingPast(begin); guard != nullptr && guard->begin < end;
       guard = GuardEndingPast(begin)) {
    // A guard whose bytes cannot be read has outlived its memory: another memory has been reserved
    // at that address, and is not yet accessible. So nothing is left out for it.
    const uintptr_t past = guard->begin + guard->length;
    const uintptr_t until = IsReadable(guard->begin) ? guard->begin : std::min(past, end);
    if (until > begin && Protect(begin, until, protection) != 0) return -1;
    begin = std::min(past, end);
  }
  return begin < end ? Protect(begin, end, protection) : 0;
}

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

bool IsRelro(const dl_phdr_info& object, uintptr_t address) {
  for (size_t index = 0; index < object.dlpi_phnum; index++) {
    const auto& header = object.dlpi_phdr[index];
    const uintptr_t begin = object.dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_GNU_RELRO && address >= begin && address - begin < header.p_memsz)
      return true;
  }
  return false;
}

// Makes a slot of the object's global offset table point to ProtectAround. The loader makes the
// table read-only once it is filled (RELRO), so the slot's page is writable only for this store.
void Redirect(const dl_phdr_info& object, uintptr_t slot) {
  const uintptr_t page = slot & ~(PageSize() - 1);
  const bool relro = IsRelro(object, slot);
  if (relro && Protect(page, page + PageSize(), PROT_READ | PROT_WRITE) != 0) return;
  reinterpret_cast<std::atomic<uintptr_t>*>(slot)->store(
      reinterpret_cast<uintptr_t>(ProtectAround));
  if (relro) Protect(page, page + PageSize(), PROT_READ);
}

void RedirectAll(const dl_phdr_info& object, const Dynamic& dynamic) {
  if (dynamic.symbols == nullptr || dynamic.strings == nullptr) return;
  for (int table = 0; table < 2; table++) {
    const auto* relocation = dynamic.tables[table];
    if (relocation == nullptr) continue;
    for (const auto* end = relocation + dynamic.counts[table]; relocation < end; relocation++) {
      const unsigned type = ELF64_R_TYPE(relocation->r_info);
      if (std::find(std::begin(kSlotTypes), std::end(kSlotTypes), type) == std::end(kSlotTypes))
        continue;
      const auto& symbol = dynamic.symbols[ELF64_R_SYM(relocation->r_info)];
      if (strcmp(dynamic.strings + symbol.st_name, "mprotect") == 0)
        Redirect(object, object.dlpi_addr + relocation->r_offset);
    }
  }
}

// For dl_iterate_phdr(3). Redirects the calls of the object that contains the engine: the one in
// which `inside`, a function of Node-API, lies.
int RedirectEngine(dl_phdr_info* object, size_t, void* inside) {
  const auto address = reinterpret_cast<uintptr_t>(inside) - object->dlpi_addr;
  bool engine = false;
  for (size_t index = 0; index < object->dlpi_phnum; index++) {
    const auto& header = object->dlpi_phdr[index];
    engine |= header.p_type == PT_LOAD && address - header.p_vaddr < header.p_memsz;
  }
  if (!engine) return 0;
  for (size_t index = 0; index < object->dlpi_phnum; index++)
    if (object->dlpi_phdr[index].p_type == PT_DYNAMIC)
      RedirectAll(*object, ReadDynamic(*object, object->dlpi_phdr[index]));
  return 1;
}

}  // namespace

void InterceptMprotect() {
  dl_iterate_phdr(RedirectEngine, reinterpret_cast<void*>(napi_add_finalizer));
}
