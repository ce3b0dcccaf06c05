import { systemClock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { NAME_PATTERN } from "../base/limits.ts";
import { didYouMean } from "../base/suggest.ts";
import { type ConfigInput, parseConfig } from "./config.ts";
import type { Role } from "./config-key.ts";
import { silentLog } from "./log.ts";
import { MasterService } from "./master-service.ts";
import type { Node, NodeOf } from "./node-handle.ts";
import { SingleService } from "./single-service.ts";
import { WorkerService } from "./worker-service.ts";

/**
 * Starts a node. It listens when this resolves; a worker looks for its master from then on. Keys and defaults are
 * in docs/config.md; times are in seconds. `id` is the node's name: 1 to 128 characters of `[A-Za-z0-9_.:-]`.
 *
 * Throws INVALID_ARGUMENT, INVALID_CONFIG naming key, value and range, ADDRESS_IN_USE.
 */
export async function initializeNode<R extends Role>(id: string, role: R, config?: ConfigInput<R>): Promise<NodeOf[R]>;
export async function initializeNode(id: string, role: Role, config: object = {}): Promise<Node> {
  if (typeof id !== "string" || !NAME_PATTERN.test(id)) {
    throw new MyriadError(
      "INVALID_ARGUMENT",
      `the node's id ${JSON.stringify(id)} is not 1 to 128 characters of [A-Za-z0-9_.:-]`,
    );
  }
  const source = `node "${id}"`;
  const environment = { clock: systemClock, log: silentLog };
  switch (role) {
    case "master":
      return MasterService.start(id, parseConfig("master", config, source), environment);
    case "worker": {
      const worker = new WorkerService(id, parseConfig("worker", config, source), environment);
      await worker.listening;
      return worker;
    }
    case "single":
      return new SingleService(id, parseConfig("single", config, source));
    default: {
      const roles = ["master", "worker", "single"];
      throw new MyriadError(
        "INVALID_ARGUMENT",
        `the role of ${source} is ${JSON.stringify(role)}${didYouMean(String(role), roles)}; it must be one of ${roles.join(", ")}`,
      );
    }
  }
}
