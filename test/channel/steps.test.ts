// The very code of channels and topics, step by step: a step is one access of Atomics to the shared words. Before each single
// step of a call the participant dies (from there on each access throws and does nothing, as if the thread were gone), or
// another participant does its part as a whole. What was promised must hold then: nothing torn, nothing out of order,
// nothing lost that was written, and no sleep without an end.
import * as assert from "uvu/assert";
import { type Channel, type ChannelMode, createShm, type Domain, type Overrun, type Reader } from "wasm-shm";
import { suite } from "../suite.js";
import { beforeEachAccess } from "../support/accesses.js";
import { campaign } from "../support/campaign.js";
import { checkPayload, PLACE, payload } from "./support.js";

class Death extends Error {}

interface Trial {
  /** Is interrupted. What it has done for sure, it notes. */
  call(): void;
  /** What another does in between. */
  interject(): void;
  /** Afterwards everyone who lives must be able to continue. */
  after(died: boolean): Promise<void> | void;
}

/** One segment for all trials: memories are given back by the garbage collector alone. */
const segment = createShm({ host: "local", core: "js" }).create(65536);
const all = segment.attach().bytes;

/** A trial with participants of its own; the first is the one that is interrupted. */
async function run(make: (domains: Domain[]) => Trial, interjection: number, death: number): Promise<number> {
  all.fill(0);
  const attachments = Array.from({ length: 4 }, () => segment.attach());
  const domains = attachments.map((attachment) => attachment.join({ slots: 4 }));
  const trial = make(domains);
  let steps = 0;
  const unhook = beforeEachAccess((step) => {
    steps = step + 1;
    if (step >= death) throw new Death();
    if (step === interjection) trial.interject();
  });
  let died = false;
  try {
    trial.call();
  } catch (error) {
    if (!(error instanceof Death)) throw error;
    died = true;
  } finally {
    unhook();
  }
  if (died) domains[0]?.leave();
  try {
    await trial.after(died);
  } finally {
    for (const attachment of attachments) attachment[Symbol.dispose]();
  }
  return steps;
}

