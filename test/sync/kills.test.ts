// Participants in Node, C and Python, killed at random moments: no hang, nothing half done goes untold.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { nativePairs } from "../support/pairs.js";
import { absent } from "../support/peers.js";
import { primitives } from "./workload.js";

const kills = suite("Kills at random");
if (nativePairs.length === 0) kills.skip("of participants", "this platform has no sysv host");
else {
  const { campaignOfKills, lacking } = await import("./kills.js");
  const told = new Map<string, number>();
  for (const primitive of primitives) {
    for (const [languages, turn] of [
      [["c"], 25],
      [["node", "c", "python"], 3],
    ] as const) {
      const title = `${primitive}: ${languages.join(", ")}`;
      const reason = languages.map((language) => lacking[language]).find((each) => each !== undefined);
      if (reason !== undefined) absent(kills, title, reason);
      else
        kills(title, async () => {
          const count = await campaignOfKills(primitive, [...languages], campaign(turn, 300));
          told.set(primitive, (told.get(primitive) ?? 0) + count);
        });
    }
  }
  const title = "told participants of owners and parties that died";
  if (lacking.c) absent(kills, title, lacking.c);
  else
    kills(title, () => {
      for (const primitive of ["mutex", "rwLock", "barrier"]) assert.ok((told.get(primitive) ?? 0) > 0, primitive);
    });
}
kills.run();
