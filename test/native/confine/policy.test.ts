// The filter's program against the policy as policy.ts says it: by an interpreter, without a kernel.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as assert from "uvu/assert";
import { suite } from "../../suite.js";
import { campaign } from "../../support/campaign.js";
import { root } from "../../support/child.js";
import { isNode } from "../../support/engine.js";
import { nativePairs } from "../../support/pairs.js";
import { Random } from "../../support/random.js";
import { buildProbe } from "../guarded.js";
import { type Call, decode, evaluate, type Instruction, MOST_INSTRUCTIONS, refusal } from "./bpf.js";
import { type Answer, allowed, answerOf, failing, numbers, type Subject } from "./policy.js";

interface Probe {
  program(segments: Int32Array, events: Int32Array, pid: number, most: number): Uint8Array;
  readonly architecture: number;
}

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const ERRNO = 0x00050000;

function answer(value: number): Answer {
  if (value === ALLOW) return "allow";
  if (value === KILL_PROCESS) return "kill";
  assert.is((value & 0xffff0000) >>> 0, ERRNO, `the filter answered ${value.toString(16)}`);
  return value & 0xffff;
}

const SEGMENTS_MOST = 256;
const EVENTS_MOST = 64;

/** Arguments that are let through, for each call that looks at any. */
const letThrough = ({ pid, segments, events }: Subject): Record<string, number[][]> => ({
  read: [3, ...events].map((descriptor) => [descriptor, 0, 8]),
  write: [1, 2, 3, ...events].map((descriptor) => [descriptor, 0, 8]),
  mmap: [
    [0, 4096, 3, 0x22, -1, 0],
    [0, 4096, 0, 0x4032, -1, 0],
  ],
  futex: [0, 128, 256, 1, 129, 9, 137, 393, 10, 131, 132, 133].map((operation) => [0, operation, 1]),
  madvise: [4, 8, 10, 14, 15, 16].map((advice) => [0, 4096, advice]),
  shmat: segments.flatMap(({ id }) => [
    [id, 0, 0o10000],
    [id, 0, 0],
  ]),
  shmctl: segments.map(({ id }) => [id, 2]),
  tgkill: [[pid, pid, 6]],
  fcntl: [[0, 3]],
  rseq: [[0, 32, 0, 0x53053053]],
});

/** Values near those that the policy knows, and numbers of calls, for a jump that goes too far; of bits, each alone and added to what is let through. */
function valuesNear({ pid, segments, events }: Subject, calls: readonly number[]): number[] {
  const known = [pid, ...segments.map(({ id }) => id), ...events, 1, 2, 3, 4, 8, 10, 14, 15, 16, 0x22, 0x4032, 0o10000];
  const bits = Array.from({ length: 32 }, (_, bit) => 2 ** bit);
  const near = known.flatMap((value) => [value - 1, value, value + 1]);
  const masks = bits
    .flatMap((bit) => [0, 1, 3, 9, 10, 0x22, 0o10000].map((value) => bit ^ value))
    .map((value) => value >>> 0);
  return [...new Set([...calls, ...near, ...masks, -1, 0, 0x21, 0x23, 0x28, 0o110000, 0o50000])];
}

interface Case {
  readonly call: Call;
  readonly expected: Answer;
}

