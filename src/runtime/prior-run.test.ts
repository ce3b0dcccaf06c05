import { expect, test } from "vitest";
import { encodeManifest, MANIFEST_FORMAT } from "../store/checkpoint-manifest.ts";
import { DecisionLog } from "../store/decision-log.ts";
import { RunFolder } from "../store/run-folder.ts";
import { FORMATS, type RunManifest } from "../store/run-manifest.ts";
import { SimDisk } from "../store/sim-disk.ts";
import { writeSmallFile } from "../store/small-file.ts";
import type { LoadedScenario } from "./load-scenario.ts";
import { openPriorRun, type PriorRun } from "./prior-run.ts";
import { packageVersion } from "./version.ts";

const manifest: RunManifest = {
  formats: FORMATS,
  myriad: packageVersion(),
  runId: "r1",
  seed: 7,
  params: {},
  options: { workers: 2 },
  scenario: "town.ts",
  scenarioHash: "5eed",
  nodeMajor: Number(process.versions.node.split(".")[0]),
  arch: process.arch,
};
const loaded = { file: "town.ts", hash: { code: "", data: "", combined: "5eed" } } as LoadedScenario;

/** Tells as well which files were passed over. */
async function opened(disk: SimDisk): Promise<PriorRun & { readonly bad: string[] }> {
  const bad: string[] = [];
  const onBad = (file: string): number => bad.push(file);
  return { ...(await openPriorRun({ disk, folder: "run", load: async () => loaded, onBad })), bad };
}

/** A checkpoint without parts, of which some were made before. */
async function commit(disk: SimDisk, id: number, other: object = {}): Promise<void> {
  const { runId, seed, scenarioHash, nodeMajor, arch } = manifest;
  const rest = { window: id * 10, epoch: 1, workers: [], placement: 1, base: null, parts: [], time: "" };
  const bytes = encodeManifest({
    format: MANIFEST_FORMAT,
    runId,
    seed,
    scenarioHash,
    nodeMajor,
    arch,
    id,
    ...rest,
    ...other,
  });
  await disk.makeFolder("run/checkpoints");
  await writeSmallFile(disk, `run/checkpoints/${id}.json`, bytes);
}

async function runOn(disk: SimDisk, decisions: object[] = []): Promise<void> {
  await new RunFolder(disk, "run").write(manifest);
  const log = await DecisionLog.open({ disk, folder: "run/decisions", runId: "r1" });
  for (const decision of decisions) await log.append(decision as never);
  await log.close();
}

test("numbers go on above all that were used, also by what is damaged, was given up, or stands in a journal only", async () => {
  const disk = new SimDisk(1);
  await runOn(disk, [{ kind: "checkpoint", checkpoint: 3, window: 30, epoch: 4 }]);
  const fresh = await opened(disk);
  expect(fresh.checkpoint).toBeUndefined();
  expect([fresh.epoch, fresh.checkpointId]).toEqual([4, 3]);
  await fresh.decisions.close();
  await commit(disk, 4);
  await commit(disk, 5);
  disk.place("run/checkpoints/5.json", Buffer.from("{}"));
  disk.place("run/checkpoints/6-1-ab-0.part", Buffer.from("half"));
  disk.place("run/journal/2-0-9-ab.log", Buffer.from(""));
  const prior = await opened(disk);
  expect(prior.checkpoint?.id).toBe(4);
  expect(prior.bad).toEqual(["5.json"]);
  expect([prior.epoch, prior.checkpointId]).toEqual([9, 6]);
});

test("one master at a time", async () => {
  const disk = new SimDisk(1);
  await runOn(disk);
  const first = await opened(disk);
  await expect(opened(disk)).rejects.toThrow("STORE_FAILED");
  await first.decisions.close();
  await (await opened(disk)).decisions.close();
});

test.each([
  [{ seed: 8 }, "seed 7, here 8"],
  [{ scenarioHash: "5eee" }, "scenario hash 5eed, here 5eee"],
])("a checkpoint with %j is refused, and the folder is free again", async (other, shown) => {
  const disk = new SimDisk(1);
  await runOn(disk);
  await commit(disk, 1, other);
  for (let again = 0; again < 2; again++) {
    await expect(opened(disk)).rejects.toThrow(`MISMATCH: the run was started with ${shown}`);
  }
});

test("another scenario is refused before the folder is taken", async () => {
  const disk = new SimDisk(1);
  await new RunFolder(disk, "run").write({ ...manifest, scenarioHash: "0ld" });
  await expect(opened(disk)).rejects.toThrow("MISMATCH: the run was started with scenario hash 0ld, here 5eed");
});
