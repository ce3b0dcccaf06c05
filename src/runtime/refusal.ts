import { status } from "@grpc/grpc-js";
import { MyriadError } from "../base/error.ts";
import { COME_AGAIN } from "./control-stream.ts";

/** How a call is ended so that the caller learns why. */
export interface Refusal {
  readonly code: status;
  readonly details: string;
}

/** Without the code of ours: the caller has its own for what comes so. */
export const refusal = (reason: MyriadError, code: status): Refusal => ({
  code,
  details: reason.message.slice(reason.code.length + 2),
});

/** Of what was thrown when a worker came: it may come again, or is refused for good. */
export function refusalOf(thrown: unknown): Refusal {
  const reason = MyriadError.from(thrown, "PROTOCOL");
  return refusal(reason, reason.code === "UNAVAILABLE" ? COME_AGAIN : status.FAILED_PRECONDITION);
}
