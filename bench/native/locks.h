// The functions that locks.c adds to the addon.
#pragma once
#include <node_api.h>

#ifdef __cplusplus
extern "C"
#endif
    void AddLocks(napi_env env, napi_value exports);
