#ifndef WASM_SHM_TEST_ATTACK_H_
#define WASM_SHM_TEST_ATTACK_H_

#include <napi.h>

void InitAttack(Napi::Env env, Napi::Object exports);

#endif  // WASM_SHM_TEST_ATTACK_H_
