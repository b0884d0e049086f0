// The functions that memory.cc adds to the addon.
#pragma once
#include <node_api.h>

void AddMemory(napi_env env, napi_value exports);
