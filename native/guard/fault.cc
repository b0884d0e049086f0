// SIGSEGV: a handler in front of the one that was there, which still gets all that is not a store
// into a guarded window. V8's own must: it makes a wasm access out of bounds a RuntimeError.
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include <atomic>
#include <cerrno>

#include "guard/guard.h"

namespace {

// What was found in front of us: at first, and each time somebody had stepped in front. Only added
// to, so a handler reads them with no lock.
constexpr int kMostActions = 16;
struct sigaction actions[kMostActions];
std::atomic<bool> spent[kMostActions];  // SA_RESETHAND: it ran
int action_count = 0;
std::atomic<int> next_action{0};

// The default action, by the instruction that is tried again, or by the sender's signal once it may
// be delivered.
void Die(int signal, const siginfo_t* info) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  if (info->si_code <= 0) raise(signal);
}

// The signal mask that the kernel would have given the handler.
void MaskAs(const struct sigaction& action, int signal, const void* context) {
  sigset_t mask = static_cast<const ucontext_t*>(context)->uc_sigmask;
  for (int other = 1; other < NSIG; other++)
    if (sigismember(&action.sa_mask, other) == 1) sigaddset(&mask, other);
  if ((action.sa_flags & SA_NODEFER) == 0) sigaddset(&mask, signal);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

// A handler that is passed a signal may pass it back; then the one that was there first is next,
// and then the default. How often is in the context itself, in a field that the kernel clears at
// each delivery and never reads: so it is right also where a handler leaves by siglongjmp(3).
uintptr_t CountPass(void* context) {
  auto& link = static_cast<ucontext_t*>(context)->uc_link;
  const auto passes = reinterpret_cast<uintptr_t>(link);
  link = reinterpret_cast<ucontext_t*>(passes + 1);
  return passes;
}

void PassOn(int signal, siginfo_t* info, void* context) {
  const uintptr_t passes = CountPass(context);
  const int index = passes == 0 ? next_action.load() : 0;
  const struct sigaction& action = actions[index];
  const bool once = (action.sa_flags & SA_RESETHAND) != 0;
  if (passes > 1 || action.sa_handler == SIG_DFL || (once && spent[index].exchange(true))) {
    Die(signal, info);
  } else if (action.sa_handler == SIG_IGN) {
    if (info->si_code > 0) Die(signal, info);  // a fault cannot be ignored
  } else {
    if (passes == 0) MaskAs(action, signal, context);
    if ((action.sa_flags & SA_SIGINFO) != 0)
      action.sa_sigaction(signal, info, context);
    else
      action.sa_handler(signal);
  }
}

// A jump into the window is no store, and would not become one. The address is then the program
// counter.
bool IsFetch(const siginfo_t* info, const void* context) {
  [[maybe_unused]] const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext;
  [[maybe_unused]] const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
#if defined(__x86_64__)
  return static_cast<uintptr_t>(registers.gregs[REG_RIP]) == address;
#elif defined(__aarch64__)
  return registers.pc == address;
#else
  return false;
#endif
}

void Handle(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  const bool settled = info->si_code == SEGV_ACCERR && !IsFetch(info, context) &&
                       SettleStore(reinterpret_cast<uintptr_t>(info->si_addr));
  errno = error;
  if (!settled) PassOn(signal, info, context);
}

bool IsOurs(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == Handle;
}

// Where the action was seen before, or a new place; -1 where there is none left.
int Remember(const struct sigaction& action) {
  for (int index = 0; index < action_count; index++)
    if (actions[index].sa_sigaction == action.sa_sigaction &&
        actions[index].sa_flags == action.sa_flags)
      return index;
  if (action_count == kMostActions) return -1;
  actions[action_count] = action;
  return action_count++;
}

}  // namespace

int CatchFaults() {
  struct sigaction present;
  if (sigaction(SIGSEGV, nullptr, &present) != 0) return errno;
  if (IsOurs(present)) return 0;
  if (action_count == 0) {
    PrepareDiverting();
    CatchGrowth();
  }
  const int index = Remember(present);
  // So many have stepped in front that they are left there; they pass on to us.
  if (index < 0) return 0;
  next_action.store(index);
  struct sigaction ours = {};
  ours.sa_sigaction = Handle;
  // No signal may interrupt a handler that has the lock. SA_ONSTACK: for threads that are not
  // Node's.
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&ours.sa_mask);
  return sigaction(SIGSEGV, &ours, nullptr) == 0 ? 0 : errno;
}
