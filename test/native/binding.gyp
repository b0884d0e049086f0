{
  "targets": [
    {
      "target_name": "wasm_shm_test",
      "sources": ["fault.cc", "attack.cc", "../../native/confine/filter.cc", "../../native/confine/policy.cc"],
      "include_dirs": ["../../native", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"],
      "cflags": ["-Wall", "-Wextra", "-O2", "-fvisibility=hidden"],
      "cflags_cc": ["-std=c++17"],
      "ldflags": ["-Wl,-z,nodelete"]
    }
  ]
}
