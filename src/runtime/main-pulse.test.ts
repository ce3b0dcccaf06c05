import { expect, it } from "vitest";
import { MainPulse } from "./main-pulse.ts";

const EVERY_MS = 1e6;

it("tells no lag before the first sign, then the longest since last asked", () => {
  const main = new MainPulse();
  const thread = new MainPulse(main.buffer);
  expect(thread.takeLagMs(0)).toBe(0);
  main.sign(5, 0);
  main.sign(6, 40);
  main.sign(7, 30);
  // So long an interval that only what was told counts.
  expect(thread.takeLagMs(EVERY_MS)).toBe(40);
  expect(thread.takeLagMs(EVERY_MS)).toBe(0);
});

it("counts on while no sign comes", () => {
  const main = new MainPulse();
  main.sign(100, 0);
  // A clock that ran 10 s on before the sign is one that has stood for so long since.
  main.sign(100 - 10_000, 0);
  const lagMs = new MainPulse(main.buffer).takeLagMs(1_000);
  expect(lagMs).toBeGreaterThanOrEqual(9_000);
});
