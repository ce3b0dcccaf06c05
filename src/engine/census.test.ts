import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CENSUS_ROOM, CENSUS_SLACK, Census } from "./census.ts";

const workers = fc
  .array(fc.record({ share: fc.nat(5), limit: fc.oneof(fc.nat(500), fc.constant(Number.POSITIVE_INFINITY)) }), {
    minLength: 1,
    maxLength: 12,
  })
  .filter((list) => list.some(({ share }) => share > 0));
const censusOf = (list: readonly { share: number; limit: number }[]): Census =>
  new Census(
    list.length,
    list.map(({ share }) => share),
    list.map(({ limit }) => limit),
  );
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

describe("what each worker should host", () => {
  it("is its share of all agents and some more", () => {
    const total = 100 * CENSUS_ROOM;
    const most = total * (1 + CENSUS_SLACK);
    expect(Array.from(new Census(4).limits(total))).toEqual([1, 1, 1, 1].map(() => Math.ceil(most / 4)));
    expect(Array.from(new Census(3, [1, 2, 1]).limits(total))).toEqual([most / 4, most / 2, most / 4].map(Math.ceil));
    expect(Array.from(new Census(2).limits(10))).toEqual([(10 + CENSUS_ROOM) / 2, (10 + CENSUS_ROOM) / 2]);
  });

  it("is more where others are at their limits, and nothing without a share until then", () => {
    const total = 1000;
    const most = total * (1 + CENSUS_SLACK);
    expect(Array.from(new Census(3, [1, 1, 1], [50.9, 400, 1e6]).limits(total))).toEqual([50, 400, most - 450]);
    const spare = new Census(3, [1, 1, 0], [480, 530, 1e6]);
    expect(Array.from(spare.limits(total))).toEqual([480, 530, 0]);
    expect(Array.from(spare.limits(total + 20))).toEqual([480, 530, 10]);
  });

  it("is never above its limit, and enough for all wherever limits are", () => {
    fc.assert(
      fc.property(workers, fc.nat(3000), (list, total) => {
        const census = censusOf(list);
        const limits = census.limits(total);
        expect(Array.from(limits).every((limit, b) => limit <= list[b]!.limit && Number.isInteger(limit))).toBe(true);
        expect(sum(limits)).toBeGreaterThanOrEqual(Math.min(total, census.capacity));
        const wanted = Math.max((1 + CENSUS_SLACK) * total, total + CENSUS_ROOM);
        const sharing = limits.filter((_, b) => list[b]!.share > 0);
        expect(sum(sharing)).toBeLessThanOrEqual(wanted + sharing.length);
      }),
      { numRuns: 1000 },
    );
  });

  it("leaves a place for everybody who is born, also where somebody has too many", () => {
    fc.assert(
      fc.property(workers, fc.array(fc.nat(400), { maxLength: 12 }), fc.nat(500), (list, begin, born) => {
        const census = censusOf(list);
        census.begin(begin.flatMap((agents, b) => (b < list.length ? new Array<number>(agents).fill(b) : [])));
        const limits = census.limits(census.total + born);
        const room = sum(limits.map((limit, b) => Math.max(0, limit - census.living[b]!)));
        if (census.total + born <= census.capacity) expect(room).toBeGreaterThanOrEqual(born);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("room with the parents", () => {
  it("is what the share leaves, with those that have just gone", () => {
    const census = new Census(2, [1, 1], [60, 1000]);
    census.begin(new Array(100).fill(0).map((_, i) => i % 2));
    expect([census.room(0, 8, 0), census.room(0, 11, 0), census.room(0, 20, 5)]).toEqual([8, 10, 15]);
    census.add(0, 10);
    expect([census.room(0, 1, 0), census.room(0, 2, 1)]).toEqual([0, 1]);
    expect(census.room(1, 7, 0)).toBe(7);
    census.add(0, -12);
    expect(census.room(0, 100, 0)).toBe(12);
    expect(census.total).toBe(98);
  });

  it("is all there is on a worker that is alone", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(5000), fc.nat(1000), (agents, born, retired) => {
        const census = new Census(1);
        census.begin(new Uint16Array(agents + retired));
        expect(census.room(0, born, retired)).toBe(born);
      }),
    );
  });
});

it("refuses shares and limits that are none", () => {
  expect(() => new Census(2, [1])).toThrow("INVALID_PLACEMENT: 1 shares for 2 workers");
  expect(() => new Census(2, [1, 1], [1, 2, 3])).toThrow("INVALID_PLACEMENT: 3 agent limits for 2 workers");
  expect(() => new Census(2, [1, -1])).toThrow("share of worker 1: -1 is not a finite number of 0 or more");
  expect(() => new Census(2, [1, Number.POSITIVE_INFINITY])).toThrow("share of worker 1: Infinity");
  expect(() => new Census(2, [0, 0])).toThrow("the shares sum to 0, which is not a finite number above 0");
  expect(() => new Census(2, [1, 1], [5, Number.NaN])).toThrow(
    "agent limit of worker 1: NaN is not a number of 0 or more",
  );
});
