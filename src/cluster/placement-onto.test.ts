import fc from "fast-check";
import { expect, test } from "vitest";
import { placementOnto, successorOf } from "./placement-onto.ts";

const saved = fc.integer({ min: 1, max: 9 }).chain((before) =>
  fc.record({
    before: fc.constant(before),
    placement: fc
      .array(fc.integer({ min: 0, max: before - 1 }), { maxLength: 60 })
      .map((workers) => Uint16Array.from(workers)),
  }),
);

test("as many workers as before: nobody moves", () => {
  fc.assert(
    fc.property(saved, ({ before, placement }) => {
      expect(placementOnto(placement, before, before)).toBe(placement);
    }),
  );
});

test("another number of workers: all host equally many, and nobody moves without need", () => {
  fc.assert(
    fc.property(saved, fc.integer({ min: 1, max: 9 }), ({ before, placement }, workers) => {
      fc.pre(workers !== before);
      const onto = placementOnto(placement, before, workers);
      expect(onto.length).toBe(placement.length);
      const hosted = new Array<number>(workers).fill(0);
      for (const worker of onto) hosted[worker]!++;
      expect(Math.max(...hosted) - Math.min(...hosted)).toBeLessThanOrEqual(1);
      for (let worker = 0; worker < workers; worker++) {
        const here = placement.filter((each) => each === worker).length;
        const stayed = onto.filter((each, index) => each === worker && placement[index] === worker).length;
        expect(stayed).toBe(Math.min(here, hosted[worker]!));
      }
    }),
  );
});

test("it is the same for everyone who works it out", () => {
  expect([...placementOnto(Uint16Array.of(0, 0, 0, 1, 1, 1), 2, 3)]).toEqual([0, 0, 2, 1, 1, 2]);
  expect([...placementOnto(Uint16Array.of(0, 1, 2, 0, 1, 2), 3, 2)]).toEqual([0, 1, 0, 0, 1, 1]);
});

test("the counts of each saved worker have one successor", () => {
  expect([0, 1, 2, 3, 4].map((before) => successorOf(before, 2))).toEqual([0, 1, 0, 1, 0]);
  expect([0, 1].map((before) => successorOf(before, 3))).toEqual([0, 1]);
});
