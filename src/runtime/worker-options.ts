import type { Clock } from "../base/clock.ts";
import type { LoadedScenario } from "./load-scenario.ts";
import type { Log } from "./log.ts";
import type { PeerOptions } from "./peer-options.ts";
import type { WorkerLimits } from "./worker-limits.ts";

export interface WorkerOptions {
  readonly masterAddress: string;
  readonly masterPort: number;
  /** Port of the data service; 0 (default) takes a free one. */
  readonly listenPort?: number;
  /** The host, or host:port, that peers reach this worker at; default: the one that the master sees. */
  readonly workerAddress?: string;
  /** Default 1,000. */
  readonly heartbeatMs?: number;
  /** The worker gives up when its master was not to be reached for so long. Default 60,000. */
  readonly masterWaitMs?: number;
  /** It gives up on a master that it was attached to and lost after so many attempts in a row to reach it again. Default 100. */
  readonly heartbeatMaxRetries?: number;
  /** Its name in tables and logs. */
  readonly name: string;
  /** Share of the load that it should carry, relative to the other workers'. Default 1. */
  readonly capacity?: number;
  /** Most agents that it may ever host; 0 (default): no limit. */
  readonly agentsMax?: number;
  /** The machine that it runs on; default: the system's name of it. */
  readonly host?: string;
  /** The site that the machine stands in. Default "". */
  readonly zone?: string;
  /** Own path of the scenario; default: the one that the master says. */
  readonly scenario?: string;
  /** Told the port of the data service, at each attempt anew. */
  readonly onListening?: (port: number) => void;
  /** Ends at once, instead of waiting, when a master that it was attached to is gone. Default false. */
  readonly endWithMaster?: boolean;
  /** How it keeps its links to the others. */
  readonly peers?: PeerOptions;
  /** How much of its machine it may take; default: no limit of memory, 10,000 effects at once. */
  readonly limits?: WorkerLimits;
  readonly clock: Clock;
  readonly log: Log;
  readonly load: (path: string) => Promise<LoadedScenario>;
}
