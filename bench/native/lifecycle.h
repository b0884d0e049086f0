// The functions that lifecycle.cc adds to the addon.
#pragma once
#include <node_api.h>

void AddLifecycle(napi_env env, napi_value exports);
