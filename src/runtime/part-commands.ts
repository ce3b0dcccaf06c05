import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import { type Account, type Command, type CommandKind, CommandQueue } from "../cluster/commands.ts";
import type { Engine } from "../engine/engine.ts";
import type { LogFigures, PeerLinks } from "../net/peer-links.ts";
import { Activity } from "../wire/gen/myriad/v1/beats.ts";
import type { Command as CommandMessage } from "../wire/gen/myriad/v1/control.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import type { JournaledEffects } from "./journaled-effects.ts";
import type { PartStore } from "./part-store.ts";
import type { Reporter } from "./reporter.ts";
import type { WorkerGauge } from "./worker-gauge.ts";
import type { FromWorker } from "./worker-link.ts";

export interface PartCommandsOptions {
  readonly engine: Engine;
  readonly reporter: Pick<Reporter, "flush">;
  readonly gauge: Pick<WorkerGauge, "aside">;
  /** Absent: the run keeps nothing on disk. */
  readonly store: PartStore | undefined;
  readonly effects: JournaledEffects | undefined;
  readonly send: (message: FromWorker) => void;
}

/** When frames that are kept for peers take this part of their memory, a checkpoint that frees them should not wait. */
const PRESSED_SHARE = 0.6;

/** What the master asks of a part while it runs, and how far a part that comes in a lost one's place has caught up. */
export class PartCommands {
  readonly queue: CommandQueue;
  readonly #options: () => PartCommandsOptions;
  /** Waits for a pause to be lifted. */
  #lifted: Deferred | undefined;
  /** Deliveries before those that were the lost one's as well; undefined: none are, any more. */
  #replayedFrom: number | undefined;
  /** The master knows that a checkpoint should be made. */
  #pressed = false;
  #stopped = false;

  /** `applied`: commands up to this number are void. `options` are looked at from the first barrier on. */
  constructor(applied: number, options: () => PartCommandsOptions) {
    this.queue = new CommandQueue(applied);
    this.#options = options;
  }

  accept({ number, kind, checkpoint }: CommandMessage): void {
    this.queue.accept({ number, kind: kind as CommandKind, checkpoint });
  }

  /** A pause up to this number is over. */
  lift(number: number): void {
    this.queue.lift(number);
    this.#lifted?.resolve();
  }

  /** The part comes in a lost one's place. `account`: what others know of that one. */
  inherit(account: Uint8Array): void {
    this.queue.inherit(decodePlain(account) as Account);
    this.#replayedFrom = this.#options().engine.counts.delivered;
  }

  /** After each barrier: tells when the part has come past what the lost one had told the others. */
  reached(window: number): void {
    if (this.#replayedFrom === undefined || window < this.queue.through) return;
    const { engine, send } = this.#options();
    const replayed = engine.counts.delivered - this.#replayedFrom;
    this.#replayedFrom = undefined;
    send({ $case: "caughtUp", value: { window, replayed } });
  }

  /** Does what has taken effect at the barrier before `next`. */
  carryOut(command: Command, next: number): undefined | Promise<void> {
    if (command.kind === "pause") return this.#pause(command);
    if (command.kind !== "stop") this.#save(command.checkpoint, next);
    return undefined;
  }

  /** Now and then: asks for a checkpoint before what is kept for peers has to go to disk (protocol 18). */
  watch(logs: readonly LogFigures[], memoryBytes: number): void {
    const { store, send } = this.#options();
    if (this.#pressed || store === undefined) return;
    const kept = logs.reduce((sum, log) => sum + log.memoryBytes + log.diskBytes, 0);
    if (kept < memoryBytes * PRESSED_SHARE) return;
    this.#pressed = true;
    send({ $case: "pressed", value: {} });
  }

  /** A checkpoint is there for good: what was kept of the windows before it goes. */
  committed(links: Pick<PeerLinks, "release">, window: number): void {
    links.release(window);
    this.#pressed = false;
  }

  stop(): void {
    this.#stopped = true;
    this.#lifted?.resolve();
  }

  /** Only the encoding holds the run up; what is not written is told to the master, who does without it. */
  #save(checkpoint: number, next: number): void {
    const { store, engine, reporter, effects, send } = this.#options();
    if (store === undefined) return;
    reporter.flush(next);
    const { info, pauseMs } = store.save(engine, checkpoint, next);
    effects?.rotate(checkpoint);
    const tell = (bytes: Uint8Array, failure: string): void => {
      const value = { checkpoint, window: next, info: bytes, pauseMs, failure };
      if (!this.#stopped) send({ $case: "saved", value });
    };
    info.then(
      (part) => tell(encodePlain(part), ""),
      (reason) => tell(new Uint8Array(0), MyriadError.from(reason, "STORE_FAILED").message),
    );
  }

  async #pause(command: Command): Promise<void> {
    const { gauge } = this.#options();
    gauge.aside = Activity.ACTIVITY_HELD;
    while (!this.queue.isLifted(command) && !this.#stopped) {
      this.#lifted = new Deferred();
      await this.#lifted.promise;
    }
    gauge.aside = undefined;
  }
}
