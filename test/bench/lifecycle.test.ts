// npm run bench -- lifecycle: every step is measured by every way that has it, the figures are possible, and nothing is
// left.
import * as assert from "uvu/assert";
import { suite } from "../suite.js";
import { nativePairs } from "../support/pairs.js";
import { signalProcess } from "../support/processes.js";
import { type Case, midway, quick } from "./group.js";

const PACKAGE = "shm-typed-array";
const PAIRS = ["create and attach", "detach and destroy"];
const LIFE = "create, attach, detach and destroy";

const lifecycle = suite("npm run bench -- lifecycle");

if (nativePairs.length === 0) lifecycle.skip("runs", "there is no sysv host on this platform");
else {
  let whole: Case[] | undefined;

  /** One run, which all tests share. */
  const cases = (): Case[] => {
    whole ??= quick("lifecycle");
    return whole;
  };

  const of = (operation: string): Case[] => cases().filter((one) => one.operation === operation);
  const names = ({ rivals }: Case): string[] => rivals.map(({ name }) => name);

  lifecycle("--quick times each step alone and with others, against system calls and shm-typed-array", () => {
    for (const step of ["create", "attach", "detach", "destroy", ...PAIRS, LIFE]) {
      const [one] = of(step);
      assert.ok(one, step);
      assert.equal(names(one).slice(0, 2), ["system calls", "wasm-shm"]);
      assert.is(one.size, 2 ** 20);
      // The package has no call that only creates or destroys, and it may not be installed.
      const [absence] = one.absent;
      assert.is(absence?.name ?? names(one)[2], PACKAGE, step);
      if (step === "create" || step === "destroy") assert.ok(absence, step);
    }
    for (const step of ["attach", "detach"])
      assert.equal(
        of(step).map(({ size }) => size),
        [2 ** 20, 2 ** 30],
      );
  });

  lifecycle("all of it takes some time", () => {
    for (const { name, rivals } of cases())
      for (const { name: rival, nanoseconds, times } of rivals) {
        assert.ok(Number.isFinite(nanoseconds.median) && nanoseconds.median > 0, `${name}, ${rival}`);
        for (const time of times.flat()) assert.ok(time > 0, `${name}, ${rival}`);
      }
  });

  lifecycle("each page is one fault, and large pages are there or named absent", () => {
    const touches = of("first touch of a page");
    assert.equal(
      touches.map(({ pattern }) => pattern),
      ["new segment", "by a second attachment"],
    );
    for (const { rivals } of touches)
      for (const { name, figures } of rivals) {
        const faults = figures.find((figure) => figure.name === "faults")?.value ?? Number.NaN;
        if (name === "native loop" || name === "wasm-shm") assert.ok(faults >= 1 && faults < 1.1, `${name}: ${faults}`);
        if (name === "wasm-shm, huge pages") assert.ok(faults > 0 && faults < 0.01, `${name}: ${faults}`);
      }
    const [fresh] = touches as [Case];
    assert.ok([...names(fresh), ...fresh.absent.map(({ name }) => name)].includes("wasm-shm, huge pages"));
  });

  lifecycle("one more attachment is three lines of the map, however many there are; shmat's is one", () => {
    const growth = of("attach one more");
    assert.equal(
      growth.map(({ pattern }) => pattern),
      ["1 attached", "10 attached", "100 attached"],
    );
    for (const { name, rivals } of growth)
      for (const { name: rival, figures } of rivals) {
        const value = (figure: string): number => figures.find((other) => other.name === figure)?.value ?? Number.NaN;
        for (const figure of ["RSS", "VmPTE"])
          assert.ok(Number.isFinite(value(figure)), `${name}, ${rival}: ${figure}`);
        assert.ok(value("detach") > 0, `${name}, ${rival}`);
        if (rival.endsWith("first cursor")) {
          assert.ok(value("RSS") >= 4, `${name}: ${value("RSS")} KiB`);
          assert.ok(value("VmPTE") > 0, `${name}: ${value("VmPTE")} KiB of page tables`);
        }
        const lines = rival === "shmat(2)" ? 1 : 3;
        assert.ok(Math.abs(value("maps") - lines) < 0.5, `${name}, ${rival}: ${value("maps")} lines`);
      }
  });

  lifecycle("SIGTERM in the middle, to all of it, leaves nothing", () =>
    midway("lifecycle", "job", 1, async ({ pids, end }) => {
      for (const pid of pids) signalProcess(pid, "SIGTERM");
      assert.is(await end(), 143);
    }),
  );
}
lifecycle.run();
