// What a confined process may ask of the kernel: one table, in policy.cc. The first row decides
// whose system call and conditions fit; if none fits, the process is killed.
#ifndef WASM_SHM_CONFINE_POLICY_H_
#define WASM_SHM_CONFINE_POLICY_H_

#include <cstddef>
#include <cstdint>

// What a row's kItem stands for. A row of items is repeated for each of them.
enum class Each : uint8_t { kOnce, kProcess, kEvent, kSegment, kWritable, kReadOnly };

// (word & mask) == value. Word 2n is the low half of argument n, word 2n + 1 its high half.
struct Condition {
  uint8_t word;
  bool is_item;  // the item stands in the place of `value`
  uint32_t mask;
  uint32_t value;
};

constexpr size_t kMostConditions = 3;

struct Row {
  uint16_t call;
  Each each;
  uint8_t conditions;
  uint32_t action;
  Condition condition[kMostConditions];
};

// Rows of one system call stand together.
extern const Row kPolicy[];
extern const size_t kPolicyRows;

#endif  // WASM_SHM_CONFINE_POLICY_H_
