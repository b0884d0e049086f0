{
  "targets" : [ {
    "target_name" : "wasm_shm_bench",
    "sources" : [ "bench.cc", "lifecycle.cc", "memory.cc" ],
    "defines" : ["NAPI_VERSION=8"],
    "cflags" : [ "-Wall", "-Wextra", "-O2", "-fvisibility=hidden" ],
    "cflags_cc" : ["-std=c++17"]
  } ]
}
