"""Atomic operations on shared words, and the system calls that sleep and wake."""

import ctypes
import errno
import os
import platform
import time

_libc = ctypes.CDLL(None, use_errno=True)
try:
    _atomic = ctypes.CDLL("libatomic.so.1")
except OSError as error:
    raise ImportError("wasm_shm needs libatomic.so.1 (Debian: apt-get install libatomic1)") from error

_NUMBERS = {  # futex, set_robust_list, gettid, tgkill
    "x86_64": (202, 273, 186, 234),
    "aarch64": (98, 99, 178, 131),
}
if platform.machine() not in _NUMBERS:
    raise ImportError(f"wasm_shm knows the system calls of {', '.join(_NUMBERS)}, not of {platform.machine()}")
_FUTEX, _SET_ROBUST_LIST, _GETTID, _TGKILL = _NUMBERS[platform.machine()]
_FUTEX_WAITV = 449
_FUTEX_WAKE, _FUTEX_WAIT_BITSET, _FUTEX_32 = 1, 9, 2
_SEQ_CST = 5
_ALL = 0x7FFFFFFF

DIED, WAITERS, TID_BITS = 0x40000000, 0x80000000, 0x3FFFFFFF
_U32 = ctypes.c_uint32
_P = ctypes.c_void_p
_libc.syscall.restype = ctypes.c_long
_libc.shmat.restype = ctypes.c_void_p
_libc.shmat.argtypes = [ctypes.c_int, _P, ctypes.c_int]
_libc.shmdt.argtypes = [_P]


def _function(name, result, *arguments):
    function = getattr(_atomic, name)
    function.restype, function.argtypes = result, list(arguments)
    return function


_load = _function("__atomic_load_4", _U32, _P, ctypes.c_int)
_store = _function("__atomic_store_4", None, _P, _U32, ctypes.c_int)
_exchange = _function("__atomic_exchange_4", _U32, _P, _U32, ctypes.c_int)
_add = _function("__atomic_fetch_add_4", _U32, _P, _U32, ctypes.c_int)
_or = _function("__atomic_fetch_or_4", _U32, _P, _U32, ctypes.c_int)
_and = _function("__atomic_fetch_and_4", _U32, _P, _U32, ctypes.c_int)
_cas = _function("__atomic_compare_exchange_4", ctypes.c_bool, _P, _P, _U32, ctypes.c_int, ctypes.c_int)

_fence = _function("atomic_thread_fence", None, ctypes.c_int)


def fence():
    _fence(_SEQ_CST)


def load(address):
    return _load(address, _SEQ_CST)


def store(address, value):
    _store(address, value & 0xFFFFFFFF, _SEQ_CST)


def exchange(address, value):
    return _exchange(address, value, _SEQ_CST)


def add(address, value):
    """The value before."""
    return _add(address, value & 0xFFFFFFFF, _SEQ_CST)


def set_bits(address, bits):
    return _or(address, bits, _SEQ_CST)


def clear_bits(address, bits):
    return _and(address, ~bits & 0xFFFFFFFF, _SEQ_CST)


def compare_exchange(address, expected, value):
    """The value before: `expected` if the exchange was made."""
    found = _U32(expected)
    _cas(address, ctypes.byref(found), value, _SEQ_CST, _SEQ_CST)
    return found.value


class _Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class _Waitv(ctypes.Structure):
    _fields_ = [("value", ctypes.c_uint64), ("address", ctypes.c_uint64), ("flags", _U32), ("reserved", _U32)]


class _RobustHead(ctypes.Structure):
    _fields_ = [("next", _P), ("offset", ctypes.c_long), ("pending", _P)]


def _syscall(number, *arguments):
    return _libc.syscall(ctypes.c_long(number), *arguments)


def _at(deadline):
    seconds = int(deadline)
    return _Timespec(seconds, int((deadline - seconds) * 1e9))


def wake_all(address):
    _syscall(_FUTEX, _P(address), ctypes.c_int(_FUTEX_WAKE), ctypes.c_int(_ALL), None, None, ctypes.c_int(0))


def has_waitv():
    # Linux has futex_waitv(2) from 5.16, and a seccomp filter may refuse it. An empty list is EINVAL if it exists.
    failed = _syscall(_FUTEX_WAITV, None, ctypes.c_uint(0), ctypes.c_uint(0), None, ctypes.c_int(0)) == -1
    return failed and ctypes.get_errno() == errno.EINVAL


