/* All of wasm-shm for C99 and C++11. SPDX-License-Identifier: MIT */
#include "wasm_shm/frame.h"
