import { MyriadError } from "../base/error.ts";
import { snapshot } from "../base/plain.ts";
import type { EffectRequest, EffectRunner, EffectStubs, Outcome } from "../engine/effects.ts";

/** One call of an effect, in the order in which they were made. */
export interface EffectRecord {
  readonly name: string;
  readonly input: unknown;
  /** Run, agent and call number. */
  readonly key: string;
}

/** Answers effects by name alone, so that no test reaches the world outside; a call without a stub is refused. */
export class RecordedEffects implements EffectRunner {
  readonly calls: EffectRecord[] = [];
  readonly #stubs: EffectStubs;

  constructor(stubs: EffectStubs) {
    this.#stubs = stubs;
  }

  async run({ name, input, key }: EffectRequest): Promise<Outcome> {
    this.calls.push({ name, input, key });
    const stub = Object.hasOwn(this.#stubs, name) ? this.#stubs[name] : undefined;
    try {
      if (stub === undefined) throw new MyriadError("EFFECT_FAILED", `no stub is given for effect "${name}"`);
      const answer = await stub(snapshot(input, "input") as never);
      return { ok: true, value: snapshot(answer ?? null, `effect "${name}" answer`) };
    } catch (reason) {
      const { code, message } = MyriadError.from(reason, "EFFECT_FAILED");
      return { ok: false, code, message };
    }
  }

  stop(): void {}
}