function casesOf(subject: Subject, architecture: number, random: Random, turns: number): Case[] {
  const byNumber = new Map([...numbers()].map(([name, number]) => [number, name]));
  const calls = [...byNumber].filter(([, name]) => allowed.includes(name)).map(([number]) => number);
  const near = valuesNear(subject, calls);
  const good = letThrough(subject);
  const cases: Case[] = [];
  const add = (number: number, values: readonly bigint[], arch = architecture): void => {
    const name = arch === architecture ? byNumber.get(number) : undefined;
    cases.push({
      call: { number, architecture: arch, arguments: values },
      expected: answerOf(name, subject, values),
    });
  };
  const any = (): bigint => BigInt(random.of(near)) + (random.oneIn(8) ? 1n << BigInt(32 + random.below(32)) : 0n);
  const others = [0x3fffffff, 0x40000000, 0x40000001, 0x7fffffff, 0x80000000, 0xffffffff];
  for (const number of [...Array.from({ length: 1024 }, (_, number) => number), ...others]) {
    const base = (good[byNumber.get(number) ?? ""] ?? []).map((values) =>
      Array.from({ length: 6 }, (_, index) => BigInt(values[index] ?? 0)),
    );
    for (const values of base) {
      add(number, values);
      add(number, values, architecture ^ 1);
      for (const index of values.keys()) {
        for (const value of near) add(number, replaced(values, index, BigInt(value)));
        for (const high of [1, ...calls])
          add(number, replaced(values, index, (values[index] ?? 0n) + (BigInt(high) << 32n)));
      }
    }
    for (let turn = 0; turn < (base.length > 0 ? turns : 3); turn++)
      add(number, Array.from({ length: 6 }, any), random.oneIn(20) ? random.word() : architecture);
    add(number | 0x40000000, base[0] ?? [0n, 0n, 0n, 0n, 0n, 0n]); // x32
  }
  return cases;
}

function subjectOf(segments: number, events: number, random: Random): Subject {
  const ids = new Set<number>();
  while (ids.size < segments) ids.add(random.oneIn(2) ? random.below(40_000) : random.below(2 ** 31));
  const descriptors = new Set<number>();
  while (descriptors.size < events) descriptors.add(4 + random.below(2 * EVENTS_MOST));
  return {
    pid: 2 + random.below(4_000_000),
    segments: [...ids].map((id) => ({ id, readOnly: random.oneIn(2) })),
    events: [...descriptors],
  };
}

