/* The frames of wasm-shm's cursors for a peer in C99 or C++11: u32 length, u32 CRC-32C, payload,
 * little-endian. SPDX-License-Identifier: MIT
 *
 * Nothing is allocated and nothing is kept. The window is shared: its bytes may change under every
 * call, so that each length is read once, into a local, and the checksum is of the caller's copy.
 * The calls of one window are not a lock: a reader may meet a frame half written, and is then told
 * that it is damaged. */
#ifndef WASM_SHM_H
#define WASM_SHM_H

#include <stddef.h>
#include <stdint.h>

/** Bytes of a frame's header. */
#define WASM_SHM_FRAME_HEADER 8u

/** What a call says. A call that fails leaves the position where it was. */
enum wasm_shm_status {
  WASM_SHM_OK = 0,
  WASM_SHM_OUT_OF_BOUNDS =
      1, /* ERR_SHM_OUT_OF_BOUNDS: nothing remains to read, or too little to write in */
  WASM_SHM_FRAME_TRUNCATED = 2, /* ERR_SHM_FRAME_TRUNCATED: the window ends before the frame does */
  WASM_SHM_FRAME_DAMAGED = 3,   /* ERR_SHM_FRAME_DAMAGED: the checksum is not the payload's */
  WASM_SHM_NO_ROOM = 4          /* the caller's own buffer is smaller than the payload */
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

/** A little-endian u32, at any alignment; the caller checked that 4 bytes are there. */
static inline uint32_t wasm_shm_load32(const volatile unsigned char* bytes) {
  uint32_t value = bytes[0];
  value |= (uint32_t)bytes[1] << 8;
  value |= (uint32_t)bytes[2] << 16;
  value |= (uint32_t)bytes[3] << 24;
  return value;
}

/** Stores a little-endian u32, at any alignment; the caller checked that 4 bytes are there. */
static inline void wasm_shm_store32(volatile unsigned char* bytes, uint32_t value) {
  bytes[0] = (unsigned char)(value & 0xffu);
  bytes[1] = (unsigned char)((value >> 8) & 0xffu);
  bytes[2] = (unsigned char)((value >> 16) & 0xffu);
  bytes[3] = (unsigned char)((value >> 24) & 0xffu);
}

/** Writes a frame of `length` bytes at `*position` of a window of `size` bytes, and moves the
 * position past it. */
static inline enum wasm_shm_status wasm_shm_write_frame(volatile unsigned char* window, size_t size,
                                                        size_t* position,
                                                        const unsigned char* payload,
                                                        uint32_t length) {
  const size_t start = *position;
  volatile unsigned char* frame;
  uint32_t at;
  if (start > size || size - start < WASM_SHM_FRAME_HEADER) return WASM_SHM_OUT_OF_BOUNDS;
  if (length > size - start - WASM_SHM_FRAME_HEADER) return WASM_SHM_OUT_OF_BOUNDS;
  frame = window + start; /* the header and `length` bytes remain: checked above */
  for (at = 0; at < length; at++) frame[WASM_SHM_FRAME_HEADER + at] = payload[at];
  wasm_shm_store32(frame, length); /* after the payload, as writeFrame does */
  wasm_shm_store32(frame + 4, wasm_shm_crc32c(payload, length));
  *position = start + WASM_SHM_FRAME_HEADER + length;
  return WASM_SHM_OK;
}

/** Copies the payload of the frame at `*position` into `target`, its size into `*length`, and moves
 * past the frame. */
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
    target[at] = frame[WASM_SHM_FRAME_HEADER + at]; /* checked above, both sides */
  if (wasm_shm_crc32c(target, count) != expected) return WASM_SHM_FRAME_DAMAGED;
  *length = count;
  *position = start + WASM_SHM_FRAME_HEADER + count;
  return WASM_SHM_OK;
}

#endif
