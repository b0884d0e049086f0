{
  "targets": [
    {
      "target_name": "wasm_shm",
      "sources": [
        "addon.cc", "arguments.cc",
        "sysv/attach.cc", "sysv/segment.cc", "sysv/system.cc",
        "map/budget.cc", "map/transfer.cc", "map/weight.cc", "map/window.cc",
        "guard/copy.cc", "guard/engine.cc", "guard/fault.cc", "guard/guard.cc", "guard/import.cc",
        "guard/older.cc", "guard/pool.cc", "guard/probe.cc", "guard/registry.cc"
      ],
      "include_dirs": [".", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        # In a worker that is being terminated every Node-API call fails, and no error can be thrown. Without this that would end the process.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags": ["-Wall", "-Wextra", "-O2", "-fvisibility=hidden"],
      "cflags_cc": ["-std=c++17"],
      # The signal handler's code must stay loaded after the last worker that loaded the addon has ended.
      "ldflags": ["-Wl,-z,nodelete"]
    }
  ]
}
