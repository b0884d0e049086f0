// Makes the program: the rows of one system call become one block, which the others step over.
#include "confine/filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <cstddef>

#include "confine/policy.h"

#if defined(__x86_64__)
const uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
const uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
const uint32_t kArchitecture = 0;
#endif

namespace {

constexpr uint32_t kNumberAt = offsetof(seccomp_data, nr);
constexpr uint32_t kArchitectureAt = offsetof(seccomp_data, arch);
// Both architectures are little-endian: a low half lies first.
constexpr uint32_t kArgumentsAt = offsetof(seccomp_data, args);

class Program {
 public:
  Program(sock_filter* out, size_t most) : out_(out), most_(most) {}

  // Counts also what does not fit.
  void Add(uint16_t code, uint8_t then, uint8_t otherwise, uint32_t value) {
    if (length_ < most_) out_[length_] = {code, then, otherwise, value};
    length_++;
  }
  void Load(uint32_t at) { Add(BPF_LD | BPF_W | BPF_ABS, 0, 0, at); }
  void Return(uint32_t action) { Add(BPF_RET | BPF_K, 0, 0, action); }

  size_t length() const { return length_; }
  bool fits() const { return length_ <= most_; }

 private:
  sock_filter* out_;
  size_t most_;
  size_t length_ = 0;
};

size_t Length(const Condition& condition) { return condition.mask == UINT32_MAX ? 2 : 3; }

size_t Length(const Row& row) {
  size_t length = 1;
  for (size_t i = 0; i < row.conditions; i++) length += Length(row.condition[i]);
  return length;
}

// Calls `use` with each item that the row is repeated for.
template <typename Use>
void ForEach(const Row& row, const Subject& subject, Use use) {
  if (row.each == Each::kOnce) return use(0);
  if (row.each == Each::kProcess) return use(subject.pid);
  if (row.each == Each::kEvent) {
    for (size_t i = 0; i < subject.event_count; i++) use(subject.events[i]);
    return;
  }
  for (size_t i = 0; i < subject.segment_count; i++) {
    const bool is_read_only = subject.segments[2 * i + 1] != 0;
    if (row.each == Each::kSegment || (row.each == Each::kReadOnly) == is_read_only)
      use(subject.segments[2 * i]);
  }
}

void AddRow(Program* program, const Row& row, uint32_t item) {
  size_t left = Length(row);
  for (size_t i = 0; i < row.conditions; i++) {
    const Condition& condition = row.condition[i];
    left -= Length(condition);
    program->Load(kArgumentsAt + 4 * condition.word);
    if (condition.mask != UINT32_MAX) program->Add(BPF_ALU | BPF_AND | BPF_K, 0, 0, condition.mask);
    // A row has at most 3 * kMostConditions + 1 instructions, so `left` is a byte.
    program->Add(BPF_JMP | BPF_JEQ | BPF_K, 0, static_cast<uint8_t>(left),
                 condition.is_item ? item : condition.value);
  }
  program->Return(row.action);
}

}  // namespace

size_t BuildFilter(const Subject& subject, sock_filter* out, size_t most) {
  Program program(out, most);
  program.Load(kArchitectureAt);
  program.Add(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, kArchitecture);
  program.Return(SECCOMP_RET_KILL_PROCESS);
  // The calls of the x32 ABI are x86-64's under numbers of their own, which no row has.
  program.Load(kNumberAt);
  for (size_t first = 0; first < kPolicyRows;) {
    const uint32_t call = kPolicy[first].call;
    size_t past = first;
    bool always = false;  // the last row has no condition
    size_t length = 0;
    for (; past < kPolicyRows && kPolicy[past].call == call; past++) {
      always = kPolicy[past].conditions == 0;
      ForEach(kPolicy[past], subject, [&](uint32_t) { length += Length(kPolicy[past]); });
    }
    if (!always) length++;
    // A conditional jump goes at most 255 instructions far.
    if (length <= UINT8_MAX) {
      program.Add(BPF_JMP | BPF_JEQ | BPF_K, 0, static_cast<uint8_t>(length), call);
    } else {
      program.Add(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, call);
      program.Add(BPF_JMP | BPF_JA, 0, 0, static_cast<uint32_t>(length));
    }
    for (; first < past; first++)
      ForEach(kPolicy[first], subject,
              [&](uint32_t item) { AddRow(&program, kPolicy[first], item); });
    if (!always) program.Return(SECCOMP_RET_KILL_PROCESS);
  }
  program.Return(SECCOMP_RET_KILL_PROCESS);
  return program.fits() ? program.length() : 0;
}
