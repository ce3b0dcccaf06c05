import fc from "fast-check";
import { expect, test } from "vitest";
import { RunFolder } from "./run-folder.ts";
import { checkRun, FORMATS, type Here, type RunManifest } from "./run-manifest.ts";
import { SimDisk } from "./sim-disk.ts";

const manifest: RunManifest = {
  formats: FORMATS,
  myriad: "0.1.0",
  runId: "abc",
  seed: 7,
  params: { beta: 0.5, names: ["x"] },
  options: { workers: 3, until: { time: 60 }, checkpointEvery: 0.5 },
  scenario: "examples/epidemic/scenario.ts",
  scenarioHash: "5eed",
  nodeMajor: 20,
  arch: "x64",
};

test("a run's manifest is read back as it was, whatever its parameters", async () => {
  const exact = { when: new Map([[1, Number.NaN]]), far: Number.POSITIVE_INFINITY, none: undefined };
  for (const params of [manifest.params, null, exact, { $packed: "AA==" }, []]) {
    const folder = new RunFolder(new SimDisk(1), "runs/one");
    await folder.write({ ...manifest, params });
    expect(await folder.read()).toEqual({ ...manifest, params });
  }
});

test("a folder that is none of a run, one that was changed and one of another format are refused", async () => {
  const disk = new SimDisk(1);
  const folder = new RunFolder(disk, "run");
  await expect(folder.read()).rejects.toThrow('INVALID_DATA: "run" is not the folder of a run: it has no run.json');
  await folder.write(manifest);
  const good = disk.contents("run/run.json");
  disk.place("run/run.json", Buffer.from(Buffer.from(good).toString().replace('"seed": 7', '"seed": 8')));
  await expect(folder.read()).rejects.toThrow('CORRUPT: "run/run.json" is not what was written');
  await folder.write({ ...manifest, formats: { ...FORMATS, run: 99 } });
  await expect(folder.read()).rejects.toThrow(
    `MISMATCH: "run/run.json" has format 99; this version reads ${FORMATS.run}`,
  );
});

test.each<[Here, string]>([
  [{ seed: 8 }, "seed 7, here 8"],
  [{ runId: "abd" }, "run abc, here abd"],
  [{ myriad: "0.2.0" }, "myriad 0.1.0, here 0.2.0"],
  [{ scenarioHash: "5eee" }, "scenario hash 5eed, here 5eee"],
  [{ nodeMajor: 22, arch: "arm64" }, "Node 20, here 22; architecture x64, here arm64"],
  [{ formats: { ...FORMATS, part: 2 } }, "format of part 1, here 2"],
])("refuses to go on with %j, naming both values", (other, shown) => {
  const { params: _, options: __, scenario: ___, ...here } = manifest;
  checkRun(manifest, here);
  checkRun(manifest, {});
  expect(() => checkRun(manifest, { ...here, ...other })).toThrow(`MISMATCH: the run was started with ${shown}`);
});

test("after a crash anywhere while it is written anew, there is the old manifest or the new one", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 12 }), fc.nat(), async (crashAt, seed) => {
      const disk = new SimDisk(seed);
      const folder = new RunFolder(disk, "run");
      await folder.write(manifest);
      disk.operations = 0;
      disk.crashAt = crashAt;
      const written = await folder.write({ ...manifest, seed: 8 }).then(
        () => true,
        () => false,
      );
      disk.crash();
      const { seed: found } = await folder.read();
      expect(written ? [8] : [7, 8]).toContain(found);
    }),
    { numRuns: 300 },
  );
});
