// The functions of the AssemblyScript guest in C, by emscripten. Offsets and lengths are bytes of
// env.memory and are not checked here: the guest can reach only its own pages and the windows, and
// a wrong offset is the caller's mistake.
#include <emscripten.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// A standalone module reports the growth of its heap by an import of this name. The sandbox sees
// the growth by itself. With the function defined here, the guest imports env.memory alone.
void emscripten_notify_memory_growth(size_t memory) { (void)memory; }

// Counts each byte value; `output` is 256 u32. Uses four tables in turn, so that in a run of equal
// bytes a count does not wait for the store of the previous one.
EMSCRIPTEN_KEEPALIVE void histogram(const uint8_t* input, size_t length, uint32_t* output) {
  static uint32_t tables[4][256];
  memset(tables, 0, sizeof tables);
  size_t at = 0;
  for (; length - at >= 4; at += 4)
    for (int table = 0; table < 4; table++) tables[table][input[at + table]]++;
  for (; at < length; at++) tables[0][input[at]]++;
  for (int value = 0; value < 256; value++)
    output[value] = tables[0][value] + tables[1][value] + tables[2][value] + tables[3][value];
}

// RGBA pixels to gray RGBA pixels: Rec. 601's luma, (77 R + 150 G + 29 B + 128) / 256; alpha stays.
EMSCRIPTEN_KEEPALIVE void grayscale(const uint32_t* input, size_t length, uint32_t* output) {
  for (size_t at = 0; at < length / 4; at++) {
    uint32_t pixel = input[at];
    uint32_t luma =
        (77 * (pixel & 0xff) + 150 * (pixel >> 8 & 0xff) + 29 * (pixel >> 16 & 0xff) + 128) >> 8;
    output[at] = (pixel & 0xff000000) | luma * 0x010101;
  }
}

typedef float Floats __attribute__((vector_size(8), aligned(4)));
typedef double Doubles __attribute__((vector_size(16)));

// The sum of f32, accumulated as f64 in eight lanes; in order, so that it is the same to the bit in
// both guests.
EMSCRIPTEN_KEEPALIVE double sumFloats(const float* input, size_t length) {
  Doubles sums[4] = {0};
  size_t at = 0;
  const size_t floats = length / 4;
  for (; floats - at >= 8; at += 8)
    for (int lane = 0; lane < 4; lane++)
      sums[lane] += __builtin_convertvector(*(const Floats*)(input + at + 2 * lane), Doubles);
  const Doubles pair = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  double sum = pair[0] + pair[1];
  for (; at < floats; at++) sum += input[at];
  return sum;
}

// Flips every bit, in place: the negative of a picture.
EMSCRIPTEN_KEEPALIVE void invert(uint8_t* input, size_t length) {
  for (size_t at = 0; at < length; at++) input[at] = ~input[at];
}

// How many bytes of white space (Unicode's White_Space) begin here; 0 if there is none.
static size_t spaceAt(const uint8_t* text, const uint8_t* end) {
  const uint8_t byte = *text;
  if (byte == 0x20 || (byte >= 0x09 && byte <= 0x0d)) return 1;
  if (byte < 0xc2 || byte > 0xe3 || end - text < 2) return 0;
  if (byte == 0xc2) return text[1] == 0x85 || text[1] == 0xa0 ? 2 : 0;
  if (end - text < 3) return 0;
  if (byte == 0xe1) return text[1] == 0x9a && text[2] == 0x80 ? 3 : 0;  // U+1680
  if (byte == 0xe3) return text[1] == 0x80 && text[2] == 0x80 ? 3 : 0;  // U+3000
  if (byte != 0xe2) return 0;
  if (text[1] == 0x81) return text[2] == 0x9f ? 3 : 0;  // U+205F
  if (text[1] != 0x80) return 0;
  return (text[2] >= 0x80 && text[2] <= 0x8a) || text[2] == 0xa8 || text[2] == 0xa9 ||
                 text[2] == 0xaf
             ? 3
             : 0;
}

typedef struct Word {
  struct Word* next;
  uint32_t hash;
  int32_t count;
  size_t length;
  uint8_t bytes[];
} Word;