const policy = suite("The filter of a confined process");
if (nativePairs.length === 0 || !isNode) policy.skip("all", "the test's addon is built for Node on Linux");
else {
  buildProbe();
  const probe = createRequire(`${root}package.json`)("./test/native/build/Release/wasm_shm_test.node") as Probe;
  const programOf = ({ pid, segments, events }: Subject, most = MOST_INSTRUCTIONS): Instruction[] =>
    decode(
      probe.program(
        Int32Array.from(segments.flatMap(({ id, readOnly }) => [id, readOnly ? 1 : 0])),
        Int32Array.from(events),
        pid,
        most,
      ),
    );

  policy("knows every call of the policy by name", () => {
    const known = numbers();
    const absent = [...allowed, ...failing].filter((name) => !known.has(name));
    assert.equal(absent, process.arch === "arm64" ? ["time", "readlink"] : []);
  });

  policy("is what the page says", () => {
    const [, section = ""] = readFileSync(`${root}docs/architecture.md`, "utf8").split("| system calls | what for");
    const [table = ""] = section.split("\n\n");
    const named = [...table.matchAll(/^\| ((?:(?:`\w+` ?)+[^|]*?)+) \|/gm)].flatMap(
      ([, cell = ""]) => cell.match(/\w+(?=`)/g) ?? [],
    );
    assert.equal(named.sort(), [...allowed, ...failing].sort());
  });

  policy("answers as the policy says, for each system call and its arguments", () => {
    const random = new Random(1);
    for (const [segments, events] of [
      [0, 0],
      [1, 1],
      [3, 4],
    ] as const) {
      const subject = subjectOf(segments, events, random);
      const program = programOf(subject);
      const visited = new Set<number>();
      for (const { call, expected } of casesOf(subject, probe.architecture, random, campaign(200, 20_000))) {
        const found = answer(evaluate(program, call, visited));
        if (found !== expected)
          assert.is(found, expected, JSON.stringify({ ...call, arguments: call.arguments.map(String) }));
      }
      assert.equal(
        program.filter((_, index) => !visited.has(index)),
        [],
        "every instruction is reached",
      );
    }
  });

  policy("is found to be wrong if one instruction is another", () => {
    const random = new Random(2);
    const subject = subjectOf(2, 2, random);
    const program = programOf(subject);
    const reaching = program.map((): Case[] => []);
    for (const one of casesOf(subject, probe.architecture, random, 50)) {
      const visited = new Set<number>();
      evaluate(program, one.call, visited);
      for (const index of visited) reaching[index]?.push(one);
    }
    const isFound = (mutant: Instruction[], cases: Case[]): boolean =>
      cases.some(({ call, expected }) => {
        try {
          return answer(evaluate(mutant, call)) !== expected;
        } catch {
          return true;
        }
      });
    let mutants = 0;
    const unfound: string[] = [];
    for (const [index, instruction] of program.entries())
      for (const changed of mutantsOf(program, index)) {
        mutants++;
        if (!isFound(replaced(program, index, changed), reaching[index] ?? []))
          unfound.push(`${index}: ${JSON.stringify(instruction)} as ${JSON.stringify(changed)}`);
      }
    assert.ok(mutants > 700, `${mutants} mutants`);
    assert.equal(unfound, []);
  });

  policy("is one that the kernel takes, and answers right, for any number of windows", () => {
    const random = new Random(3);
    const byName = numbers();
    const counts = [0, 1, 18, 19, 20, 21, 22, 41, 42, 43, 50, 51, 52, SEGMENTS_MOST];
    for (let turn = 0; turn < campaign(30, 2000); turn++) counts.push(random.below(SEGMENTS_MOST + 1));
    for (const segments of counts) {
      const subject = subjectOf(
        segments,
        segments === SEGMENTS_MOST ? EVENTS_MOST : random.below(EVENTS_MOST + 1),
        random,
      );
      const program = programOf(subject);
      assert.is(refusal(program), undefined, `${segments} windows`);
      const tried = Object.entries(letThrough(subject)).flatMap(([name, lists]) =>
        lists.flatMap((values) => [[name, values] as const, [name, values.map((value) => value + 1)] as const]),
      );
      for (const [name, values] of [
        ...tried,
        ...allowed.filter((name) => byName.has(name)).map((name) => [name, [0, 0, 0]] as const),
      ]) {
        const call = {
          number: byName.get(name) as number,
          architecture: probe.architecture,
          arguments: values.map(BigInt),
        };
        assert.is(answer(evaluate(program, call)), answerOf(name, subject, call.arguments), `${name} ${values}`);
      }
    }
  });

  policy("is empty if it does not fit", () => {
    const subject = subjectOf(5, 5, new Random(4));
    const { length } = programOf(subject);
    assert.is(programOf(subject, length).length, length);
    assert.is(programOf(subject, length - 1).length, 0);
  });
}
policy.run();

const replaced = <T>(list: readonly T[], index: number, value: T): T[] =>
  list.map((one, at) => (at === index ? value : one));

/** All that may change the meaning of one instruction. */
function mutantsOf(program: readonly Instruction[], index: number): Instruction[] {
  const instruction = program[index] as Instruction;
  const { code, ifSo, ifNot, value } = instruction;
  const values = (...list: number[]): Instruction[] => list.map((one) => ({ ...instruction, value: one >>> 0 }));
  switch (code) {
    case 0x06:
      return values(value === ALLOW ? KILL_PROCESS : ALLOW, ERRNO | 99);
    case 0x20:
      return values(value === 0 ? 4 : value - 4, value + 4);
    case 0x54:
      return values(...Array.from({ length: 32 }, (_, bit) => value ^ (1 << bit)));
    case 0x05: // a block that is longer than a conditional jump
      return values(value - 1, value + 1);
    default:
      return [
        ...values(value - 1, value + 1, value ^ 0x8000_0000),
        { ...instruction, ifSo: ifNot, ifNot: ifSo },
        // Past a whole block. A condition's jump that goes too far leaves out a load, which may change nothing.
        ...(program[index - 1]?.code === 0x06 ? [{ ...instruction, ifNot: ifNot + 1 }] : []),
        ...(ifNot > 0 ? [{ ...instruction, ifNot: ifNot - 1 }] : []),
        { ...instruction, ifSo: ifSo + 1 },
      ];
  }
}
