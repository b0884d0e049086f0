// The algorithms of the mutex and the read-write lock, checked in every state that two or three parties can reach, with a
// death at every step; and with a fault in each that the checker must find.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { barrierModel, barrierMutants } from "./model/barrier.js";
import { explore, type Model } from "./model/checker.js";
import { doorModel, doorMutants } from "./model/door.js";
import { type MutexMutant, mutexModel } from "./model/mutex.js";
import { type RwLockMutant, rwLockModel } from "./model/rwlock.js";
import { semaphoreModel, semaphoreMutants } from "./model/semaphore.js";
import { seqlockModel, seqlockMutants } from "./model/seqlock.js";

const models = suite("Models");

for (const [parties, deaths] of [
  [2, 0],
  [2, 1],
  [2, 2],
  [3, 0],
  [3, 1],
] as const)
  models(`a mutex of ${parties} parties, of which ${deaths} are killed`, () => {
    const { fault, states } = explore(mutexModel(parties, deaths));
    assert.is(fault, undefined);
    assert.ok(states > 100, `${states} states`);
  });

for (const [readers, writers, deaths] of [
  [1, 1, 0],
  [1, 1, 2],
  [2, 1, campaign(0, 1)],
  [0, 2, 2],
  [1, 2, campaign(0, 1)],
] as const)
  models(`a read-write lock of ${readers} readers and ${writers} writers, of which ${deaths} are killed`, () => {
    const { fault, states } = explore(rwLockModel(readers, writers, deaths));
    assert.is(fault, undefined);
    assert.ok(states > 100, `${states} states`);
  });

const mutexMutants: MutexMutant[] = [
  "the mark of the sleepers is not set",
  "the unlock rings nobody",
  "the bit is set after the look at the lock",
  "the waker clears the bit after it rings",
  "a dead owner's lock is taken without a word",
  "the lives are read after the lock",
];
for (const mutant of mutexMutants)
  models(`finds that ${mutant}`, () => {
    const faults = [explore(mutexModel(2, 1, mutant)).fault, explore(mutexModel(3, 1, mutant)).fault];
    assert.ok(faults.some((fault) => fault !== undefined));
  });

const rwLockMutants: RwLockMutant[] = [
  "a reader counts itself after the look at the writer",
  "a writer looks at the readers before it asks",
  "a reader that goes rings nobody",
  "a writer that goes rings nobody",
  "a dead reader counts",
  "a reader is not told of a dead writer",
];
for (const mutant of rwLockMutants)
  models(`finds that ${mutant}`, () => {
    const found = [
      [1, 1, 1],
      [2, 1, 1],
    ].some(
      ([readers = 0, writers = 0, deaths = 0]) =>
        explore(rwLockModel(readers, writers, deaths, mutant)).fault !== undefined,
    );
    assert.ok(found);
  });

for (const model of [
  semaphoreModel(2, 1, 2),
  semaphoreModel(2, 2, 0),
  semaphoreModel(3, 3, 1),
  semaphoreModel(3, 2, 0),
  semaphoreModel(3, 1, campaign(1, 3)),
  barrierModel(2, 2, 2),
  barrierModel(3, campaign(1, 2), 1),
  seqlockModel(1, 3, 1),
  seqlockModel(2, 2, campaign(1, 2)),
  doorModel(true, campaign(1, 2)),
  doorModel(false, campaign(1, 2)),
])
  models(model.name, () => {
    const { fault, states } = explore(model);
    assert.is(fault, undefined);
    assert.ok(states > 100, `${states} states`);
  });

function finds<M extends string>(mutants: readonly M[], made: (mutant: M) => Model[]): void {
  for (const mutant of mutants)
    models(`finds that ${mutant}`, () => {
      assert.ok(made(mutant).some((model) => explore(model).fault !== undefined));
    });
}
finds(semaphoreMutants, (mutant) => [
  semaphoreModel(2, 1, 1, mutant),
  semaphoreModel(3, 1, 0, mutant),
  semaphoreModel(2, 2, 0, mutant),
]);
finds(barrierMutants, (mutant) => [barrierModel(2, 2, 1, mutant), barrierModel(3, 1, 1, mutant)]);
finds(doorMutants, (mutant) => [doorModel(true, 1, mutant), doorModel(false, 1, mutant)]);
finds(seqlockMutants, (mutant) => [seqlockModel(2, 2, 1, mutant)]);
models.run();
