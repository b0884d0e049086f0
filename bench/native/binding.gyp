{
  "targets" : [ {
    "target_name" : "wasm_shm_bench",
    "sources" : [ "bench.cc", "lifecycle.cc", "locks.c", "memory.cc", "ring.c" ],
    "include_dirs" : [ "../../include" ],
    "defines" : ["NAPI_VERSION=8"],
    "cflags" : [ "-Wall", "-Wextra", "-O2", "-fvisibility=hidden" ],
    "cflags_c" : ["-std=gnu11"],
    "cflags_cc" : ["-std=c++17"]
  } ]
}
