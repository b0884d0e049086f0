// Services as their users see them, on each host.
import { inspect } from "node:util";
import * as assert from "uvu/assert";
import { Service, ShmError } from "wasm-shm";
import { suite } from "../suite.js";
import { codeOf, domainOf, hosts, isPending, type Parties, PLACE, withParties } from "./support.js";

interface Question {
  n: number;
  how?: "fail" | "wait" | "large" | "odd";
}
type Json = Service<Question, number | string>;

const SIZES = { capacity: 4096, answerCapacity: 1024, clients: 3 };

const servicesOf = (parties: Parties): Json[] =>
  parties.domains.map((domain) => domain.service<Question, number | string>(PLACE, { ...SIZES, codec: "json" }));

for (const host of hosts) {
  const test = suite(`Service: ${host.name}`);
  const withServices = (count: number, use: (services: Json[], parties: Parties) => Promise<void>): Promise<void> =>
    withParties(host, count, (parties) => use(servicesOf(parties), parties));

  test("answers come to those that asked, whatever the order", () =>
    withServices(3, async (services) => {
      const [serving, one, two] = services as [Json, Json, Json];
      const server = serving.serve(
        async ({ n }) => {
          if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
          return n * n;
        },
        { concurrency: 4 },
      );
      const numbers = Array.from({ length: 50 }, (_, n) => n);
      const answers = await Promise.all(
        [one, two].map((service) => Promise.all(numbers.map((n) => service.request({ n })))),
      );
      for (const list of answers)
        assert.equal(
          list,
          numbers.map((n) => n * n),
        );
      assert.is(await serving.request({ n: 7 }), 49);
      await server.stop();
    }));

  test("requests wait for a server, and a stopped server leaves the rest to another", () =>
    withServices(3, async (services) => {
      const [serving, other, asking] = services as [Json, Json, Json];
      const early = asking.request({ n: 2 });
      await isPending(early);
      let finish: (() => void) | undefined;
      const first = serving.serve(
        ({ n }) =>
          new Promise<number>((resolve) => {
            finish = () => resolve(n + 1);
          }),
      );
      while (!finish) await new Promise((resolve) => setTimeout(resolve, 1));
      const late = asking.request({ n: 5 });
      const stopped = first.stop();
      await isPending(stopped);
      finish();
      assert.is(await early, 3);
      await stopped;
      await isPending(late);
      await using second = other.serve(({ n }) => n + 2);
      assert.ok(second);
      assert.is(await late, 7);
    }));

  test("what a handler throws is told to the client, and the server continues", () =>
    withServices(2, async (services) => {
      const [serving, asking] = services as [Json, Json];
      await using server = serving.serve(({ n, how }) => {
        if (how === "fail") throw Object.assign(new RangeError(`not ${n}`), { code: "ERR_N" });
        if (how === "large") return "x".repeat(2000);
        if (how === "odd") throw Object.create(null);
        return n;
      });
      assert.ok(server);
      try {
        await asking.request({ n: 1, how: "fail" });
        assert.unreachable();
      } catch (error) {
        assert.instance(error, ShmError);
        const { code, message, cause } = error as ShmError & { cause: Error & { code: string } };
        assert.is(code, "ERR_SHM_HANDLER");
        assert.match(message, `request of the service at ${PLACE}: its handler failed: RangeError: not 1`);
        assert.equal([cause.name, cause.message, cause.code], ["RangeError", "not 1", "ERR_N"]);
      }
      assert.is(await codeOf(asking.request({ n: 1, how: "large" })), "ERR_SHM_HANDLER");
      assert.is(await codeOf(asking.request({ n: 1, how: "odd" })), "ERR_SHM_HANDLER");
      assert.is(await asking.request({ n: 3 }), 3);
      assert.is(await codeOf(asking.request({ n: 1, x: "y".repeat(3000) } as never)), "ERR_OUT_OF_RANGE");
    }));

  test("deadlines and signals end a request; a late one is not begun", () =>
    withServices(2, async (services) => {
      const [serving, asking] = services as [Json, Json];
      assert.is(await codeOf(asking.request({ n: 1 }, { timeoutMs: 5 })), "ERR_SHM_TIMEOUT");
      const stop = new AbortController();
      const aborted = codeOf(asking.request({ n: 2 }, { signal: stop.signal }));
      stop.abort(new Error("enough"));
      assert.is(await aborted, "Error: enough");
      await new Promise((resolve) => setTimeout(resolve, 10)); // servers compare whole milliseconds of the clock
      const kept = asking.request({ n: 3 });
      const seen: number[] = [];
      await using server = serving.serve(({ n }) => seen.push(n));
      assert.ok(server);
      assert.is(typeof (await kept), "number");
      assert.not.ok(seen.includes(1));
      assert.ok(seen.includes(3));
      assert.is(await codeOf(asking.request({ n: 1 }, { timeout: 1 } as never)), "ERR_INVALID_ARG_VALUE");
    }));

  test("the death of the server that works on it is told, or another works on it again", async () => {
    for (const retry of [false, true])
      await withServices(3, async (services, parties) => {
        const [dying, living, asking] = services as [Json, Json, Json];
        let began = false;
        dying.serve(() => {
          began = true;
          return new Promise(() => {});
        });
        const answer = asking.request({ n: 4 }).then(String, (error) => (error as ShmError).code);
        while (!began) await new Promise((resolve) => setTimeout(resolve, 1));
        const flags: boolean[] = [];
        const server = living.serve(
          ({ n }, { redelivered }) => {
            flags.push(redelivered);
            return n;
          },
          { retry },
        );
        domainOf(parties, 0).leave();
        assert.is(await answer, retry ? "4" : "ERR_SHM_PEER_DIED");
        assert.is(await asking.request({ n: 5 }), 5);
        assert.equal(flags, retry ? [true, false] : [false]);
        await server.stop();
      });
  });

  test("the death of all servers rejects everything that is pending; the next server starts with what comes then", () =>
    withServices(3, async (services, parties) => {
      const [dying, next, asking] = services as [Json, Json, Json];
      dying.serve(() => new Promise(() => {}));
      const pending = [1, 2, 3].map((n) => codeOf(asking.request({ n })));
      await isPending(Promise.race(pending));
      domainOf(parties, 0).leave();
      assert.equal(await Promise.all(pending), Array(3).fill("ERR_SHM_PEER_DIED"));
      assert.is(await codeOf(asking.request({ n: 4 })), "ERR_SHM_PEER_DIED");
      await using server = next.serve(({ n }) => n);
      assert.ok(server);
      assert.is(await asking.request({ n: 6 }), 6);
    }));

  test("an answer for a client that died goes to nobody, and its place is free", () =>
    withServices(5, async (services, parties) => {
      const [serving, dying, two, three, four] = services as [Json, Json, Json, Json, Json];
      let finish: ((n: number) => void) | undefined;
      await using server = serving.serve(({ n, how }) =>
        how === "wait"
          ? new Promise<number>((resolve) => {
              finish = resolve;
            })
          : n,
      );
      assert.ok(server);
      const lost = codeOf(dying.request({ n: 1, how: "wait" }));
      while (!finish) await new Promise((resolve) => setTimeout(resolve, 1));
      domainOf(parties, 1).leave();
      assert.is(await lost, "ERR_SHM_DETACHED");
      const answer = two.request({ n: 8 });
      finish(99);
      assert.is(await answer, 8);
      assert.is(await three.request({ n: 9 }), 9);
      assert.is(await four.request({ n: 10 }), 10); // of three places it gets that of the dead
    }));

  test("an answer to a client that was released comes to no later one", () =>
    withServices(2, async (services) => {
      const [serving, asking] = services as [Json, Json];
      const released = codeOf(asking.request({ n: 1 }));
      asking.release();
      assert.is(await released, "ERR_SHM_CLOSED");
      const answer = asking.request({ n: 2 });
      await using server = serving.serve(({ n }) => 10 * n);
      assert.ok(server);
      assert.is(await answer, 20);
    }));

  test("a service that was closed rejects what its last server leaves", () =>
    withServices(2, async (services) => {
      const [serving, asking] = services as [Json, Json];
      let finish: (() => void) | undefined;
      const server = serving.serve(
        ({ n }) =>
          new Promise<number>((resolve) => {
            finish = () => resolve(n);
          }),
      );
      const first = asking.request({ n: 1 });
      while (!finish) await new Promise((resolve) => setTimeout(resolve, 1));
      const left = codeOf(asking.request({ n: 2 }));
      serving.close();
      const stopped = server.stop();
      finish();
      await stopped;
      assert.is(await first, 1);
      assert.is(await left, "ERR_SHM_CLOSED");
    }));

  test("there are as many clients as places; a released one makes room", () =>
    withServices(4, async (services) => {
      const [serving, ...asking] = services as [Json, Json, Json, Json];
      const server = serving.serve(({ n }) => n);
      for (const service of asking) assert.is(await service.request({ n: 1 }), 1);
      assert.is(await codeOf(serving.request({ n: 1 })), "ERR_SHM_TOO_MANY_PEERS");
      await server.stop();
      const first = asking[0] as Json;
      const pending = codeOf(first.request({ n: 2 }));
      first.release();
      assert.is(await pending, "ERR_SHM_CLOSED");
      await using again = serving.serve(({ n }) => n);
      assert.ok(again);
      assert.is(await serving.request({ n: 1 }), 1);
    }));

  test.run();
}

