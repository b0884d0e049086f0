// The operators new and delete, by malloc(3), for this addon alone (exports.ld). With these it
// needs nothing of libstdc++, so one file loads under glibc and musl, with and without that
// library.
#include <cstdlib>
#include <new>
#include <string>

namespace {

// There are no exceptions in the addon: libstdc++'s operator would end the process too.
void* AllocateOrDie(std::size_t size) {
  void* block = malloc(size == 0 ? 1 : size);
  if (block == nullptr) abort();
  return block;
}

}  // namespace

void* operator new(std::size_t size) { return AllocateOrDie(size); }
void* operator new[](std::size_t size) { return AllocateOrDie(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return malloc(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return malloc(size); }
void operator delete(void* block) noexcept { free(block); }
void operator delete[](void* block) noexcept { free(block); }
void operator delete(void* block, std::size_t) noexcept { free(block); }
void operator delete[](void* block, std::size_t) noexcept { free(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { free(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { free(block); }

#ifdef __GLIBCXX__
// node-addon-api's std::string, whose functions -Os does not inline: the header says that the
// library has them.
template class std::basic_string<char>;

namespace std {
void __throw_length_error(const char* /* what */) { abort(); }
}  // namespace std
#endif
