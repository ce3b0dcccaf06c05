import type { DeterminantLog } from "../cluster/loop-engine.ts";
import type { EffectRequest, EffectRunner, Outcome } from "../engine/effects.ts";
import type { Answers } from "../store/answers.ts";
import type { EffectJournal } from "../store/effect-journal.ts";

/**
 * Effects whose answers are written down before anything that depends on them leaves the worker. What a predecessor was
 * answered is not asked again.
 */
export class JournaledEffects implements EffectRunner, DeterminantLog {
  readonly #runner: EffectRunner;
  readonly #journal: EffectJournal;
  /** Of earlier lives; to be set before the first call. */
  answers: Answers | undefined;
  /** Calls that were answered from there. */
  replayed = 0;
  #appended = 0;
  #durable = 0;

  constructor(runner: EffectRunner, journal: EffectJournal) {
    this.#runner = runner;
    this.#journal = journal;
  }

  async run(request: EffectRequest): Promise<Outcome> {
    const { agent, call, key } = request;
    const known = this.answers?.get(agent, call);
    if (known !== undefined) {
      this.replayed++;
      return known.outcome() as Outcome;
    }
    const outcome = await this.#runner.run(request);
    this.#journal.append({ agent, call, key, outcome });
    this.#appended++;
    return outcome;
  }

  get dirty(): boolean {
    return this.#durable < this.#appended;
  }

  async sync(): Promise<void> {
    const appended = this.#appended;
    await this.#journal.sync();
    this.#durable = Math.max(this.#durable, appended);
  }

  /** The state at a barrier is being saved: answers until now are part of it. */
  rotate(checkpoint: number): void {
    this.#journal.rotate(checkpoint);
  }

  stop(): void {
    this.#runner.stop();
  }
}
