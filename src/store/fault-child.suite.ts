import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Answers } from "./answers.ts";
import type { CheckpointManifest } from "./checkpoint-manifest.ts";
import { DecisionLog } from "./decision-log.ts";
import { EffectJournal } from "./effect-journal.ts";
import { FileCheckpoints } from "./file-checkpoints.ts";
import { nodeDisk } from "./node-disk.ts";
import type { PartInfo } from "./part-writer.ts";

/*
 * A process that writes all that survives a crash, for tests that kill it or take its disk away: `node --import tsx fault-child.suite.ts SCENARIO FOLDER`.
 * It says on standard output, a JSON object a line, what is on disk, and what was refused.
 */
export const CHILD = fileURLToPath(import.meta.url);
export const RUN_ID = "r1";

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const refused = (action: Promise<unknown>): Promise<string> =>
  action.then(
    () => "not refused",
    (reason: Error) => reason.message,
  );

export const openLog = (folder: string): Promise<DecisionLog> =>
  DecisionLog.open({ disk: nodeDisk, folder: join(folder, "decisions"), runId: RUN_ID });
export const openCheckpoints = (folder: string): FileCheckpoints =>
  new FileCheckpoints({
    disk: nodeDisk,
    folder: join(folder, "checkpoints"),
    runId: RUN_ID,
    writer: `p${process.pid}`,
  });
export const loadAnswers = (folder: string): Promise<Answers> =>
  Answers.load({ disk: nodeDisk, folder: join(folder, "journal"), runId: RUN_ID });
export const newestId = async (folder: string): Promise<number> =>
  (await openCheckpoints(folder).newest((file, reason) => say({ bad: file, reason: reason.message })))?.id ?? 0;

async function checkpoint(folder: string, id: number, sectionBytes: number): Promise<void> {
  const checkpoints = openCheckpoints(folder);
  const parts: PartInfo[] = [];
  const draft = await checkpoints.begin(id);
  for (const worker of [0, 1]) {
    const part = await draft.part(worker);
    for (let i = 0; i < 8; i++) await part.write(new Uint8Array(sectionBytes).fill(id));
    parts.push(await part.close());
  }
  const what = { format: 1, runId: RUN_ID, seed: 1, scenarioHash: "", nodeMajor: 20, arch: "x64", base: null };
  const when = { id, window: id, epoch: 1, workers: [0, 1], placement: 0, parts, time: "" };
  await checkpoints.commit({ ...what, ...when } satisfies CheckpointManifest);
  await checkpoints.prune();
}

const scenarios: Record<string, (folder: string) => Promise<void>> = {
  /** Goes on for ever. */
  async work(folder) {
    const log = await openLog(folder);
    let id = await newestId(folder);
    const options = {
      disk: nodeDisk,
      folder: join(folder, "journal"),
      runId: RUN_ID,
      part: 0,
      epoch: 1,
      checkpoint: 0,
    };
    const journal = new EffectJournal({ ...options, incarnation: `p${process.pid}` });
    for (let call = 0; ; call++) {
      say({ decision: await log.append({ by: process.pid, call }) });
      journal.append({ agent: process.pid, call, key: "", outcome: "x".repeat(call % 5_000) });
      await journal.sync();
      say({ agent: process.pid, call });
      if (call % 5 !== 4) continue;
      await checkpoint(folder, ++id, 20_000);
      say({ checkpoint: id });
      if (call % 20 === 19) await log.compact({ upTo: call });
    }
  },

  /** On a disk of 1 MiB. */
  async full(folder) {
    const log = await openLog(folder);
    await log.append("before");
    await checkpoint(folder, 1, 10_000);
    say({ refused: await refused(checkpoint(folder, 2, 100_000)), newest: await newestId(folder) });
    const journal = new EffectJournal({
      ...{ disk: nodeDisk, folder: join(folder, "journal"), runId: RUN_ID },
      ...{ part: 0, epoch: 1, checkpoint: 1, incarnation: "a" },
    });
    journal.append({ agent: 1, call: 1, key: "", outcome: "x".repeat(2 ** 20) });
    say({ refused: await refused(journal.sync()), answers: (await loadAnswers(folder)).size });
    say({ refused: await refused(log.append("x".repeat(2 ** 20))) });
    // What was never committed makes room for the next.
    for (const { name } of await nodeDisk.list(join(folder, "checkpoints"))) {
      if (name.startsWith("2-")) await nodeDisk.remove(join(folder, "checkpoints", name));
    }
    for (const { name } of await nodeDisk.list(join(folder, "journal")))
      await nodeDisk.remove(join(folder, "journal", name));
    await log.compact({ all: "before" });
    await log.append("after");
    await checkpoint(folder, 3, 10_000);
    await log.close();
    const again = await openLog(folder);
    say({
      newest: await newestId(folder),
      snapshot: again.snapshot,
      decisions: again.decisions.map(({ value }) => value),
    });
  },

  /** On a disk of its own, which it makes read-only. */
  async readonly(folder) {
    await checkpoint(folder, 1, 10_000);
    await checkpoint(folder, 2, 10_000);
    await (await openLog(folder)).close();
    execFileSync("sh", ["-c", 'mount -o remount,ro "$0"', folder]);
    say({ refused: await refused(checkpoint(folder, 3, 10_000)), newest: await newestId(folder) });
    say({ refused: await refused(openLog(folder)) });
    say({ refused: await refused(openCheckpoints(folder).prune(1)), newest: await newestId(folder) });
  },

  /** Until an fsync fails. */
  async fsync(folder) {
    const log = await openLog(folder);
    let last = 0;
    for (let failure = ""; failure === ""; ) {
      await log.append(last + 1).then(
        () => last++,
        (reason: Error) => (failure = reason.message),
      );
      if (failure !== "") say({ refused: failure, acknowledged: last });
    }
    say({ refused: await refused(log.append("more")) });
    await log.compact({ upTo: last });
    say({ decision: await log.append("after") });
    await log.close();
    const again = await openLog(folder);
    say({ snapshot: again.snapshot, decisions: again.decisions.map(({ value }) => value) });
    await again.close();
  },
};

if (process.argv[1] === CHILD) await scenarios[process.argv[2]!]!(process.argv[3]!);
