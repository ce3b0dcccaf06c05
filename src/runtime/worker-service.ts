import type { Clock } from "../base/clock.ts";
import { Deferred } from "../base/deferred.ts";
import type { WorkerConfig } from "./config.ts";
import { loadScenario } from "./load-scenario.ts";
import type { Log } from "./log.ts";
import type { WorkerHandle } from "./node-handle.ts";
import { peerOptions } from "./peer-options.ts";
import { WorkerNode } from "./worker.ts";
import { workerLimits } from "./worker-limits.ts";

export interface WorkerEnvironment {
  clock: Clock;
  log: Log;
  /** Ends at once when its master is gone: for workers that a `run` started. */
  endWithMaster?: boolean;
}

/** A worker as `initializeNode` and `myriad worker` start it: it looks for its master from the first moment on. */
export class WorkerService implements WorkerHandle {
  readonly id: string;
  readonly role = "worker";
  readonly address: string;
  readonly done: Promise<string>;
  readonly #worker: WorkerNode;
  /** Resolves when the worker listens; rejects when it comes to its end before. */
  readonly listening: Promise<void>;
  #port: number;
  #state: "serving" | "ended" | "failed" = "serving";

  constructor(id: string, config: WorkerConfig, { clock, log, endWithMaster = false }: WorkerEnvironment) {
    this.id = id;
    this.address = config.workerAddress ?? "";
    this.#port = config.listenPort;
    const listening = new Deferred();
    this.#worker = new WorkerNode({
      masterAddress: config.masterAddress,
      masterPort: config.masterPort,
      listenPort: config.listenPort,
      heartbeatMs: config.heartbeatInterval * 1000,
      masterWaitMs: config.masterWait * 1000,
      heartbeatMaxRetries: config.heartbeatMaxRetries,
      onListening: (port) => {
        this.#port = port;
        listening.resolve();
      },
      peers: peerOptions(config),
      limits: workerLimits(config),
      name: config.name ?? id,
      capacity: config.capacity,
      agentsMax: config.agentsMax,
      zone: config.zone ?? "",
      ...(config.host === undefined ? {} : { host: config.host }),
      endWithMaster,
      clock,
      log: log.child({ worker: config.name ?? id }),
      load: loadScenario,
      ...(config.workerAddress === undefined ? {} : { workerAddress: config.workerAddress }),
      ...(config.scenario === undefined ? {} : { scenario: config.scenario }),
    });
    this.done = this.#serve();
    this.done.then(() => listening.resolve(), listening.reject);
    this.listening = listening.promise;
    this.listening.catch(() => {}); // Whoever waits hears of it, by either.
  }

  /** Of the data service. A port that was left to the system changes when the worker has lost its master. */
  get port(): number {
    return this.#port;
  }

  async #serve(): Promise<string> {
    try {
      const reason = await this.#worker.run();
      this.#state = "ended";
      return reason;
    } catch (reason) {
      this.#state = "failed";
      throw reason;
    }
  }

  status(): { state: "serving" | "ended" | "failed" } {
    return { state: this.#state };
  }

  async stop(): Promise<void> {
    this.#worker.stop();
    await this.done.catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
