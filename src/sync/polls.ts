// Which waits look again in each turn of the event loop before they sleep, and for how long. A sleep ends by a wake of the
// loop, or by two, of the host's thread and of the loop. That takes several times as long as the answer of a peer that is awake.
//
// As an adaptive mutex does, an object polls only while its own recent waits say that polls succeed. Its first wait, each after a
// long one, and each after a pause sleeps at once. So an idle or slow object has no polls, and none take more of a core than its
// messages do.

/** The longest poll: enough for a peer that has to be woken first. */
const POLL_MS = 0.1;

/** A peer that is awake, and has a core, answers sooner. */
const LATE_MS = 0.01;

/** A poll that succeeds within this time makes up for one that failed: it took the core little longer than a wake does. */
const QUICK_MS = 0.05;

/** A sleep that ended within this time, its wakes included, might have been a poll that succeeds; and within this one, probably. */
const NEAR_MS = 0.5;
const NEARER_MS = POLL_MS + QUICK_MS;

/** After such a pause a peer that waits for this participant has slept, too, and has to be woken before it can answer. */
const PAUSE_MS = NEAR_MS;

/** While polls fail, one of so many near waits polls. */
const MOST_SKIPPED = 127;

interface History {
  /** The last wait was a near one, and when it ended. */
  isNear: boolean;
  ended: number;
  /** Near waits that do not poll, after a poll that failed; and how many of them are left. */
  skips: number;
  left: number;
}

/** Of the objects whose waits were ever near, by what the caller names them. */
export class Polls {
  readonly #objects = new Map<number, History>();
  readonly #isOn: boolean;

  constructor(isOn: boolean) {
    this.#isOn = isOn;
  }

  /** Whether the wait of an object that begins now is to poll before it sleeps. */
  pays(object: number, now: number): boolean {
    const history = this.#objects.get(object);
    return history?.isNear === true && history.left === 0 && now - history.ended <= PAUSE_MS;
  }

  /** Whether a poll has taken so long that the peer may be waiting for this core. */
  isLate(took: number): boolean {
    return took >= LATE_MS;
  }

  isOver(took: number): boolean {
    return took >= POLL_MS;
  }

  failed(object: number): void {
    const history = this.#objects.get(object);
    if (!history) return;
    history.skips = Math.min(MOST_SKIPPED, 2 * history.skips + 1);
    history.left = history.skips;
  }

  /**
   * A wait succeeded, in a poll or after a sleep.
   * @returns the time
   */
  ended(object: number, began: number, slept: boolean): number {
    const now = performance.now();
    const took = now - began;
    let history = this.#objects.get(object);
    if (!history) {
      if (took > NEAR_MS || !this.#isOn) return now;
      history = { isNear: true, ended: now, skips: 0, left: 0 };
      this.#objects.set(object, history);
    }
    history.isNear = took <= NEAR_MS;
    history.ended = now;
    if (slept)
      history.left = took <= NEARER_MS ? history.left >> 1 : Math.max(0, history.left - (history.isNear ? 1 : 0));
    else if (took <= QUICK_MS) history.skips >>= 1;
    return now;
  }
}
