import { tmpdir } from "node:os";
import { SpillBudget, type SpillLimits } from "./spill-budget.ts";

/** Limits of tests: `memoryBytes` is more than any test needs where it does not matter. */
export const spillLimits = (changes: Partial<SpillLimits> = {}): SpillLimits => ({
  memoryBytes: 2 ** 30,
  diskBytes: 2 ** 30,
  folder: tmpdir(),
  diskOption: "logMax",
  ...changes,
});

export const spillBudget = (changes: Partial<SpillLimits> = {}): SpillBudget => new SpillBudget(spillLimits(changes));
