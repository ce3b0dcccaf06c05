import { expect, test } from "vitest";
import { RunDigest } from "./run-digest.ts";
import type { RecordRow } from "./run-writer.ts";

const ROWS: RecordRow[] = [
  { time: 1, agent: 0, number: 0, series: "a", value: { x: 1, y: 2 } },
  { time: 1, agent: 0, number: 1, series: "a", value: { y: 2, x: 1 } },
  { time: 2, agent: 1, number: 0, series: "a", value: 7 },
  { time: 2, agent: 3, number: 1, series: "b", value: "text" },
];

function digestOf(rows: readonly RecordRow[]): Record<string, string> {
  const digest = new RunDigest();
  for (const row of rows) digest.records([row]);
  return digest.digest.records;
}

test("neither the order of agents nor the numbers of a worker show", () => {
  expect(Object.keys(digestOf(ROWS))).toEqual(["a", "b"]);
  const [first, second, third, fourth] = ROWS;
  const elsewhere = [third!, fourth!, first!, second!].map((row, number) => ({ ...row, number: number + 7 }));
  expect(digestOf(elsewhere)).toEqual(digestOf(ROWS));
});

test("the order of one agent's records of one time shows", () => {
  const first = ROWS[0]!;
  for (const second of [
    { ...first, value: 9 },
    { ...first, series: "b" },
  ]) {
    expect(digestOf([first, second])).not.toEqual(digestOf([second, first]));
  }
});

test.each([
  ["value", { value: 8 }],
  ["time", { time: 2.5 }],
  ["agent", { agent: 2 }],
])("another %s shows in its series, and in no other", (_what, change) => {
  const before = digestOf(ROWS);
  const after = digestOf(ROWS.map((row, i) => (i === 2 ? { ...row, ...change } : row)));
  expect(after.a).not.toBe(before.a);
  expect(after.b).toBe(before.b);
});

test("a record that is missing or twice shows", () => {
  expect(digestOf(ROWS.slice(0, 3)).b).toBeUndefined();
  expect(digestOf(ROWS.slice(1)).a).not.toBe(digestOf(ROWS).a);
  expect(digestOf([...ROWS, ROWS[0]!]).a).not.toBe(digestOf(ROWS).a);
});

test("samples have a hash each", () => {
  const [one, two] = [new RunDigest(), new RunDigest()];
  one.samples([{ time: 1, values: { sick: 1, ages: [1, Number.NaN] } }]);
  two.samples([{ time: 1, values: { ages: [1, Number.NaN], sick: 2 } }]);
  expect(Object.keys(one.digest.samples)).toEqual(["ages", "sick"]);
  expect(one.digest.samples.ages).toBe(two.digest.samples.ages);
  expect(one.digest.samples.sick).not.toBe(two.digest.samples.sick);
});
