import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { CHUNK_BYTES } from "../base/limits.ts";
import { placementOnto, successorOf } from "../cluster/placement-onto.ts";
import { decodeCommon } from "../engine/common-section.ts";
import type { Engine } from "../engine/engine.ts";
import { openSection } from "../engine/section.ts";
import { Answers } from "../store/answers.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import type { Disk } from "../store/disk.ts";
import { EffectJournal } from "../store/effect-journal.ts";
import { FileCheckpoints } from "../store/file-checkpoints.ts";
import type { PartInfo } from "../store/part-writer.ts";
import { RunFolder } from "../store/run-folder.ts";
import type { Setup } from "../wire/gen/myriad/v1/control.ts";
import type { Log } from "./log.ts";

export interface PartStoreOptions {
  readonly disk: Disk;
  /** The run's folder. */
  readonly folder: string;
  readonly runId: string;
  readonly part: number;
  /** Parts of the run. */
  readonly workers: number;
  readonly epoch: number;
  readonly incarnation: string;
  /** The checkpoint that the part is loaded from; 0: none. */
  readonly checkpoint: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** What was written of a part, for the master's manifest; and how long the part stood still for it. */
export interface SavedPart {
  readonly info: Promise<PartInfo>;
  readonly pauseMs: number;
}

/** What one part of a run keeps on disk: its share of checkpoints, and the answers of its effects. */
export class PartStore {
  readonly journal: EffectJournal;
  readonly #options: PartStoreOptions;
  readonly #checkpoints: CheckpointStore;
  readonly #journalFolder: string;

  constructor(options: PartStoreOptions) {
    const { disk, folder, runId, part, epoch, incarnation, checkpoint } = options;
    this.#options = options;
    const names = new RunFolder(disk, folder);
    this.#journalFolder = names.journal;
    this.#checkpoints = new FileCheckpoints({ disk, folder: names.checkpoints, runId, writer: incarnation });
    this.journal = new EffectJournal({ disk, folder: names.journal, runId, part, epoch, incarnation, checkpoint });
  }

  /** As the setup says; undefined when the run keeps nothing on disk. */
  static of(given: Pick<PartStoreOptions, "disk" | "incarnation" | "clock" | "log"> & { readonly setup: Setup }) {
    const { runFolder: folder, runId, workerId: part, workers, epoch, restore } = given.setup;
    if (folder === "") return undefined;
    return new PartStore({ ...given, folder, runId, part, workers, epoch, checkpoint: restore?.checkpoint ?? 0 });
  }

  /**
   * Encodes the part's state at the barrier before `next`; what takes time, the writing, goes on beside the run. The
   * first part brings along what is equal on all.
   */
  save(engine: Engine, checkpoint: number, next: number): SavedPart {
    const { part, clock } = this.#options;
    const sinceMs = clock.now();
    const sections = [engine.savePart(next)];
    if (part === 0) sections.unshift(engine.saveCommon(next));
    sections.push(...engine.saveAgents(next, { chunkBytes: CHUNK_BYTES }));
    const pauseMs = clock.now() - sinceMs;
    return { info: this.#write(checkpoint, sections), pauseMs };
  }

  /**
   * Fills an engine from a checkpoint: agents that are placed on this part, whoever wrote them. Where the run has another
   * number of parts by now, `placementOnto` says which these are.
   */
  async load(engine: Engine, checkpoint: number): Promise<void> {
    const { part, workers } = this.#options;
    const manifest = await this.#checkpoints.manifest(checkpoint);
    const before = manifest.workers.length;
    let loaded = false;
    for (const worker of [...manifest.workers].sort((a, b) => a - b)) {
      for await (const section of this.#checkpoints.readPart(manifest, worker)) {
        const { kind } = openSection(section);
        if (kind === "common") {
          engine.load(section, placementOnto(decodeCommon(section).placement, before, workers));
          loaded = true;
        } else if (!loaded) throw new MyriadError("CORRUPT", `checkpoint ${checkpoint} has nothing that is common`);
        else if (kind !== "part" || successorOf(worker, workers) === part) engine.adopt(section);
      }
    }
  }

  /** What was answered to agents of `engine` in earlier lives. */
  answersFor(engine: Engine): Promise<Answers> {
    const { disk, runId, part, log } = this.#options;
    const { table } = engine.core;
    return Answers.load({
      disk,
      folder: this.#journalFolder,
      runId,
      // Who is not born yet may come to live here.
      wanted: (agent) => agent >= table.total || table.placement[agent] === part,
      onTorn: (tail) => log.info("the end of a journal was not whole, and not needed", { ...tail }),
    });
  }

  async #write(checkpoint: number, sections: Uint8Array[]): Promise<PartInfo> {
    const draft = await this.#checkpoints.begin(checkpoint);
    const writer = await draft.part(this.#options.part);
    try {
      for (const [i, section] of sections.entries()) {
        await writer.write(section);
        // Given back as it goes: a part may be large.
        sections[i] = NONE;
      }
      return await writer.close();
    } catch (reason) {
      await writer.discard().catch(() => {});
      throw reason;
    }
  }
}

const NONE = new Uint8Array(0);
