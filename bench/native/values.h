// Arguments and results of the addon's calls. They use the C interface, as the C++ one costs one
// call more. An argument that is missing, or not a number, is 0.
#pragma once
#include <node_api.h>

#include <cstddef>
#include <cstdint>

constexpr size_t kMostArguments = 4;

struct Arguments {
  napi_value values[kMostArguments];

  Arguments(napi_env env, napi_callback_info info) {
    size_t count = kMostArguments;
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  }
};

inline double Number(napi_env env, napi_value value) {
  double number = 0;
  napi_get_value_double(env, value, &number);
  return number;
}

inline size_t Size(napi_env env, napi_value value) {
  int64_t size = 0;
  napi_get_value_int64(env, value, &size);
  return static_cast<size_t>(size);
}

inline napi_value Result(napi_env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

template <typename T>
T* Array(napi_env env, napi_value value, size_t* length) {
  void* data = nullptr;
  napi_get_typedarray_info(env, value, nullptr, length, &data, nullptr, nullptr);
  return static_cast<T*>(data);
}
