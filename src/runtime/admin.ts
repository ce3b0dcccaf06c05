import { type ClientUnaryCall, credentials, type Deadline, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { MyriadError } from "../base/error.ts";
import { CONTROL_BYTES_MAX } from "../base/limits.ts";
import { channelOptions } from "../net/grpc-options.ts";
import { ControlClient, type LocateReply, type StatusReply, type StopReply } from "../wire/gen/myriad/v1/control.ts";
import type { ClusterStatus } from "./cluster-status.ts";

/** A master that does not answer within this is not there. */
const ANSWER_MS_MAX = 10_000;

type Call<T> = (client: ControlClient, answer: (error: ServiceError | null, reply: T) => void) => ClientUnaryCall;

/** The run as the master at host:port sees it. Throws UNAVAILABLE. */
export async function requestStatus(master: string): Promise<ClusterStatus> {
  const { json } = await ask<StatusReply>(master, (client, answer) => client.status({}, NONE, limit(), answer));
  return JSON.parse(json) as ClusterStatus;
}

/** Where an agent lives, by name or index. Throws UNAVAILABLE, UNKNOWN_AGENT. */
export async function requestLocate(master: string, agent: string): Promise<LocateReply> {
  const reply = await ask<LocateReply>(master, (client, answer) => client.locate({ agent }, NONE, limit(), answer));
  if (!reply.found) throw new MyriadError("UNKNOWN_AGENT", `no agent has the name or index "${agent}"`);
  return reply;
}

/** Ends the run at its next barrier. `accepted` is false when it has ended already. Throws UNAVAILABLE. */
export const requestStop = (master: string, reason: string): Promise<StopReply> =>
  ask<StopReply>(master, (client, answer) => client.stop({ reason }, NONE, limit(), answer));

const NONE = new Metadata();
const limit = (): { deadline: Deadline } => ({ deadline: new Date(Date.now() + ANSWER_MS_MAX) });

async function ask<T>(master: string, call: Call<T>): Promise<T> {
  const client = new ControlClient(master, credentials.createInsecure(), channelOptions(CONTROL_BYTES_MAX));
  try {
    return await new Promise<T>((resolve, reject) => {
      call(client, (error, reply) => {
        if (error === null) resolve(reply);
        else if (error.code === status.FAILED_PRECONDITION) reject(new MyriadError("UNAVAILABLE", error.details));
        else
          reject(
            new MyriadError(
              "UNAVAILABLE",
              `no master answers at ${master}: ${error.details.replace(/\s*Resolution note:.*$/s, "")}`,
              { cause: error },
            ),
          );
      });
    });
  } finally {
    client.close();
  }
}
