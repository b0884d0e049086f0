// The SIGSEGV handler. It runs before the handler that was installed already, and passes on every
// signal that is not a store into a guarded window. V8's own handler needs those: it turns a wasm
// access out of bounds into a RuntimeError.
#include <signal.h>
#include <ucontext.h>

#include <atomic>
#include <cerrno>

#include "guard/mask.h"
#include "guard/registry.h"

namespace {

// The actions that were found in this handler's place: the first one, and one for each later time
// that other code had put its own handler there. Actions are only ever added, so a handler reads
// them without a lock.
constexpr int kMostActions = 16;
struct sigaction actions[kMostActions];
std::atomic<bool> spent[kMostActions];  // an action with SA_RESETHAND has run
int action_count = 0;
std::atomic<int> next_action{0};

// Has the default action end the process. After a fault the instruction runs again and faults
// again; a signal that was sent is raised again, and is delivered when it is unblocked.
void TakeDefaultAction(int signal, const siginfo_t* info) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  if (info->si_code <= 0) raise(signal);
}

// Sets the signal mask that the kernel would have set for the handler.
void SetMaskOf(const struct sigaction& action, int signal, const void* context) {
  sigset_t mask = static_cast<const ucontext_t*>(context)->uc_sigmask;
  for (int other = 1; other < NSIG; other++)
    if (sigismember(&action.sa_mask, other) == 1) sigaddset(&mask, other);
  if ((action.sa_flags & SA_NODEFER) == 0) sigaddset(&mask, signal);
  SetSignalMask(&mask, nullptr);
}

// A handler may pass a signal back to the one that passed it on. The second time it goes to the
// action that was found first, the third time to the default. The count is kept in the context, in
// bits of a field that the kernel sets at each delivery, and of which it reads only the low ones at
// the return; so it is right even if a handler leaves by siglongjmp(3). Version 0.1.0 counts in
// uc_link, so this must not.
constexpr int kPassesShift = 48;
unsigned long CountPass(void* context) {
  auto& flags = static_cast<ucontext_t*>(context)->uc_flags;
  const unsigned long passes = flags >> kPassesShift;
  flags += 1ul << kPassesShift;
  return passes;
}

void PassOn(int signal, siginfo_t* info, void* context) {
  const unsigned long passes = CountPass(context);
  const int index = passes == 0 ? next_action.load() : 0;
  const struct sigaction& action = actions[index];
  const bool once = (action.sa_flags & SA_RESETHAND) != 0;
  if (passes > 1 || action.sa_handler == SIG_DFL || (once && spent[index].exchange(true))) {
    TakeDefaultAction(signal, info);
  } else if (action.sa_handler == SIG_IGN) {
    // The kernel sent it: a fault cannot be ignored.
    if (info->si_code > 0) TakeDefaultAction(signal, info);
  } else {
    if (passes == 0) SetMaskOf(action, signal, context);
    if ((action.sa_flags & SA_SIGINFO) != 0)
      action.sa_sigaction(signal, info, context);
    else
      action.sa_handler(signal);
  }
}

// Whether the fault was a jump into the window; the faulting address is then the program counter. A
// private page would not help, as it would not be executable either.
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

// Asks every copy of the addon. One that has no window there answers without a lock.
bool Resolve(uintptr_t address) {
  for (const Member* member = FirstMember(); member != nullptr; member = member->next)
    if (member->resolve(address)) return true;
  return false;
}

void Handle(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  const bool resolved = info->si_code == SEGV_ACCERR && !IsFetch(info, context) &&
                        Resolve(reinterpret_cast<uintptr_t>(info->si_addr));
  errno = error;
  if (!resolved) PassOn(signal, info, context);
}

bool IsThisHandler(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == Handle;
}

// The index of the action among those seen before, or a new one; -1 if there is no room left.
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

int InstallFaultHandler() {
  struct sigaction present;
  if (sigaction(SIGSEGV, nullptr, &present) != 0) return errno;
  if (IsThisHandler(present)) return 0;
  const int index = Remember(present);
  // There is no room to remember the present handler, so it stays in front. It passes signals on to
  // this one, as those before it did.
  if (index < 0) return 0;
  next_action.store(index);
  struct sigaction action = {};
  action.sa_sigaction = Handle;
  // No signal may interrupt a handler that holds the lock, so all are blocked. SA_ONSTACK uses the
  // alternate stack that a thread which Node did not make may have.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigfillset(&action.sa_mask);
  return sigaction(SIGSEGV, &action, nullptr) == 0 ? 0 : errno;
}
