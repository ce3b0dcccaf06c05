import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MyriadError } from "../base/error.ts";
import { findScenario, loadScenario } from "./load-scenario.ts";
import { describeFailure, findSyntaxError } from "./scenario-failure.ts";

const SCENARIO = `
import { defineModel } from "myriad";
const model = defineModel({ name: "hello" });
const Agent = model.agent("agent").state(() => ({ n: 0 }));
export default model.scenario({ agents: [Agent] });
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "myriad-load-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The one line of a refusal. */
async function refusal(path: string): Promise<string> {
  const reason = await loadScenario(path).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(reason).toBeInstanceOf(MyriadError);
  expect((reason as MyriadError).code).toBe("INVALID_SCENARIO");
  expect((reason as MyriadError).message).not.toContain("\n");
  return (reason as MyriadError).message;
}

describe("finding", () => {
  test("a module, or the scenario.ts or scenario.js of a folder, in this order", async () => {
    const module = file("other.ts", SCENARIO);
    expect(await findScenario(module)).toBe(module);
    const js = file("scenario.js", SCENARIO);
    expect(await findScenario(folder)).toBe(js);
    const ts = file("scenario.ts", SCENARIO);
    expect(await findScenario(folder)).toBe(ts);
  });

  test("what is not there is named", async () => {
    await expect(findScenario(join(folder, "no.ts"))).rejects.toThrow(
      /INVALID_SCENARIO: there is no file or folder ".*no\.ts"/,
    );
    await expect(findScenario(folder)).rejects.toThrow("has no scenario.ts or scenario.js");
    await expect(findScenario(file("a.json", "{}"))).rejects.toThrow("is not a .ts or .js module");
    mkdirSync(join(folder, "x", "scenario.ts"), { recursive: true });
    await expect(findScenario(join(folder, "x"))).rejects.toThrow("has no scenario.ts or scenario.js");
  });
});

describe("loading", () => {
  test("gives the scenario, its file and its hash", async () => {
    const path = file("scenario.ts", SCENARIO);
    const loaded = await loadScenario(folder);
    expect(loaded.scenario.agents.map((type) => type.name)).toEqual(["agent"]);
    expect(loaded.file).toBe(path);
    expect(loaded.hash.combined).toMatch(/^[0-9a-f]{32}$/);
  });

  test("no default export", async () => {
    expect(await refusal(file("a.ts", "export const x = 1;"))).toMatch(/a\.ts has no default export/);
  });

  test("a default export that is no scenario", async () => {
    expect(await refusal(file("a.ts", "export default { agents: [] };"))).toMatch(
      /default export of .*a\.ts is not a scenario/,
    );
  });

  test("an agent type twice", async () => {
    const text = SCENARIO.replace("agents: [Agent]", 'agents: [Agent, model.agent("agent").state(() => ({ n: 0 }))]');
    expect(await refusal(file("a.ts", text))).toContain("agent");
  });

  test("what the module throws is told with its file", async () => {
    expect(await refusal(file("a.ts", '\nthrow new Error("no luck\\nat all");'))).toMatch(/a\.ts.*no luck$/);
  });
});

describe("one line for every failure", () => {
  const describeIt = (reason: unknown): string => describeFailure(reason, "/x/scenario.ts").message;
  const withStack = (name: string, message: string, stack: string): Error =>
    Object.assign(new Error(message), { name, stack });

  test("a syntax error of TypeScript has file, line and column", () => {
    const reason = new Error('Transform failed with 1 error:\n/x/scenario.ts:3:10: ERROR: Unexpected "="');
    expect(describeIt(reason)).toBe('INVALID_SCENARIO: /x/scenario.ts:3:10: Unexpected "="');
  });

  test("a syntax error of JavaScript has file and line", () => {
    const stack =
      "file:///x/bad.js:3\nconst b = = 2;\n          ^\n\nSyntaxError: Unexpected token '='\n    at compile (node:internal/x:1:2)";
    expect(describeIt(withStack("SyntaxError", "Unexpected token '='", stack))).toBe(
      "INVALID_SCENARIO: /x/bad.js:3: Unexpected token '='",
    );
  });

  test("a syntax error that Node does not place is looked for, also in imports", async () => {
    const path = file("a.js", 'import "./b.js";\nexport default 1;\n');
    file("b.js", "const a = 1;\n\nconst b = = 2;\n");
    const reason = await findSyntaxError(path);
    expect(describeFailure(reason, path).message).toMatch(/INVALID_SCENARIO: .*b\.js:3: Unexpected token '='$/);
    expect(await findSyntaxError(file("c.js", "export {};"))).toBeUndefined();
  });

  test("an error has the innermost place that is the user's own", () => {
    const stack =
      "TypeError: no\n    at f (file:///a/node_modules/zod/z.js:1:1)\n    at g (node:internal/x:1:1)\n    at <anonymous> (/x/lib/a%20b.ts:2:18)\n    at /x/scenario.ts:9:1";
    expect(describeIt(withStack("TypeError", "no", stack))).toBe("INVALID_SCENARIO: /x/lib/a b.ts:2:18: no");
  });

  test("our own errors keep their code and tell where", () => {
    const reason = new MyriadError("INVALID_PARAMS", "beta is 5");
    Object.assign(reason, { stack: "MyriadError\n    at /x/scenario.ts:4:5" });
    expect(describeFailure(reason, "/x/scenario.ts").code).toBe("INVALID_PARAMS");
    expect(describeIt(reason)).toBe("INVALID_PARAMS: beta is 5 (in /x/scenario.ts:4:5)");
  });

  test("what has no stack has the module's file", () => {
    expect(describeIt("thrown text")).toBe("INVALID_SCENARIO: /x/scenario.ts: thrown text");
  });
});
