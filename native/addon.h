#ifndef WASM_SHM_ADDON_H_
#define WASM_SHM_ADDON_H_

#include <napi.h>
#include <sys/shm.h>

#include <cstdint>

// Each adds the functions of one file to the exports: map/budget.cc (reserve), map/weight.cc
// (weigh), map/held.cc (hold, release), sysv/segment.cc (shmget, shmctl), sysv/system.cc (limits,
// list, ftok), map/transfer.cc (read, write), map/window.cc (map, unmap, discard, privatePages,
// address), wait/participant.cc (Participant), wait/word.cc (waitWord, wakeWord),
// confine/confine.cc (bindToParent, limitResources, filterCalls, exitGroup), confine/launch.cc
// (isolate).
void InitBudget(Napi::Env env, Napi::Object exports);
void InitConfine(Napi::Env env, Napi::Object exports);
void InitHeld(Napi::Env env, Napi::Object exports);
void InitLaunch(Napi::Env env, Napi::Object exports);
void InitParticipant(Napi::Env env, Napi::Object exports);
void InitSegment(Napi::Env env, Napi::Object exports);
void InitSystem(Napi::Env env, Napi::Object exports);
void InitTransfer(Napi::Env env, Napi::Object exports);
void InitWeight(Napi::Env env, Napi::Object exports);
void InitWindow(Napi::Env env, Napi::Object exports);
void InitWord(Napi::Env env, Napi::Object exports);

// shmid_ds as a JS object under shmctl(2)'s names.
Napi::Object SegmentFields(Napi::Env env, int id, const struct shmid_ds& ds);

// A number of /proc/sys, or -errno. Safe in a signal handler.
int64_t ReadSetting(const char* path);

// vm.max_map_count; -1 if the system has no such limit, or no /proc; 0 if it cannot be read now, as
// no file can be opened.
int64_t MappingLimit();

#endif  // WASM_SHM_ADDON_H_
