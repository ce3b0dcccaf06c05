import { MyriadError } from "../base/error.ts";
import type { Scenario } from "../model/scenario.ts";
import type { SingleConfig } from "./config.ts";
import { loadScenario } from "./load-scenario.ts";
import type { NodeRunOptions, SingleHandle } from "./node-handle.ts";
import { withDefaults } from "./node-run.ts";
import type { RunResult } from "./run.ts";
import { simulate } from "./simulate.ts";

/** A node that is everything in one process. */
export class SingleService implements SingleHandle {
  readonly id: string;
  readonly role = "single";
  readonly address = "";
  readonly port = 0;
  readonly #config: SingleConfig;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(id: string, config: SingleConfig) {
    this.id = id;
    this.#config = config;
  }

  status(): { state: "idle" | "running" | "stopped" } {
    if (this.#stopping.signal.aborted) return { state: "stopped" };
    return { state: this.#running.size > 0 ? "running" : "idle" };
  }

  async run(scenario?: Scenario | string, options: NodeRunOptions = {}): Promise<RunResult> {
    if (this.#stopping.signal.aborted) throw new MyriadError("STOPPED", `node "${this.id}" was stopped`);
    const subject = scenario ?? this.#config.scenario;
    if (subject === undefined) {
      throw new MyriadError(
        "INVALID_ARGUMENT",
        "run needs a scenario: pass one, or set the configuration's key scenario",
      );
    }
    const running = this.#simulate(subject, options);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #simulate(subject: Scenario | string, options: NodeRunOptions): Promise<RunResult> {
    const scenario = typeof subject === "string" ? (await loadScenario(subject)).scenario : subject;
    const signals = [this.#stopping.signal, ...(options.signal === undefined ? [] : [options.signal])];
    return simulate(scenario, { ...withDefaults(options, this.#config), workers: 0, signal: AbortSignal.any(signals) });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled(this.#running);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