const more = suite("Service: arguments");
const local = hosts.filter(({ native }) => !native)[0];
if (!local) throw new Error("there is always a local host");
more("options are checked, and must agree", () =>
  withParties(local, 2, async (parties) => {
    const [one, two] = [domainOf(parties, 0), domainOf(parties, 1)];
    for (const [wrong, code] of [
      [{ capacity: 100 }, "ERR_OUT_OF_RANGE"],
      [{ capacity: 64 }, "ERR_OUT_OF_RANGE"],
      [{ answerCapacity: 64 }, "ERR_OUT_OF_RANGE"],
      [{ capacity: 1 << 20 }, "ERR_OUT_OF_RANGE"],
      [{ clients: 0 }, "ERR_OUT_OF_RANGE"],
      [{ clients: 2000 }, "ERR_OUT_OF_RANGE"],
      [{ mode: "mpmc" }, "ERR_INVALID_ARG_VALUE"],
    ] as const)
      assert.is(await codeOf(() => one.service(PLACE, wrong as object)), code, JSON.stringify(wrong));
    assert.ok(parties.words.subarray(PLACE / 4).every((word) => word === 0));
    const service = one.service(PLACE, SIZES);
    assert.is(one.service(PLACE).clients, 3);
    const other = two.service(PLACE);
    assert.is(other.byteLength, 64 + 960 + 4096 + 3 * (960 + 1024));
    assert.is(other.largest, 2048 - 8 - 24);
    assert.is(other.largestAnswer, 512 - 8 - 16);
    const shown = `Service { offset: ${PLACE}, capacity: 4096, answerCapacity: 1024, clients: 3, state: 'joined' }`;
    assert.is(inspect(other, { breakLength: 200 }), shown);
    for (const wrong of [{ capacity: 512 }, { answerCapacity: 512 }, { clients: 4 }])
      assert.is(await codeOf(() => two.service(PLACE, wrong)), "ERR_SHM_LAYOUT");
    assert.is(await codeOf(() => one.mutex(PLACE + 128)), "ERR_OUT_OF_RANGE");
    assert.is(await codeOf(() => service.serve(5 as never)), "ERR_INVALID_ARG_TYPE");
    assert.is(await codeOf(() => service.serve((bytes) => bytes, { concurrency: 0 })), "ERR_OUT_OF_RANGE");
    assert.is(await codeOf(() => service.serve((bytes) => bytes, { retry: 1 as never })), "ERR_INVALID_ARG_TYPE");
    assert.is(await codeOf(service.request("x" as never)), "ERR_INVALID_ARG_TYPE");
    assert.is(await codeOf(() => new (Service as unknown as new () => unknown)()), "ERR_ILLEGAL_CONSTRUCTOR");
  }),
);
more("bytes are the default", () =>
  withParties(local, 2, async (parties) => {
    const [one, two] = [domainOf(parties, 0).service(PLACE, SIZES), domainOf(parties, 1).service(PLACE)];
    await using server = one.serve((bytes) => Uint8Array.from(bytes).reverse());
    assert.ok(server);
    assert.equal([...(await two.request(Uint8Array.of(1, 2, 3)))], [3, 2, 1]);
  }),
);
more.run();
