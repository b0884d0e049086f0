// What participants of a kill campaign do, over and over, until they are killed. participant.c and participant.py do the
// same. All objects and the data have fixed places.
import type { Domain, Held } from "wasm-shm";

export const SEGMENT_BYTES = 16384;
export const SLOTS = 16;
/** Longest wait, milliseconds: a wait that takes longer counts as a hang. */
export const HANG_MS = 5000;

export const place = {
  mutex: 4096,
  event: 4160,
  condition: 4224,
  semaphore: 4352,
  barrier: 4480,
  rwLock: 4608,
  seqlock: 5760,
  data: 8192,
} as const;
export const PERMITS = 2;
export const PARTIES = 3;
export const VALUE_BYTES = 200;

/** Words of the data, from `place.data`. */
export const Data = { First: 0, Second: 1, Violations: 2, Progress: 3, Told: 4, Flags: 16, Stays: 32 } as const;

export const primitives = ["mutex", "rwLock", "semaphore", "event", "condition", "barrier", "seqlock"] as const;
export type Primitive = (typeof primitives)[number];

/** One step: throws if a wait takes longer than {@link HANG_MS}. */
export type Step = () => Promise<void>;

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

export function stepsOf(primitive: Primitive, domain: Domain, words: Int32Array): Step {
  const at = (word: number): number => place.data / 4 + word;
  const add = (word: number): void => void Atomics.add(words, at(word), 1);
  const options = { timeoutMs: HANG_MS };

  /** Changes two words that are equal whenever nobody is inside. */
  function change(held: Held): void {
    if (held.ownerDied) {
      words[at(Data.Second)] = words[at(Data.First)] as number;
      add(Data.Told);
      held.repaired();
    } else if (words[at(Data.First)] !== words[at(Data.Second)]) add(Data.Violations);
    words[at(Data.First)] = (words[at(Data.First)] as number) + 1;
    for (let spin = 0; spin < 500; spin++) Atomics.load(words, at(Data.Second));
    words[at(Data.Second)] = (words[at(Data.Second)] as number) + 1;
  }

  switch (primitive) {
    case "mutex": {
      const mutex = domain.mutex(place.mutex);
      return async () => {
        const held = await mutex.lock(options);
        change(held);
        held.unlock();
        add(Data.Progress);
      };
    }
    case "rwLock": {
      const lock = domain.rwLock(place.rwLock);
      return async () => {
        const writes = Math.random() < 0.3;
        const held = await lock[writes ? "write" : "read"].lock(options);
        if (writes) change(held);
        else if (!held.ownerDied && words[at(Data.First)] !== words[at(Data.Second)]) add(Data.Violations);
        held.unlock();
        add(Data.Progress);
      };
    }
    case "semaphore": {
      const semaphore = domain.semaphore(place.semaphore, { permits: PERMITS });
      const flag = at(Data.Flags);
      const stays = at(Data.Stays);
      const load = (index: number): number => Atomics.load(words, index);
      /** Each slot inside, with the number of its stay. */
      const inside = (): string[] =>
        domain.peers().flatMap((peer) => {
          const stay = load(stays + peer.slot);
          const isInside = peer.alive && load(flag + peer.slot) === peer.generation && load(stays + peer.slot) === stay;
          return isInside ? [`${peer.slot}: ${stay}`] : [];
        });
      return async () => {
        const permit = await semaphore.acquire(options);
        const self = domain.peers().find((peer) => peer.self);
        add(Data.Stays + domain.slot);
        Atomics.store(words, flag + domain.slot, self?.generation ?? 0);
        // During one look some leave and others enter. Stays that two looks see were all inside between the two.
        const seen = inside();
        if (seen.length > PERMITS) {
          const again = inside();
          if (seen.filter((stay) => again.includes(stay)).length > PERMITS) add(Data.Violations);
        }
        Atomics.store(words, flag + domain.slot, 0);
        permit.release();
        add(Data.Progress);
      };
    }
    case "event": {
      const event = domain.event(place.event);
      return async () => {
        await event.wait(options);
        event.reset();
        add(Data.Progress);
      };
    }
    case "condition": {
      const mutex = domain.mutex(place.mutex);
      const condition = domain.condition(place.condition);
      return async () => {
        const held = await mutex.lock(options);
        change(held);
        await condition.wait(held, options);
        change(held);
        held.unlock();
        add(Data.Progress);
      };
    }
    case "barrier": {
      const barrier = domain.barrier(place.barrier, { parties: PARTIES });
      return async () => {
        try {
          await barrier.arrive(options);
          add(Data.Progress);
        } catch (error) {
          if (codeOf(error) !== "ERR_SHM_PEER_DIED") throw error;
          add(Data.Told);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      };
    }
    case "seqlock": {
      const seqlock = domain.seqlock(place.seqlock, { bytes: VALUE_BYTES });
      return async () => {
        if (Math.random() < 0.5) await seqlock.write(new Uint8Array(VALUE_BYTES).fill(Math.random() * 256), options);
        let value: Uint8Array;
        try {
          value = seqlock.read();
        } catch (error) {
          if (codeOf(error) !== "ERR_SHM_TIMEOUT") throw error; // writers that never rest overtook each read
          add(Data.Told);
          return;
        }
        if (value.some((byte) => byte !== value[0])) add(Data.Violations);
        add(Data.Progress);
      };
    }
  }
}

/** Steps for ever. A wait that hangs is counted as a fault. */
export async function work(
  primitive: Primitive,
  domain: Domain,
  words: Int32Array,
  goes: () => boolean,
): Promise<void> {
  const step = stepsOf(primitive, domain, words);
  for (let count = 1; goes(); count++)
    try {
      await step();
      // Locks that are free at once take no turn of the event loop, and would keep timers waiting.
      if (count % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    } catch (error) {
      Atomics.add(words, place.data / 4 + Data.Violations, 1);
      console.error(`${primitive}:`, error);
    }
}
