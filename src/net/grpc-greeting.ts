import { Metadata, type ServerErrorResponse, status } from "@grpc/grpc-js";
import type { MyriadError } from "../base/error.ts";
import { seal, unseal } from "./sealed.ts";

/** Metadata of an Exchange call: greeting, answer, and why a caller is refused. All are sealed. */
export const HELLO = "myriad-hello-bin";
export const WELCOME = "myriad-welcome-bin";
const REFUSAL = "myriad-refusal-bin";

/** The status of a call that is refused. Only a MISMATCH is final: a greeting may also have been damaged on its way. */
export function refusal(reason: MyriadError): ServerErrorResponse {
  const details = reason.message.slice(reason.code.length + 2);
  const error = Object.assign(new Error(details), { details, code: status.UNAVAILABLE as number });
  if (reason.code !== "MISMATCH") return error;
  const metadata = new Metadata();
  metadata.set(REFUSAL, Buffer.from(seal(Buffer.from(details))));
  return Object.assign(error, { code: status.FAILED_PRECONDITION, metadata });
}

/** Why the other side refuses for good; undefined when it does not, or not in words that came through whole. */
export function refusalIn(metadata: Metadata): string | undefined {
  const bytes = metadata.get(REFUSAL)[0];
  if (!(bytes instanceof Buffer)) return undefined;
  try {
    return Buffer.from(unseal(bytes)).toString();
  } catch {
    return undefined;
  }
}
