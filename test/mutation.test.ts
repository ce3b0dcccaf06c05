import { afterEach, describe, expect, it, vi } from "vitest";
import { ByteReader, ByteWriter } from "../src/base/bytes.ts";
import { systemClock } from "../src/base/clock.ts";
import { ExactSum } from "../src/base/exact-sum.ts";
import { OutsideEffects } from "../src/engine/effects.ts";
import { type Engine, stateHash } from "../src/engine/engine.ts";
import { OrderQueue } from "../src/engine/order-queue.ts";
import { populate } from "../src/model/populate.ts";
import { compile } from "../src/model/program.ts";
import type { Scenario } from "../src/model/scenario.ts";
import { Streaming } from "../src/placement/streaming.ts";
import { dataFiles } from "../src/store/data-file.ts";
import { Lockstep } from "../src/testing/lockstep.ts";
import { breeding } from "./breeding.ts";
import { chaos } from "./chaos.ts";

type Mutation = (engine: Engine) => void;

/** What the determinism tests compare, of a run whose engines were tampered with. */
async function outcome(workers: number, mutate: Mutation, scenario: Scenario): Promise<string> {
  const program = compile(scenario, { seed: 11 });
  const population = await populate(program, dataFiles);
  const placement = Uint16Array.from({ length: population.count }, (_, i) => i % workers);
  const runner = (): OutsideEffects => new OutsideEffects(systemClock);
  // The first worker has more than its share: who is born there has to leave.
  const shares = [1, 9, 9].slice(0, workers);
  const lockstep = new Lockstep({ program, population, placement, workers, shares, runId: "mutation", runner });
  for (const engine of lockstep.engines) mutate(engine);
  try {
    while (lockstep.decision.kind === "window") await lockstep.step();
  } catch (reason) {
    return String(reason);
  }
  const samples = JSON.stringify(lockstep.engines[0]!.takeSamples());
  return `${stateHash(lockstep.engines.map((engine) => engine.finish().hash))} ${samples}`;
}

/** How many outcomes there are on 1, 2 and 3 workers. */
async function distinct(mutate: Mutation, scenario: Scenario = chaos): Promise<number> {
  const outcomes: string[] = [];
  for (const workers of [1, 2, 3]) outcomes.push(await outcome(workers, mutate, scenario));
  return new Set(outcomes).size;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("what depends on the worker is found by comparing 1, 2 and 3 workers", () => {
  it("nothing does, as it is", async () => {
    expect(await distinct(() => {})).toBe(1);
    expect(await distinct(() => {}, breeding)).toBe(1);
  });

  it("a tie-break", async () => {
    const byWorker: Mutation = ({ core }) => {
      const tie = core.random.tie.bind(core.random);
      core.random.tie = (from, to, time) => (tie(from, to, time) ^ (core.self * 0x9e37_79b9)) >>> 0;
    };
    expect(await distinct(byWorker)).toBe(3);
  });

  it("an order that is the order of arrival where times are equal", async () => {
    vi.spyOn(OrderQueue.prototype, "sort").mockImplementation(function (this: OrderQueue, batch) {
      this.rows.subarray(this.head, this.tail).sort((a, b) => batch.time[a]! - batch.time[b]! || a - b);
    });
    expect(await distinct(() => {})).toBe(3);
  });

  it("a random key", async () => {
    const bySlot: Mutation = ({ core }) => {
      const uniform = core.random.uniform.bind(core.random);
      core.random.uniform = (agent, draw) => uniform(core.table.slotOf[agent]!, draw);
    };
    expect(await distinct(bySlot)).toBe(3);
  });

  it("a random stream of the worker", async () => {
    const stream: Mutation = ({ core }) => {
      const uniform = core.random.uniform.bind(core.random);
      let draws = 0;
      core.random.uniform = () => uniform(0, draws++);
    };
    expect(await distinct(stream)).toBe(3);
  });

  it("a reduction that rounds at every step", async () => {
    const values = new WeakMap<ExactSum, number>();
    const value = (sum: ExactSum): number => values.get(sum) ?? 0;
    vi.spyOn(ExactSum.prototype, "add").mockImplementation(function (this: ExactSum, x) {
      values.set(this, value(this) + x);
    });
    vi.spyOn(ExactSum.prototype, "merge").mockImplementation(function (this: ExactSum, other) {
      values.set(this, value(this) + value(other));
    });
    vi.spyOn(ExactSum.prototype, "value").mockImplementation(function (this: ExactSum) {
      return value(this);
    });
    vi.spyOn(ExactSum.prototype, "toBytes").mockImplementation(function (this: ExactSum) {
      const out = new ByteWriter();
      out.f64(value(this));
      return out.bytes();
    });
    vi.spyOn(ExactSum, "fromBytes").mockImplementation((bytes) => {
      const sum = new ExactSum();
      values.set(sum, new ByteReader(bytes).f64());
      return sum;
    });
    expect(await distinct(() => {})).toBe(3);
  });

  it("a last value that is that of the highest worker", async () => {
    const byWorker: Mutation = ({ core }) => {
      const { shared } = core;
      const put = shared.put.bind(shared);
      shared.put = (id, value) => put(id, value, () => [core.self, 0, 0, 0, 0, 0, 0]);
    };
    expect(await distinct(byWorker)).toBe(3);
  });

  it("a place for a newborn that each worker gives to whom it hears of first", async () => {
    let self = 0;
    const listen: Mutation = (engine) => {
      const apply = engine.apply.bind(engine);
      engine.apply = (closings) => {
        self = engine.core.self;
        return apply(closings);
      };
    };
    const place = Streaming.prototype.place;
    vi.spyOn(Streaming.prototype, "place").mockImplementation(function (this: Streaming, load) {
      return place.call(this, load, [self]);
    });
    expect(await distinct(listen, breeding)).toBe(3);
  });
});