def wait_any(words, deadline):
    """Sleeps until one of [(address, value)] has another value, or until `deadline` of time.monotonic(). The index of a word
    that was woken; -1 if it did not sleep, or not until then."""
    waits = (_Waitv * len(words))(*[_Waitv(value, address, _FUTEX_32, 0) for address, value in words])
    until = _at(deadline)
    return _syscall(
        _FUTEX_WAITV, waits, ctypes.c_uint(len(words)), ctypes.c_uint(0), ctypes.byref(until), ctypes.c_int(1)
    )  # CLOCK_MONOTONIC


def wait_one(address, value, deadline):
    until = None if deadline is None else ctypes.byref(_at(deadline))
    _syscall(_FUTEX, _P(address), ctypes.c_int(_FUTEX_WAIT_BITSET), _U32(value), until, None, _U32(0xFFFFFFFF))


def gettid():
    return _syscall(_GETTID)


class RobustList:
    """The calling thread's robust list: when the thread dies, the kernel marks the word that is pending."""

    def __enter__(self):
        self._head = _RobustHead()
        self._head.next = ctypes.addressof(self._head)
        self._set(ctypes.byref(self._head))
        return self

    def __exit__(self, *_):
        self._set(None)  # the kernel reads the head when the thread ends, and this memory is freed before

    def _set(self, head):
        if _syscall(_SET_ROBUST_LIST, head, ctypes.c_size_t(ctypes.sizeof(_RobustHead))) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    def keep(self, address):
        self._head.pending = address


def thread_exists(pid, tid):
    if _syscall(_TGKILL, ctypes.c_int(pid), ctypes.c_int(tid), ctypes.c_int(0)) == 0:
        return True
    return ctypes.get_errno() != errno.ESRCH


def _time_offset():
    """What the own time namespace adds to start times, in clock ticks. The file is of the namespace of children."""
    try:
        with open("/proc/self/timens_offsets", "rb") as file:
            seconds, nanoseconds = map(int, file.read().splitlines()[1].split()[1:])
    except FileNotFoundError:  # before Linux 5.6
        return 0
    if namespace("time") != namespace("time_for_children"):
        raise OSError
    ticks = os.sysconf("SC_CLK_TCK")
    return seconds * ticks + nanoseconds // (1_000_000_000 // ticks)


def start_time(pid, tid):
    """In clock ticks since boot in the initial time namespace; 0 if /proc does not tell. proc_pid_stat(5), field 22."""
    try:
        with open(f"/proc/{pid}/task/{tid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19]) - _time_offset()
    except (OSError, IndexError, ValueError):
        return 0


def namespace(kind):
    """The number of a namespace, "pid" or "net"; 0 if /proc does not tell."""
    try:
        return os.stat(f"/proc/thread-self/ns/{kind}").st_ino & 0xFFFFFFFF
    except OSError:
        return 0


def find_segment(key):
    """shmget(2): the id."""
    identifier = _libc.shmget(ctypes.c_int(ctypes.c_int32(key).value), ctypes.c_size_t(0), ctypes.c_int(0))
    if identifier < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"shmget of key {key:#x}: {os.strerror(code)}")
    return identifier


def attach_segment(identifier):
    """shmat(2): the address."""
    address = _libc.shmat(identifier, None, 0)
    if address == ctypes.c_void_p(-1).value:
        code = ctypes.get_errno()
        raise OSError(code, f"shmat of segment {identifier}: {os.strerror(code)}")
    return address


def detach_segment(address):
    _libc.shmdt(address)


class _Permissions(ctypes.Structure):  # struct ipc_perm of 64-bit glibc and musl: 48 bytes
    _fields_ = [("bytes", ctypes.c_ubyte * 48)]


class _Status(ctypes.Structure):
    _fields_ = [("permissions", _Permissions), ("size", ctypes.c_size_t), ("rest", ctypes.c_ubyte * 256)]


def segment_size(identifier):
    """shmctl(2), IPC_STAT."""
    status = _Status()
    if _libc.shmctl(ctypes.c_int(identifier), ctypes.c_int(2), ctypes.byref(status)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"shmctl of segment {identifier}: {os.strerror(code)}")
    return status.size


def monotonic():
    return time.monotonic()
