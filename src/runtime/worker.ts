import { MyriadError } from "../base/error.ts";
import { hostPort } from "../net/host-port.ts";
import type { LoadedScenario } from "./load-scenario.ts";
import type { WorkerOptions } from "./worker-options.ts";
import { WorkerSession } from "./worker-session.ts";

export type { WorkerOptions } from "./worker-options.ts";

const MASTER_WAIT_MS_DEFAULT = 60_000;
const HEARTBEAT_MAX_RETRIES_DEFAULT = 100;
/** The pause between two attempts doubles from one to the next. */
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 2_000;

/** A worker: attaches to its master, hosts its part of the agents, and ends with the run. */
export class WorkerNode {
  readonly #options: WorkerOptions;
  readonly #leaving = new AbortController();
  #session: WorkerSession | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /**
   * Resolves to the master's last word once the run is over, or to "left" after `stop`. While the master is not to be
   * reached, or has no run, it tries again. Throws UNAVAILABLE when the master was not to be reached for `masterWaitMs`, or
   * `heartbeatMaxRetries` times in a row after it was lost, or at all after that with `endWithMaster`; MISMATCH when the
   * master refuses it; INVALID_SCENARIO when its own scenario cannot be loaded.
   */
  async run(): Promise<string> {
    const { clock, log, masterWaitMs = MASTER_WAIT_MS_DEFAULT, endWithMaster = false } = this.#options;
    const { heartbeatMaxRetries = HEARTBEAT_MAX_RETRIES_DEFAULT } = this.#options;
    const scenario = await this.#ownScenario();
    let lost = false;
    let failures = 0;
    let lastContactMs = clock.now();
    let retryMs = RETRY_MS_MIN;
    while (!this.#leaving.signal.aborted) {
      const session = new WorkerSession(this.#options);
      this.#session = session;
      try {
        return await session.serve(scenario);
      } catch (reason) {
        const error = MyriadError.from(reason, "UNAVAILABLE");
        if (error.code !== "UNAVAILABLE") throw error;
        if (session.welcomed) {
          if (endWithMaster) throw error;
          lost = true;
          retryMs = RETRY_MS_MIN;
          log.warn("the master is gone", { reason: error.message });
        }
        if (session.answered) {
          lastContactMs = clock.now();
          failures = 0;
        } else {
          if (lost) failures++;
          if (failures >= heartbeatMaxRetries) throw this.#gaveUp(`in ${failures} attempts`, error);
          const waitedMs = clock.now() - lastContactMs;
          if (waitedMs + retryMs > masterWaitMs) throw this.#gaveUp(`for ${masterWaitMs / 1000} s`, error);
        }
      }
      await clock.sleep(retryMs, this.#leaving.signal).catch(() => {});
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    }
    return "left";
  }

  /** Leaves the cluster: `run` resolves soon. */
  stop(): void {
    this.#leaving.abort();
    this.#session?.leave();
  }

  #ownScenario(): Promise<LoadedScenario | undefined> {
    const { scenario, load } = this.#options;
    return scenario === undefined ? Promise.resolve(undefined) : load(scenario);
  }

  #gaveUp(howLong: string, last: MyriadError): MyriadError {
    const { masterAddress, masterPort } = this.#options;
    const at = hostPort(masterAddress, masterPort);
    return new MyriadError("UNAVAILABLE", `no master at ${at} ${howLong}`, { cause: last });
  }
}
