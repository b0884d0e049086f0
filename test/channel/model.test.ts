// The algorithms of channels and topics, and of segments of their own, checked in every state that two or three parties can reach, with a death at every
// step; and with a fault in each that the checker must find.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { explore, type Model } from "../sync/model/checker.js";
import { mpmcModel, mpmcMutants } from "./model/mpmc.js";
import { mpscModel, mpscMutants } from "./model/mpsc.js";
import { ownModel, ownMutants } from "./model/own.js";
import { type Sides, spscModel, spscMutants } from "./model/spsc.js";
import { blockModel, blockMutants, overwriteModel, topicMutants } from "./model/topic.js";

const models = suite("Models of channels");
const pair: Sides = { writers: 1, readers: 1 };

for (const model of [
  spscModel(pair, 4, 0),
  spscModel(pair, 4, 2),
  spscModel({ writers: 2, readers: 1 }, 3, 2),
  spscModel({ writers: 1, readers: 2 }, 3, 2),
  mpscModel(1, 4, 2),
  mpscModel(2, 1, campaign(1, 2)),
  mpscModel(2, campaign(1, 2), 0),
  mpmcModel(2, 3, 2),
  mpmcModel(2, campaign(2, 3), campaign(1, 2), undefined, true),
  mpmcModel(3, 1, campaign(0, 2)),
  mpmcModel(3, campaign(1, 2), 0),
  overwriteModel(1, 5, 2),
  overwriteModel(2, campaign(2, 3), 1),
  blockModel(1, 5, 2),
  blockModel(2, campaign(2, 3), campaign(0, 1)),
  ownModel(2, 2, 2),
  ownModel(campaign(2, 3), 1, campaign(1, 0)),
  ownModel(2, 1, 1, true),
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
finds(spscMutants, (mutant) => [spscModel(pair, 4, 1, mutant)]);
finds(mpscMutants, (mutant) => [mpscModel(1, 4, 0, mutant), mpscModel(2, 1, 1, mutant)]);
finds(mpmcMutants, (mutant) => [mpmcModel(2, 2, 1, mutant), mpmcModel(2, 3, 0, mutant)]);
finds(topicMutants, (mutant) => [overwriteModel(1, 5, 1, mutant)]);
finds(blockMutants, (mutant) => [blockModel(1, 5, 1, mutant), blockModel(2, 3, 1, mutant)]);
finds(ownMutants, (mutant) => [ownModel(2, 1, 0, false, mutant), ownModel(2, 1, 1, true, mutant)]);
models.run();