/** Every death, every interjection, and with `pairs` every interjection before every death. */
async function everyStep(make: (domains: Domain[]) => Trial, pairs: boolean): Promise<void> {
  const steps = await run(make, -1, Number.POSITIVE_INFINITY);
  assert.ok(steps > 10, `${steps} steps`);
  const where = async (interjection: number, death: number): Promise<void> => {
    try {
      await run(make, interjection, death);
    } catch (error) {
      throw new Error(`interjection at ${interjection}, death at ${death}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  };
  for (let step = 0; step < steps + 2; step++) {
    await where(-1, step);
    await where(step, Number.POSITIVE_INFINITY);
    // A step that another interrupts may take more steps after that.
    for (let death = step + 1; pairs && death < steps + 20; death++) await where(step, death);
  }
}

const CAPACITY = 256;
const LENGTHS = [40, 60, 0, 90, 24];

/** All that a reader gets until there is nothing, with its number. */
async function drain(channel: Channel): Promise<number[]> {
  const got: number[] = [];
  using reader = channel.reader({ peerDeath: "wait" });
  for (let message = reader.tryRead(); message; message = reader.tryRead()) {
    const number = message.bytes[4] ?? message.bytes[0] ?? -1;
    checkPayload(message.bytes, number);
    got.push(number);
  }
  return got;
}

const TIMEOUT = { timeoutMs: 1000 };

/** Messages are numbered; 8 bytes or more of each hold it. */
const message = (number: number, length = 24): Uint8Array => payload(number, Math.max(8, length));

/** A writer that writes, claims, shortens and abandons; another reads meanwhile, or waits. */
function writing(mode: ChannelMode, waits: boolean): (domains: Domain[]) => Trial {
  return ([mortal, other, third]) => {
    if (!mortal || !other || !third) throw new Error("three");
    const channel = mortal.channel(PLACE, { mode, capacity: CAPACITY });
    const theirs = other.channel(PLACE);
    const first = channel.writer();
    first.tryWrite(message(100, 60));
    first.release();
    const before = theirs.reader({ peerDeath: "wait" });
    assert.is(before.tryRead()?.bytes[4], 100);
    const written: number[] = [];
    const got: number[] = [];
    let waiting: Promise<unknown> | undefined;
    const take = (): void => {
      for (let found = before.tryRead(); found; found = before.tryRead()) {
        const number = found.bytes[4] as number;
        checkPayload(found.bytes, number);
        got.push(number);
      }
    };
    return {
      call() {
        const writer = channel.writer();
        for (const [number, length] of LENGTHS.entries()) {
          if (number === 2) writer.tryClaim(50)?.abandon();
          if (number === 3) {
            const claim = writer.tryClaim(60);
            if (!claim) continue;
            claim.bytes.set(message(number, 20));
            claim.commit(20);
          } else if (!writer.tryWrite(message(number, length))) continue;
          written.push(number);
        }
        writer.release();
      },
      interject() {
        take();
        if (!waits) return;
        waiting = before.read(TIMEOUT).then((found) => found && got.push(found.bytes[4] as number));
      },
      async after(died) {
        if (waiting && died) await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 0))]);
        if (waiting && !died && written.length > 0 && got.length < written.length) await waiting;
        take();
        before.release();
        got.push(...(await drain(theirs)));
        assert.equal(got.slice(0, written.length), written, "what was written comes, in order");
        assert.ok(got.length <= written.length + 1, `${got} of ${written}`);
        if (waiting) {
          third.channel(PLACE).writer().tryWrite(message(7));
          await waiting.catch(() => {});
        }
        // The next continues.
        const next = third.channel(PLACE);
        const writer = waiting ? undefined : next.writer();
        writer?.tryWrite(message(8));
        if (writer) assert.equal(await drain(theirs), [8]);
        assert.ok(theirs.used <= 128, `${theirs.used} bytes are lost`);
      },
    };
  };
}

/** A reader that reads and releases; another writes meanwhile, or another reads. */
function reading(mode: ChannelMode): (domains: Domain[]) => Trial {
  return ([mortal, other, third]) => {
    if (!mortal || !other || !third) throw new Error("three");
    const channel = mortal.channel(PLACE, { mode, capacity: CAPACITY });
    const writer = other.channel(PLACE).writer({ peerDeath: "wait" });
    for (const number of [0, 1, 2]) writer.tryWrite(message(number));
    let next = 3;
    let waiting: Promise<unknown> | undefined;
    const mine: number[] = [];
    const others: number[] = [];
    const peer = mode === "mpmc" ? third.channel(PLACE).reader({ peerDeath: "wait" }) : undefined;
    return {
      call() {
        const reader = channel.reader();
        for (let count = 0; count < 4; count++) {
          const found = reader.tryRead();
          if (!found) continue;
          checkPayload(found.bytes, found.bytes[4] as number);
          mine.push(found.bytes[4] as number);
          if (count === 1) found.release();
        }
        reader.release();
      },
      interject() {
        const found = peer?.tryRead();
        if (found) others.push(found.bytes[4] as number);
        while (writer.tryWrite(message(next))) next++;
        waiting = writer.write(message(next++), TIMEOUT);
      },
      async after(died) {
        others.push(...found(peer));
        peer?.release();
        const rest = await drain(third.channel(PLACE));
        await waiting;
        rest.push(...(await drain(third.channel(PLACE))));
        const all = [...mine, ...others, ...rest];
        const wanted = Array.from({ length: next }, (_, number) => number);
        assert.equal(
          [...new Set(all)].sort((a, b) => a - b),
          wanted,
          "nothing is lost",
        );
        if (!died) assert.is(all.length, next, `${all}: each comes once`);
        // Again comes at most what the dead reader had not given back.
        assert.ok(all.length <= next + 4, `${all}`);
        assert.is(third.channel(PLACE).used, 0);
      },
    };
  };
}

/** Reads three messages at most, by a reader of its own. Their numbers are in `taken`, also if it dies meanwhile. */
function takeThree(domain: Domain, taken: number[]): void {
  const reader = domain.channel(PLACE).reader({ peerDeath: "wait" });
  for (let count = 0; count < 3; count++) {
    const next = reader.tryRead();
    if (next) taken.push(next.bytes[4] as number);
  }
  reader.release();
}

/** A reader of several; another, which has taken messages, meanwhile finishes one of them and dies. */
function finishing(redeliver: boolean): (domains: Domain[]) => Trial {
  return ([mortal, other, third]) => {
    if (!mortal || !other || !third) throw new Error("three");
    const channel = third.channel(PLACE, { mode: "mpmc", capacity: CAPACITY, redeliver });
    const writer = channel.writer({ peerDeath: "wait" });
    for (const number of [0, 1, 2, 3]) writer.tryWrite(message(number));
    const dying = other.channel(PLACE).reader({ peerDeath: "wait" });
    const finished = dying.tryRead();
    assert.is(finished?.bytes[4], 0);
    const mine: number[] = [];
    let isDone = false;
    return {
      call() {
        takeThree(mortal, mine);
      },
      interject() {
        finished?.release();
        isDone = true;
        other.leave();
      },
      async after(died) {
        if (!isDone) dying.release();
        const all = [...mine, ...(await drain(channel))].sort((a, b) => a - b);
        const lost = [1, 2, 3].filter((number) => !all.includes(number));
        assert.ok(lost.length <= (died && !redeliver ? 1 : 0), `${lost} is lost`); // what the dead reader had is dropped
        assert.not(all.includes(0), "what was finished does not come again");
        if (!died) assert.equal(all, [1, 2, 3], "each comes once");
        assert.is(channel.used, 0);
      },
    };
  };
}

/** A reader; a writer with an open claim meanwhile commits it and dies. */
function committing(mode: ChannelMode): (domains: Domain[]) => Trial {
  return ([mortal, other, third]) => {
    if (!mortal || !other || !third) throw new Error("three");
    const channel = third.channel(PLACE, { mode, capacity: CAPACITY });
    const claim = other.channel(PLACE).writer({ peerDeath: "wait" }).tryClaim(24);
    claim?.bytes.set(message(0));
    channel.writer({ peerDeath: "wait" }).tryWrite(message(1));
    const mine: number[] = [];
    let isDone = false;
    return {
      call() {
        takeThree(mortal, mine);
      },
      interject() {
        claim?.commit();
        isDone = true;
        other.leave();
      },
      async after(died) {
        if (!isDone) other.leave(); // its claim is abandoned
        const all = [...mine, ...(await drain(channel))];
        const wanted = isDone ? [0, 1] : [1];
        assert.equal([...new Set(all)].sort(), wanted, "what was committed comes");
        if (!died) assert.equal(all, wanted, "in order, and once");
      },
    };
  };
}

/** What a reader gets now. */
function found(reader: Reader | undefined): number[] {
  const got: number[] = [];
  for (let each = reader?.tryRead(); each; each = reader?.tryRead()) got.push(each.bytes[4] as number);
  return got;
}

/** A topic's writer that is interrupted; a subscriber reads meanwhile. */
function publishing(overrun: Overrun): (domains: Domain[]) => Trial {
  return ([mortal, other, third]) => {
    if (!mortal || !other || !third) throw new Error("three");
    const options = { overrun, capacity: CAPACITY, subscribers: 3 };
    const topic = mortal.topic(PLACE, options);
    const subscriber = other.topic(PLACE).subscribe({ peerDeath: "wait" });
    const late: Reader[] = [];
    let sum = 0;
    let last = -1;
    const take = (): void => {
      for (let each = subscriber.tryRead(); each; each = subscriber.tryRead()) {
        const number = each.bytes[4] as number;
        checkPayload(each.bytes, number);
        assert.ok(number > last, `${number} after ${last}`);
        // With "block" a number that found no room was not written at all.
        assert.is(
          each.missed,
          overrun === "block" ? 0 : number - last - 1,
          `${each.missed} missed before ${number}, after ${last}`,
        );
        last = number;
        sum++;
      }
    };
    const written: boolean[] = [];
    return {
      call() {
        const writer = topic.writer();
        for (let number = 0; number < 9; number++)
          written.push(writer.tryWrite(message(number, 16 + 9 * (number % 5))));
        writer.release();
      },
      interject() {
        take();
        late.push(third.topic(PLACE).subscribe({ peerDeath: "wait" }));
      },
      after(died) {
        take();
        for (const reader of late) {
          const got: number[] = [];
          for (let each = reader.tryRead(); each; each = reader.tryRead()) {
            checkPayload(each.bytes, each.bytes[4] as number);
            got.push(each.bytes[4] as number);
          }
          assert.equal(
            got,
            [...got].sort((a, b) => a - b),
          );
        }
        const count = written.filter((isWritten) => isWritten).length;
        if (overrun !== "overwrite") assert.ok(sum >= count && sum <= count + 1, `${sum} of ${count}`);
        const writer = third.topic(PLACE).writer();
        writer.tryWrite(message(50));
        const next = subscriber.tryRead();
        assert.is(next?.bytes[4], 50);
        if (!died) assert.is(next?.missed, overrun === "block" ? 0 : 9 - 1 - last);
      },
    };
  };
}

const steps = suite("Each step of channels");
const pairs = campaign(0, 1) === 1;
for (const mode of ["spsc", "mpsc", "mpmc"] as const) {
  steps(`${mode}: a writer, and a reader in between`, () => everyStep(writing(mode, false), pairs));
  steps(`${mode}: a writer, and a reader that sleeps`, () => everyStep(writing(mode, true), false));
  steps(`${mode}: a reader, and others in between`, () => everyStep(reading(mode), pairs));
}
for (const redeliver of [true, false])
  steps(`mpmc: a reader, and another that finishes and dies in between, ${redeliver ? "redelivered" : "dropped"}`, () =>
    everyStep(finishing(redeliver), false),
  );
for (const mode of ["mpsc", "mpmc"] as const)
  steps(`${mode}: a reader, and a writer that commits and dies in between`, () => everyStep(committing(mode), false));
for (const overrun of ["block", "overwrite", "drop"] as const)
  steps(`topic, ${overrun}: a writer, and subscribers in between`, () => everyStep(publishing(overrun), pairs));
steps.run();
