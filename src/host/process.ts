/** The addon's calls for a process of its own. A negative number is -errno. */
export interface ProcessCalls {
  /** No exec gains rights; the process dies with the thread that started it. -ESRCH: `parent` is not its parent. */
  bindToParent(parent: number): number;
  /** Empties the file system, if it is the process's own. Returns bits of what that has of its own: 1 user, 2 mount, 4 net. */
  isolate(): number;
  /** Sets the bytes of private writable memory; no more descriptors, no core dumps. */
  limitResources(data: number): number;
  /** Filters the system calls of all threads. `segments`: an id, and 1 if read-only, in turn. `events`: descriptors. */
  filterCalls(segments: Int32Array, events: Int32Array): number;
  /** exit_group(2), at once: no handler runs, no thread is waited for. */
  exitGroup(code: number): void;
  /**
   * futex(2): sleeps while the word has the value, a day at most. Also between processes.
   *
   * @returns 0 after a wake; -EAGAIN: the word had another value; -ETIMEDOUT (-110); -EINTR: a signal came
   */
  waitWord(array: Int32Array, index: number, value: number, milliseconds: number): number;
  /** Wakes all that wait at the word. Returns how many. */
  wakeWord(array: Int32Array, index: number): number;
}
