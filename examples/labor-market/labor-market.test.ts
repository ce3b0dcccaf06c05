import { NOBODY } from "myriad";
import { beforeAll, expect, test } from "vitest";
import { collect } from "../collect.ts";
import scenario from "./scenario.ts";

type Run = Awaited<ReturnType<typeof collect>>;
type Person = { employer: number; wage: number; age: number };
type Employer = { jobs: number; staff: number; ceiling: number; wage: number };

const PEOPLE = 3000;
const statesOf = <S>({ states }: Run, type: string) =>
  states.filter((row) => row.type === type).map(({ index, state }) => ({ index, ...(state as S) }));

let run: Run;
beforeAll(async () => {
  run = await collect(scenario, { seed: 7 });
});

test("joblessness falls from everyone to the few between two jobs", () => {
  expect(run.result.ended).toBe("rounds");
  const { employed, jobless, meanWage, benefit } = run.result.observations as Record<string, number>;
  expect(employed! + jobless!).toBe(PEOPLE);
  expect(jobless).toBeGreaterThan(20);
  expect(jobless).toBeLessThan(PEOPLE * 0.15);
  expect(meanWage).toBeGreaterThan(2000);
  expect(benefit! / meanWage!).toBeCloseTo(0.5, 1);
});

test("everyone who works has an employer with a post for it", () => {
  const staff = new Map<number, number>();
  for (const { employer, wage } of statesOf<Person>(run, "person")) {
    expect(wage > 0).toBe(employer !== NOBODY);
    if (employer !== NOBODY) staff.set(employer, (staff.get(employer) ?? 0) + 1);
  }
  for (const { index, jobs, wage, ceiling } of statesOf<Employer>(run, "employer")) {
    expect(staff.get(index) ?? 0).toBeLessThanOrEqual(jobs);
    expect(wage).toBeLessThanOrEqual(ceiling);
  }
});

test("school leavers take the place of pensioners", () => {
  const people = statesOf<Person>(run, "person");
  expect(people.filter(({ age }) => age < 65)).toHaveLength(PEOPLE);
  const born = Math.max(...people.map(({ index }) => index)) - PEOPLE;
  expect(born).toBeGreaterThan(100);
});

test("more separations, more people without a job", async () => {
  const unstable = await collect(scenario, { seed: 7, params: { separation: 0.1 }, until: { rounds: 18 } });
  expect(unstable.result.observations.jobless).toBeGreaterThan(2 * (run.result.observations.jobless as number));
});

test("without jobs nobody works", async () => {
  const idle = await collect(scenario, { params: { jobs: 0 }, until: { rounds: 3 } });
  expect(idle.result.observations).toMatchObject({ employed: 0, payroll: 0, vacancies: 0 });
});
