import { MyriadError } from "../src/base/error.ts";
import type { Case } from "./case.ts";
import { connectionCases } from "./connection-cases.ts";
import { otherCases } from "./other-cases.ts";
import { partCases } from "./part-cases.ts";
import { pholdCases } from "./phold-cases.ts";
import { saveCases } from "./save-cases.ts";

/** The cases of the short run or of the whole grid, those alone whose name contains `only`. Throws INVALID_ARGUMENT when there is none. */
export function chooseCases(full: boolean, only: string | undefined): Case[] {
  const all = [...pholdCases(), ...otherCases(), ...partCases(), ...saveCases(), ...connectionCases()];
  const chosen =
    only === undefined
      ? all.filter((one) => full || one.quick)
      : all.filter((one) => only.split(",").some((part) => one.name.includes(part)));
  if (chosen.length > 0) return chosen;
  throw new MyriadError("INVALID_ARGUMENT", `--only ${JSON.stringify(only)}: no case is named so; see --full --list`);
}
