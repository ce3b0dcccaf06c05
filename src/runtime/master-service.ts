import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import type { Scenario } from "../model/scenario.ts";
import { dataFiles } from "../store/data-file.ts";
import type { Pulse } from "../wire/gen/myriad/v1/beats.ts";
import type { Attachment, Hello, LocateReply } from "../wire/gen/myriad/v1/control.ts";
import type { ClusterStatus } from "./cluster-status.ts";
import type { MasterConfig } from "./config.ts";
import { type ControlHost, ControlServer } from "./control-server.ts";
import type { Log } from "./log.ts";
import { MasterNode } from "./master.ts";
import type { MasterHandle, NodeRunOptions } from "./node-handle.ts";
import { resolveScenario, withDefaults } from "./node-run.ts";
import type { RunResult } from "./run.ts";
import type { AttachStream, BulkStream } from "./worker-link.ts";

export interface MasterEnvironment {
  clock: Clock;
  log: Log;
}

/**
 * A master that listens from the first moment on and gives runs, one after the other, to the workers that come. While
 * there is no run, workers are asked to come again.
 */
export class MasterService implements MasterHandle, ControlHost {
  readonly id: string;
  readonly role = "master";
  readonly address: string;
  readonly #config: MasterConfig;
  readonly #environment: MasterEnvironment;
  readonly #server: ControlServer;
  #port = 0;
  #current: MasterNode | undefined;
  #running: Promise<RunResult> | undefined;
  #stopped = false;

  private constructor(id: string, config: MasterConfig, environment: MasterEnvironment) {
    this.id = id;
    this.address = config.address;
    this.#config = config;
    this.#environment = environment;
    this.#server = new ControlServer(this, environment.clock);
  }

  /** Throws ADDRESS_IN_USE. */
  static async start(id: string, config: MasterConfig, environment: MasterEnvironment): Promise<MasterService> {
    const service = new MasterService(id, config, environment);
    service.#port = await service.#server.listen(config.address, config.listenPort);
    return service;
  }

  get port(): number {
    return this.#port;
  }

  async run(scenario?: Scenario | string, options: NodeRunOptions = {}): Promise<RunResult> {
    if (this.#stopped) throw new MyriadError("STOPPED", `node "${this.id}" was stopped`);
    if (this.#running !== undefined) {
      throw new MyriadError("NOT_ALLOWED", `node "${this.id}" has a run already; wait for its end`);
    }
    this.#running = this.#run(scenario, options);
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  async #run(given: Scenario | string | undefined, options: NodeRunOptions): Promise<RunResult> {
    const { scenario, file, hash } = await resolveScenario(given, this.#config.scenario);
    const { checkpointEvery, recovery, waitForWorker, runFolder } = this.#config;
    const { expectedWorkers, workerTimeout, stallLimit, healthCheckInterval, address, listenPort } = this.#config;
    const run = new MasterNode({
      scenario,
      scenarioPath: file,
      scenarioHash: hash.combined,
      host: address,
      port: listenPort,
      expectedWorkers,
      run: { checkpointEvery, recovery, ...withDefaults(options, this.#config) },
      waitForWorkerMs: waitForWorker * 1000,
      ...(runFolder === undefined || checkpointEvery === 0 ? {} : { runFolder }),
      workerTimeoutMs: workerTimeout * 1000,
      stallLimitMs: stallLimit * 1000,
      healthCheckMs: healthCheckInterval * 1000,
      reader: dataFiles,
      ...this.#environment,
    });
    await run.prepare();
    this.#current = run;
    if (this.#stopped) run.stop("the node was stopped");
    return run.run();
  }

  attach(hello: Hello, peerHost: string, stream: AttachStream): void {
    this.#node().attach(hello, peerHost, stream);
  }

  bulk(attachment: Attachment, stream: BulkStream): void {
    this.#node().bulk(attachment, stream);
  }

  beats(attachment: Attachment): (pulse: Pulse) => void {
    return this.#node().beats(attachment);
  }

  get takesWorkers(): boolean {
    return this.#current?.takesWorkers ?? false;
  }

  status(): ClusterStatus {
    return this.#current?.status() ?? IDLE;
  }

  locate(agent: string): LocateReply {
    return this.#node().locate(agent);
  }

  #node(): MasterNode {
    if (this.#current === undefined) throw new MyriadError("UNAVAILABLE", `master "${this.id}" has no run yet`);
    return this.#current;
  }

  /** Ends what runs at its next barrier and closes the node; the same for one who asks over the network for the run alone. */
  stop(): Promise<void>;
  stop(reason: string): { accepted: boolean; runId: string };
  stop(reason?: string): Promise<void> | { accepted: boolean; runId: string } {
    if (reason === undefined) return this.#close();
    return this.#current?.stop(reason) ?? { accepted: false, runId: "" };
  }

  async #close(): Promise<void> {
    this.#stopped = true;
    this.#current?.stop("the node was stopped");
    await this.#running?.catch(() => {});
    await this.#server.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

const IDLE: ClusterStatus = {
  runId: "",
  scenario: "",
  state: "waiting",
  window: -1,
  virtualTime: 0,
  events: 0,
  eventsPerSecond: 0,
  agents: 0,
  workers: [],
  recoveries: [],
};
