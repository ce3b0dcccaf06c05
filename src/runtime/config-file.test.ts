import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfig } from "./config-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "myriad-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test("yaml and json; paths count from the file's folder", async () => {
  const yaml = file("m.yaml", "listenPort: 0\nscenario: ./epidemic\nparams: { beta: 0.5 }\n");
  const json = file("m.json", '{"listenPort": 0, "scenario": "./epidemic", "params": {"beta": 0.5}}');
  const expected = { listenPort: 0, scenario: join(folder, "epidemic"), params: { beta: 0.5 }, expectedWorkers: 1 };
  expect(await readConfig("master", yaml, {})).toMatchObject(expected);
  expect(await readConfig("master", json, {})).toMatchObject(expected);
});

test("the environment goes before the file, and is enough alone", async () => {
  const yaml = file("w.yml", "masterAddress: a\nmasterPort: 1\n");
  expect(await readConfig("worker", yaml, { MYRIAD_MASTER_PORT: "2" })).toMatchObject({
    masterAddress: "a",
    masterPort: 2,
  });
  expect(await readConfig("worker", undefined, { MYRIAD_MASTER_ADDRESS: "b" })).toMatchObject({ masterAddress: "b" });
});

test("an empty file is an empty configuration", async () => {
  expect(await readConfig("master", file("m.yaml", ""), {})).toMatchObject({ expectedWorkers: 1 });
});

test.each([
  ["m.yaml", "listenPort: [1", /m\.yaml: .*line 1/],
  ["m.json", "{", /m\.json: /],
  ["m.toml", "", /ends in \.yaml, \.yml or \.json/],
  ["m.yaml", "- 1\n- 2\n", /the configuration is \[1,2\]/],
  ["m.yaml", "listenport: 1", /did you mean "listenPort"/],
])("%s with %j is refused in one line", async (name, text, message) => {
  const reason = await readConfig("master", file(name, text), {}).catch((error: Error) => error);
  expect(reason).toMatchObject({ code: "INVALID_CONFIG" });
  expect((reason as Error).message).toMatch(message);
  expect((reason as Error).message).not.toContain("\n");
});

test("a missing file is named", async () => {
  await expect(readConfig("master", join(folder, "no.yaml"), {})).rejects.toThrow(
    /no\.yaml: cannot be read \(ENOENT\)/,
  );
});
