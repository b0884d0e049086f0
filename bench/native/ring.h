// The functions that ring.c adds to the addon.
#pragma once
#include <node_api.h>

#ifdef __cplusplus
extern "C"
#endif
    void AddRing(napi_env env, napi_value exports);
