import { assert } from "../base/assert.ts";
import { systemClock } from "../base/clock.ts";
import { CommandQueue } from "../cluster/commands.ts";
import type { DeterminantLog } from "../cluster/loop-engine.ts";
import { WorkerLoop } from "../cluster/worker-loop.ts";
import { OutsideEffects } from "../engine/effects.ts";
import { Engine, runFailure } from "../engine/engine.ts";
import { mergeSamples } from "../engine/sampler.ts";
import { StrictGuard } from "../engine/strict.ts";
import { populate } from "../model/populate.ts";
import type { Population } from "../model/population.ts";
import { compile } from "../model/program.ts";
import type { Scenario } from "../model/scenario.ts";
import { dataFiles } from "../store/data-file.ts";
import { nodeDisk } from "../store/node-disk.ts";
import { JournaledEffects } from "./journaled-effects.ts";
import { silentLog } from "./log.ts";
import { mergeResults, quarantinedOf, runTotals } from "./part-result.ts";
import { PartStore } from "./part-store.ts";
import { PEER_OPTIONS_DEFAULT } from "./peer-options.ts";
import { checkPlacementMethod } from "./placing.ts";
import type { PriorRun } from "./prior-run.ts";
import { progressMeter } from "./progress.ts";
import type { Ended, RunOptions, RunResult } from "./run.ts";
import { newIncarnation, newRunId } from "./run-id.ts";

/**
 * Runs a scenario in this process, without network: one worker, alone at its barriers. `prior`: goes on with that run; answers
 * of effects are journalled in its folder, and no further checkpoints are made.
 */
export async function runSingle(scenario: Scenario, options: RunOptions, prior?: PriorRun): Promise<RunResult> {
  checkPlacementMethod(options.placement);
  const program = compile(scenario, options);
  const from = prior?.checkpoint;
  const population = from === undefined ? await populate(program, dataFiles) : undefined;
  const runId = prior?.manifest.runId ?? newRunId();
  const guard = options.strict === true ? new StrictGuard() : undefined;
  const outside = new OutsideEffects(systemClock, options.effects);
  const store = prior === undefined ? undefined : storeOf(prior);
  const journaled = store === undefined ? undefined : new JournaledEffects(outside, store.journal);
  const effects = journaled ?? outside;
  const engine = new Engine({ program, runId, runner: effects, guard, log: options.onLog });
  const uninstall = guard?.install();
  try {
    if (population !== undefined) loadPopulation(engine, population);
    else await store!.load(engine, from!.id);
    if (journaled !== undefined) journaled.answers = await store!.answersFor(engine);
    if (from !== undefined) await engine.opened();
    const loop = runLoop(engine, options, journaled);
    const startMs = systemClock.now();
    const end = await loop.run(from?.window);
    assert(end.kind === "end", "nobody halts a run in one process");
    const loopMs = systemClock.now() - startMs;
    drain(engine, options);
    if (end.failure !== undefined) throw runFailure(end.failure);
    const part = engine.finish();
    const observations = mergeSamples(program, [part.sample]);
    if (part.sampledAt !== end.virtualTime) options.out?.samples([{ time: end.virtualTime, values: observations }]);
    options.out?.states?.(engine.states());
    const merged = mergeResults([
      {
        ...part,
        effects: { ...part.effects, replayed: journaled?.replayed ?? 0 },
        ended: end.reason as Ended,
        virtualTime: end.virtualTime,
        windows: part.counts.windows,
        events: part.counts.delivered,
        remoteEvents: 0,
        loopMs,
        waitMs: loop.waitMs,
        peakRssBytes: 0,
        quarantined: quarantinedOf(part.quarantined),
      },
    ]);
    const result: RunResult = {
      runId,
      scenario: program.name,
      seed: program.seed,
      params: program.params as Record<string, unknown>,
      workers: 0,
      ...runTotals({ ...merged, peakRssBytes: [] }, observations),
    };
    await options.out?.finish(result);
    return result;
  } finally {
    effects.stop();
    uninstall?.();
    await store?.journal.close().catch(() => {});
  }
}

/** Fills an engine that hosts all agents. */
export function loadPopulation(engine: Engine, population: Population): void {
  const { count, typeOf, names, profiles, relations, events } = population;
  engine.setPlacement(new Uint16Array(count));
  const named = names.size === 0 ? null : Array.from({ length: count }, (_, i) => names.get(i));
  engine.loadAgents(0, typeOf.subarray(0, count), named, profiles);
  for (const [id, { directed, source, target, weight }] of relations.entries()) {
    engine.loadRelation(id, directed, source, target, weight);
  }
  engine.loadEvents(events);
  engine.open();
}

/** All parts in one. */
const storeOf = ({ folder, manifest, epoch, checkpoint }: PriorRun): PartStore =>
  new PartStore({
    disk: nodeDisk,
    folder,
    runId: manifest.runId,
    part: 0,
    workers: 1,
    epoch: epoch + 1,
    incarnation: newIncarnation(),
    checkpoint: checkpoint?.id ?? 0,
    clock: systemClock,
    log: silentLog,
  });

function runLoop(engine: Engine, options: RunOptions, determinants: DeterminantLog | undefined): WorkerLoop {
  const { program } = engine;
  const meter = progressMeter(program, 0, options.onProgress);
  const stop = options.signal;
  const commands = new CommandQueue();
  return new WorkerLoop({
    engine,
    self: 0,
    workers: 1,
    run: 0,
    epoch: 0,
    codecs: program.codecs,
    clock: systemClock,
    ...(determinants === undefined ? {} : { determinants }),
    commands,
    staging: PEER_OPTIONS_DEFAULT.staging,
    onBarrier: (window) => {
      if (stop?.aborted === true) commands.accept({ number: 1, kind: "stop", checkpoint: 0 });
      meter(engine, window);
      drain(engine, options);
    },
  });
}

/** Passes samples and records on; where nobody wants them, they are dropped. */
function drain(engine: Engine, options: RunOptions): void {
  const samples = engine.takeSamples();
  const records = engine.takeRecords();
  engine.takeBirths();
  if (samples.length > 0) options.out?.samples(samples);
  if (records.length > 0) options.out?.records(records);
}