// The words of the last text, chained; the table is a power of two and doubles as it fills.
static Word** table;
static size_t capacity;
static int32_t distinct;

static uint32_t hashOf(const uint8_t* bytes, size_t length) {
  uint32_t hash = 0x811c9dc5;  // FNV-1a
  for (size_t at = 0; at < length; at++) hash = (hash ^ bytes[at]) * 0x01000193;
  return hash;
}

static void* allocate(size_t count, size_t size) {
  void* block = calloc(count, size);
  if (!block) __builtin_trap();
  return block;
}

static Word* find(const uint8_t* bytes, size_t length, uint32_t hash) {
  if (!capacity) return NULL;
  for (Word* word = table[hash & (capacity - 1)]; word; word = word->next)
    if (word->hash == hash && word->length == length && !memcmp(word->bytes, bytes, length))
      return word;
  return NULL;
}

static void enlarge(void) {
  const size_t larger = capacity ? 2 * capacity : 256;
  Word** slots = allocate(larger, sizeof *slots);
  for (size_t slot = 0; slot < capacity; slot++)
    for (Word *word = table[slot], *next; word; word = next) {
      next = word->next;
      word->next = slots[word->hash & (larger - 1)];
      slots[word->hash & (larger - 1)] = word;
    }
  free(table);
  table = slots;
  capacity = larger;
}

static void add(const uint8_t* bytes, size_t length) {
  const uint32_t hash = hashOf(bytes, length);
  Word* word = find(bytes, length, hash);
  if (!word) {
    if ((size_t)distinct == capacity) enlarge();
    word = allocate(1, sizeof *word + length);
    word->hash = hash;
    word->length = length;
    memcpy(word->bytes, bytes, length);
    word->next = table[hash & (capacity - 1)];
    table[hash & (capacity - 1)] = word;
    distinct++;
  }
  word->count++;
}

static void clear(void) {
  for (size_t slot = 0; slot < capacity; slot++)
    for (Word *word = table[slot], *next; word; word = next) {
      next = word->next;
      free(word);
    }
  free(table);
  table = NULL;
  capacity = 0;
  distinct = 0;
}

// Words in the text; they are kept, for the two functions below, until the next call.
EMSCRIPTEN_KEEPALIVE int32_t countWords(const uint8_t* input, size_t length) {
  clear();
  int32_t total = 0;
  for (const uint8_t* end = input + length; input != end;) {
    const size_t space = spaceAt(input, end);
    if (space) {
      input += space;
      continue;
    }
    const uint8_t* start = input;
    while (input != end && !spaceAt(input, end)) input++;
    add(start, (size_t)(input - start));
    total++;
  }
  return total;
}

// Different words in the text of the last countWords.
EMSCRIPTEN_KEEPALIVE int32_t distinctWords(void) { return distinct; }

// How often a word, given as UTF-8 at `input`, was in the text of the last countWords.
EMSCRIPTEN_KEEPALIVE int32_t occurrences(const uint8_t* input, size_t length) {
  const Word* word = find(input, length, hashOf(input, length));
  return word ? word->count : 0;
}

typedef struct Block {
  struct Block* next;
  size_t size;
  uint8_t value;
  uint8_t bytes[];
} Block;

// Allocates this many bytes in growing blocks that are all alive at once, fills each, and frees
// them. Returns the bytes that were still as written when the last block was: less than was asked
// for if something else writes to the heap, or if the heap has no more room.
EMSCRIPTEN_KEEPALIVE uint32_t churn(uint32_t bytes) {
  Block* blocks = NULL;
  uint8_t value = 0;
  for (size_t remaining = bytes, size = 1000; remaining; value++) {
    const size_t length = size < remaining ? size : remaining;
    Block* block = malloc(sizeof *block + length);
    if (!block) break;
    *block = (Block){.next = blocks, .size = length, .value = value};
    memset(block->bytes, value, length);
    blocks = block;
    remaining -= length;
    if (size < 1 << 20) size += size / 2;
  }
  uint32_t intact = 0;
  for (Block *block = blocks, *next; block; block = next) {
    next = block->next;
    for (size_t at = 0; at < block->size; at++) intact += block->bytes[at] == block->value;
    free(block);
  }
  return intact;
}
