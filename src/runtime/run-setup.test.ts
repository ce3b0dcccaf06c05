import { expect, test } from "vitest";
import { defineModel } from "../model/model.ts";
import { compile } from "../model/program.ts";
import { asF64 } from "./chunks.ts";
import { setupMessage } from "./run-setup.ts";

test("workers are told everybody's share and limit, and that there is none", () => {
  const model = defineModel({ name: "set-up" });
  const program = compile(model.scenario({ agents: [model.agent("one").state(() => ({}))] }), { seed: 7 });
  const subject = {
    runId: "0123456789ab",
    scenarioPath: "",
    scenarioHash: "",
    expectedWorkers: 2,
    agents: 5,
    run: {},
    epoch: 1,
    runFolder: "",
    restore: undefined,
    commands: 0,
  };
  const shares = Float64Array.of(0.25, 0.75);
  const agentLimits = Float64Array.of(Infinity, 10);
  const setup = setupMessage(program, subject, { shares, agentLimits });
  expect(asF64(setup.shares)).toEqual(shares);
  expect(asF64(setup.agentLimits)).toEqual(agentLimits);
  expect(setup).toMatchObject({ workers: 2, agents: 5, seed: 7, epoch: 1 });
});
