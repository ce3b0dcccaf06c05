import { afterEach, describe, expect, it, vi } from "vitest";
import { ByteReader, ByteWriter } from "../src/base/bytes.ts";
import { systemClock } from "../src/base/clock.ts";
import { ExactSum } from "../src/base/exact-sum.ts";
import { OutsideEffects } from "../src/engine/effects.ts";
import { type Engine, stateHash } from "../src/engine/engine.ts";
import { OrderQueue } from "../src/engine/order-queue.ts";
import { populate } from "../src/model/populate.ts";
import { compile } from "../src/model/program.ts";
import { dataFiles } from "../src/store/data-file.ts";
import { Lockstep } from "../src/testing/lockstep.ts";
import { chaos } from "./chaos.ts";

type Mutation = (engine: Engine) => void;

/** What the determinism test compares, of a run whose engines were tampered with. */
async function outcome(workers: number, mutate: Mutation): Promise<string> {
  const program = compile(chaos, { seed: 11 });
  const population = await populate(program, dataFiles);
  const placement = Uint16Array.from({ length: population.count }, (_, i) => i % workers);
  const runner = (): OutsideEffects => new OutsideEffects(systemClock);
  const lockstep = new Lockstep({ program, population, placement, workers, runId: "mutation", runner });
  for (const engine of lockstep.engines) mutate(engine);
  try {
    while (lockstep.decision.kind === "window") await lockstep.step();
  } catch (reason) {
    return String(reason);
  }
  const samples = JSON.stringify(lockstep.engines[0]!.takeSamples());
  return `${stateHash(lockstep.engines.map((engine) => engine.finish().hash))} ${samples}`;
}

const outcomes = (mutate: Mutation): Promise<string[]> =>
  Promise.all([1, 2, 3].map((workers) => outcome(workers, mutate)));
const distinct = async (mutate: Mutation): Promise<number> => new Set(await outcomes(mutate)).size;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("what depends on the worker is found by comparing 1, 2 and 3 workers", () => {
  it("nothing does, as it is", async () => {
    expect(await distinct(() => {})).toBe(1);
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
});
