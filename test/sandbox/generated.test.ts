// A turn of the fuzzer of guests: `npm run test:fuzz:guests` runs longer.
import * as assert from "uvu/assert";
import { fuzzGuests, noCounts } from "../fuzz/guests.js";
import { suite } from "../suite.js";
import { campaign } from "../support/campaign.js";
import { confines } from "../support/engine.js";
import { gone, runnersOf } from "./processes.js";
import { native } from "./sandboxes.js";

const generated = suite("Random guests");
if (!confines || !native) generated.skip("are held", "this engine starts no process");
else
  generated("change no segment, end with documented codes, and leave no process", async () => {
    const counts = noCounts();
    const most = campaign(40, 4000);
    const seed = Math.trunc(Math.random() * 2 ** 31);
    console.log(`seed ${seed}`);
    await fuzzGuests(seed, counts, () => counts.guests < most);
    console.log([...counts.ends].map(([code, count]) => `${count} ${code}`).join(", "), `${counts.returned} returned`);
    assert.ok(counts.returned > 5, `${counts.returned} of ${counts.calls} calls returned`);
    assert.ok((await gone(runnersOf(), 2000)) < 2000);
  });
generated.run();
