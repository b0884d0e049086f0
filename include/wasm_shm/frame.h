/* The frames of wasm-shm's cursors, for C99 and C++11: u32 length, u32 CRC-32C, payload; all
 * little-endian. SPDX-License-Identifier: MIT
 *
 * The calls allocate nothing and keep no state. The window is shared, so its bytes may change
 * during a call. Therefore each length is read once, into a local variable, and the checksum is
 * taken of the caller's copy. The calls do not lock the window: a reader that meets a half-written
 * frame gets WASM_SHM_FRAME_DAMAGED. */
#ifndef WASM_SHM_FRAME_H
#define WASM_SHM_FRAME_H

#include <stddef.h>
#include <stdint.h>

/** Bytes of a frame's header. */
#define WASM_SHM_FRAME_HEADER 8u

/** The result of a call. A call that fails does not move the position. */
enum wasm_shm_status {
  WASM_SHM_OK = 0,
  WASM_SHM_OUT_OF_BOUNDS = 1,   /* ERR_SHM_OUT_OF_BOUNDS: no bytes remain to read, or too few to
                                   write the frame */
  WASM_SHM_FRAME_TRUNCATED = 2, /* ERR_SHM_FRAME_TRUNCATED: the window ends before the frame does */
  WASM_SHM_FRAME_DAMAGED = 3,   /* ERR_SHM_FRAME_DAMAGED: the checksum does not match the payload */
  WASM_SHM_NO_ROOM = 4          /* the caller's buffer is smaller than the payload */
};

/** CRC-32C (RFC 3720) of `length` bytes. */
static inline uint32_t wasm_shm_crc32c(const unsigned char* bytes, size_t length) {
  uint32_t crc = 0xffffffffu;
  size_t at;
  int bit;
  for (at = 0; at < length; at++) {
    crc ^= bytes[at];
    for (bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1u) != 0u ? 0x82f63b78u : 0u);
  }
  return crc ^ 0xffffffffu;
}

/** Loads a little-endian u32 at any alignment. The caller has checked that 4 bytes remain. */
static inline uint32_t wasm_shm_load32(const volatile unsigned char* bytes) {
  uint32_t value = bytes[0];
  value |= (uint32_t)bytes[1] << 8;
  value |= (uint32_t)bytes[2] << 16;
  value |= (uint32_t)bytes[3] << 24;
  return value;
}

/** Stores a little-endian u32 at any alignment. The caller has checked that 4 bytes remain. */
static inline void wasm_shm_store32(volatile unsigned char* bytes, uint32_t value) {
  bytes[0] = (unsigned char)(value & 0xffu);
  bytes[1] = (unsigned char)((value >> 8) & 0xffu);
  bytes[2] = (unsigned char)((value >> 16) & 0xffu);
  bytes[3] = (unsigned char)((value >> 24) & 0xffu);
}

/** Writes a frame with `length` bytes of payload at `*position` of a window of `size` bytes, and
 * moves the position past it. */
static inline enum wasm_shm_status wasm_shm_write_frame(volatile unsigned char* window, size_t size,
                                                        size_t* position,
                                                        const unsigned char* payload,
                                                        uint32_t length) {
  const size_t start = *position;
  volatile unsigned char* frame;
  uint32_t at;
  if (start > size || size - start < WASM_SHM_FRAME_HEADER) return WASM_SHM_OUT_OF_BOUNDS;
  if (length > size - start - WASM_SHM_FRAME_HEADER) return WASM_SHM_OUT_OF_BOUNDS;
  frame = window + start; /* checked above: the header and `length` bytes remain */
  for (at = 0; at < length; at++) frame[WASM_SHM_FRAME_HEADER + at] = payload[at];
  wasm_shm_store32(frame, length); /* after the payload, as in writeFrame */
  wasm_shm_store32(frame + 4, wasm_shm_crc32c(payload, length));
  *position = start + WASM_SHM_FRAME_HEADER + length;
  return WASM_SHM_OK;
}

/** Copies the payload of the frame at `*position` into `target`, which holds `capacity` bytes,
 * stores its size in `*length`, and moves the position past the frame. If the payload is damaged,
 * `target` holds its bytes all the same. */
static inline enum wasm_shm_status wasm_shm_read_frame(const volatile unsigned char* window,
                                                       size_t size, size_t* position,
                                                       unsigned char* target, size_t capacity,
                                                       uint32_t* length) {
  const size_t start = *position;
  const volatile unsigned char* frame;
  uint32_t count, expected, at;
  if (start >= size) return WASM_SHM_OUT_OF_BOUNDS;
  if (size - start < WASM_SHM_FRAME_HEADER) return WASM_SHM_FRAME_TRUNCATED;
  frame = window + start;
  count = wasm_shm_load32(frame);
  expected = wasm_shm_load32(frame + 4);
  if (count > size - start - WASM_SHM_FRAME_HEADER) return WASM_SHM_FRAME_TRUNCATED;
  if (count > capacity) return WASM_SHM_NO_ROOM;
  for (at = 0; at < count; at++)
    target[at] = frame[WASM_SHM_FRAME_HEADER + at]; /* both sides are checked above */
  if (wasm_shm_crc32c(target, count) != expected) return WASM_SHM_FRAME_DAMAGED;
  *length = count;
  *position = start + WASM_SHM_FRAME_HEADER + count;
  return WASM_SHM_OK;
}

#endif
