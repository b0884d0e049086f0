{
  "targets": [
    {
      "target_name": "wasm_shm",
      "sources": [
        "addon.cc", "allocate.cc", "arguments.cc",
        "sysv/attach.cc", "sysv/segment.cc", "sysv/system.cc",
        "map/budget.cc", "map/held.cc", "map/transfer.cc", "map/weight.cc", "map/window.cc",
        "guard/copy.cc", "guard/engine.cc", "guard/fault.cc", "guard/guard.cc", "guard/import.cc",
        "guard/older.cc", "guard/pool.cc", "guard/probe.cc", "guard/registry.cc", "guard/settle.cc",
        "wait/door.cc", "wait/keeper.cc", "wait/knock.cc", "wait/liveness.cc", "wait/participant.cc", "wait/word.cc",
        "confine/confine.cc", "confine/filter.cc", "confine/launch.cc", "confine/policy.cc"
      ],
      "include_dirs": [".", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_DEPRECATED",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        # In a worker that is being terminated every Node-API call fails, and no error can be thrown. Without this that would end the process.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      # gyp's -O3 makes it twice as large as -Os, and no faster: what takes time here are system calls and page faults.
      "cflags!": ["-O3"],
      # With these, glibc's headers give functions names that musl lacks, such as open64; on 64 bits they change nothing else.
      "conditions": [
        ["target_arch in ('x64', 'arm64')", { "defines!": ["_FILE_OFFSET_BITS=64", "_LARGEFILE_SOURCE"] }],
        # Else gcc calls functions of libgcc, which ask glibc for the processor's features.
        ["target_arch == 'arm64'", { "cflags": ["-mno-outline-atomics"] }],
        # Calls straight through the table of addresses make the file a thirtieth smaller; on arm64 they make it larger.
        ["target_arch == 'x64'", { "cflags": ["-fno-plt"] }]
      ],
      # Nothing unwinds its stack: there are no exceptions. The tables would be a tenth of the file.
      "cflags": [
        "-Wall", "-Wextra", "-Os", "-flto", "-flto-partition=one", "-fvisibility=hidden", "-ffunction-sections",
        "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"
      ],
      "cflags_cc": ["-std=c++17"],
      # -z nodelete: the signal handler's code must stay loaded after the last worker that loaded the addon has ended.
      # No library is named, and so no version of a symbol. What the addon needs of libc, the process has: glibc of any
      # version, or musl. Bun refuses an addon that names glibc if it runs under musl. -z now: a symbol that is absent is an
      # error at the load, and the signal handler never resolves one.
      "ldflags": [
        "-nodefaultlibs", "-flto", "-flto-partition=one", "-Os", "-Wl,--gc-sections", "-Wl,-z,now", "-Wl,-z,nodelete", "-Wl,--version-script=<(module_root_dir)/exports.ld"
      ],
      "libraries": ["-lgcc"]
    }
  ]
}
