import { Metadata, type ServerErrorResponse, status } from "@grpc/grpc-js";
import { type ErrorCode, MyriadError } from "../base/error.ts";
import { seal, unseal } from "./sealed.ts";

/** Metadata of an Exchange call: greeting, answer, and why a caller is refused. All are sealed. */
export const HELLO = "myriad-hello-bin";
export const WELCOME = "myriad-welcome-bin";
const REFUSAL = "myriad-refusal-bin";

/** What a caller is told who is not let in: for good, or because it comes too early. All else may be the line's fault. */
const ANSWERS: readonly ErrorCode[] = ["MISMATCH", "UNAVAILABLE"];

/** The status of a call that is refused. Only a MISMATCH is final: a greeting may also have been damaged on its way. */
export function refusal(reason: MyriadError): ServerErrorResponse {
  const details = textOf(reason);
  const final = reason.code === "MISMATCH";
  const code: number = final ? status.FAILED_PRECONDITION : status.UNAVAILABLE;
  const error = Object.assign(new Error(details), { details, code });
  if (!ANSWERS.includes(reason.code)) return error;
  const metadata = new Metadata();
  metadata.set(REFUSAL, Buffer.from(seal(Buffer.from(reason.message))));
  return Object.assign(error, { metadata });
}

/** Why the other side refuses: MISMATCH or UNAVAILABLE; undefined when it does not, or not in words that came through whole. */
export function refusalIn(metadata: Metadata): MyriadError | undefined {
  const bytes = metadata.get(REFUSAL)[0];
  if (!(bytes instanceof Buffer)) return undefined;
  try {
    const message = Buffer.from(unseal(bytes)).toString();
    const code = ANSWERS.find((each) => message.startsWith(`${each}: `));
    return code === undefined ? undefined : new MyriadError(code, message.slice(code.length + 2));
  } catch {
    return undefined;
  }
}

const textOf = ({ code, message }: MyriadError): string => message.slice(code.length + 2);
