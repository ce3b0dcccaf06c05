import type { Clock } from "../base/clock.ts";
import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import type { CommandKind } from "../cluster/commands.ts";
import { MANIFEST_FORMAT } from "../store/checkpoint-manifest.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import type { DecisionLog } from "../store/decision-log.ts";
import type { PartInfo } from "../store/part-writer.ts";
import type { Saved } from "../wire/gen/myriad/v1/control.ts";
import { decodePlain } from "../wire/plain-codec.ts";
import type { Log } from "./log.ts";

/** A checkpoint that is there for good. */
export interface Committed {
  readonly checkpoint: number;
  /** The window that comes after it. */
  readonly window: number;
  /** Commands up to this number took effect before it, its own among them. */
  readonly commands: number;
}

export interface KeeperOptions {
  readonly store: CheckpointStore;
  readonly decisions: DecisionLog;
  readonly run: { readonly runId: string; readonly seed: number; readonly scenarioHash: string };
  readonly parts: number;
  readonly epoch: () => number;
  /** Between two checkpoints; Infinity: none by themselves. */
  readonly everyMs: number;
  /** Gives a command to all parts. Returns its number. */
  readonly command: (kind: CommandKind, checkpoint: number) => number;
  readonly onCommitted: (committed: Committed) => void;
  /** Answers of effects that no checkpoint from this one on needs go. */
  readonly dropAnswersBefore: (checkpoint: number) => Promise<void>;
  /** The wall clock, for people: ISO 8601. */
  readonly now: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

interface Making {
  readonly checkpoint: number;
  readonly commands: number;
  readonly sinceMs: number;
  readonly parts: Map<number, PartInfo>;
  readonly done: Deferred<Committed>;
  window: number;
  pauseMs: number;
  /** All parts are saved: it is being written down. */
  commit: Promise<void> | undefined;
}

/** Has the parts save their state now and then, and makes a checkpoint of it once all have. One at a time. */
export class CheckpointKeeper {
  /** The newest that is committed; undefined: the population is all there is. */
  latest: Committed | undefined;
  readonly #options: KeeperOptions;
  #last: number;
  #making: Making | undefined;
  #cancel: (() => void) | undefined;

  /** `last`: the highest number that was ever given to a checkpoint of the run. */
  constructor(options: KeeperOptions, last = 0) {
    this.#options = options;
    this.#last = last;
  }

  /** Begins to make one now and then. */
  start(): void {
    const { clock, everyMs } = this.#options;
    if (everyMs === Number.POSITIVE_INFINITY) return;
    this.#cancel?.();
    this.#cancel = clock.setTimer(everyMs, () => {
      if (this.#making === undefined) this.take().catch(() => {});
      this.start();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.abandon("the run is over");
  }

  /** A part keeps much for its peers: the next one is made now, and the one after it when it is due again. */
  hurry(): void {
    if (this.#cancel === undefined || this.#making !== undefined) return;
    this.take().catch(() => {});
    this.start();
  }

  /** Makes one, at the next barrier. Throws STORE_FAILED, STOPPED; NOT_ALLOWED while another is made. */
  take(kind: CommandKind = "checkpoint"): Promise<Committed> {
    const { command, clock } = this.#options;
    if (this.#making !== undefined) {
      return Promise.reject(new MyriadError("NOT_ALLOWED", `checkpoint ${this.#making.checkpoint} is being made`));
    }
    const checkpoint = ++this.#last;
    const done = new Deferred<Committed>();
    done.promise.catch(() => {});
    const commands = command(kind, checkpoint);
    this.#making = {
      checkpoint,
      commands,
      sinceMs: clock.now(),
      parts: new Map(),
      done,
      window: Number.NaN,
      pauseMs: 0,
      commit: undefined,
    };
    return done.promise;
  }

  /** A part has saved its state, or failed to. Those of a checkpoint that was given up are passed over. */
  saved(part: number, { checkpoint, window, info, pauseMs, failure }: Saved): void {
    const making = this.#making;
    if (making?.checkpoint !== checkpoint || making.commit !== undefined) return;
    if (failure !== "") {
      this.abandon(failure);
      return;
    }
    if (making.parts.size > 0 && making.window !== window) {
      throw new MyriadError(
        "PROTOCOL",
        `parts saved checkpoint ${checkpoint} before windows ${making.window} and ${window}`,
      );
    }
    making.window = window;
    making.pauseMs = Math.max(making.pauseMs, pauseMs);
    making.parts.set(part, decodePlain(info) as PartInfo);
    if (making.parts.size < this.#options.parts) return;
    making.commit = this.#commit(making).catch((reason) => {
      if (this.#making === making) this.abandon(MyriadError.from(reason, "STORE_FAILED").message);
    });
  }

  /**
   * Parts are lost, and will begin again from `latest`. Resolves when that stands: from then on no checkpoint is committed
   * that these parts have not come past once more. Otherwise frames which they need would be released under them, or a
   * part that is lost after them would begin from a newer checkpoint than they did, and lack frames that they need.
   */
  async lose(parts: Iterable<number>): Promise<void> {
    const making = this.#making;
    if (making === undefined) return;
    if (making.commit !== undefined) return making.commit;
    // They save it again. If nobody is left who has been there, it may be at another barrier.
    for (const part of parts) making.parts.delete(part);
  }

  /** The one that is being made will not be. */
  abandon(why: string): void {
    const making = this.#making;
    if (making === undefined) return;
    this.#making = undefined;
    this.#options.log.warn("checkpoint given up", { checkpoint: making.checkpoint, reason: why });
    making.done.reject(new MyriadError("STORE_FAILED", `checkpoint ${making.checkpoint} was given up: ${why}`));
  }

  async #commit({ checkpoint, commands, window, parts, pauseMs, sinceMs, done }: Making): Promise<void> {
    const { store, decisions, run, epoch, now, clock, log, onCommitted } = this.#options;
    const infos = [...parts.values()].sort((a, b) => a.worker - b.worker);
    await store.commit({
      format: MANIFEST_FORMAT,
      ...run,
      nodeMajor: Number(process.versions.node.split(".")[0]),
      arch: process.arch,
      id: checkpoint,
      window,
      epoch: epoch(),
      workers: infos.map(({ worker }) => worker),
      placement: epoch(),
      base: null,
      parts: infos,
      time: now(),
    });
    await decisions.append({ kind: "checkpoint", checkpoint, window, commands, epoch: epoch() });
    // Given up meanwhile, it counts all the same: it is on disk.
    if (this.#making?.checkpoint === checkpoint) this.#making = undefined;
    const committed = { checkpoint, window, commands };
    const before = this.latest;
    this.latest = committed;
    const bytes = infos.reduce((sum, info) => sum + info.bytes, 0);
    const tookMs = Math.round(clock.now() - sinceMs);
    log.info("checkpoint", { checkpoint, window, bytes, pauseMs: Math.round(pauseMs), tookMs });
    onCommitted(committed);
    done.resolve(committed);
    // What is not needed any more is removed beside the run; the next time will do as well.
    this.#removeOld(before?.checkpoint).catch((reason) =>
      log.warn("old checkpoints are left", { reason: (reason as Error).message }),
    );
  }

  /** Two checkpoints stay, and the answers that either needs. */
  async #removeOld(before: number | undefined): Promise<void> {
    const { store, dropAnswersBefore } = this.#options;
    await store.prune();
    if (before !== undefined) await dropAnswersBefore(before);
  }
}
