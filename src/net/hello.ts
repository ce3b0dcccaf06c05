import { MyriadError } from "../base/error.ts";
import { PeerHello, PeerWelcome } from "../wire/gen/myriad/v1/data.ts";
import { seal, unseal } from "./sealed.ts";
import type { PeerAddress, PeerIdentity, Resumption } from "./transport.ts";

/** Raised whenever two builds could misunderstand each other: messages, frames or rules of the barrier. */
export const PROTOCOL_VERSION = 4;

/** The greeting of the worker that opens a stream to `to`. */
export function helloBytes(self: PeerIdentity, to: number, { received, attempt }: Resumption): Uint8Array {
  const { worker, ...rest } = self;
  const position = { receivedWindow: received.window, receivedFrame: received.frameSeq };
  return seal(PeerHello.encode({ ...rest, ...position, attempt, from: worker, to }).finish());
}

/** Throws CORRUPT for a greeting that was damaged on its way. */
export const readHello = (bytes: Uint8Array): PeerHello => PeerHello.decode(unseal(bytes));

export const resumptionOf = ({ receivedWindow, receivedFrame, attempt }: PeerHello): Resumption => ({
  received: { window: receivedWindow, frameSeq: receivedFrame },
  attempt,
});

export const welcomeBytes = (self: PeerIdentity): Uint8Array =>
  seal(
    PeerWelcome.encode({
      protocolVersion: self.protocolVersion,
      workerId: self.worker,
      incarnation: self.incarnation,
    }).finish(),
  );

/** Throws CORRUPT for an answer that was damaged on its way. */
export const readWelcome = (bytes: Uint8Array): PeerWelcome => PeerWelcome.decode(unseal(bytes));

/**
 * What keeps the caller out, naming the field and both values; null when it may come in. MISMATCH, or UNAVAILABLE when it may
 * come again: of two workers that stay, one hears of a new epoch before the other.
 */
export function refusalOf(self: PeerIdentity | undefined, hello: PeerHello): MyriadError | null {
  if (self === undefined) return new MyriadError("MISMATCH", "this worker has not been given a run yet");
  const pairs: [string, unknown, unknown][] = [
    ["protocol version", hello.protocolVersion, self.protocolVersion],
    ["run id", hello.runId, self.runId],
    ["run number", hello.run, self.run],
    ["scenario hash", hello.scenarioHash, self.scenarioHash],
    ["worker called", hello.to, self.worker],
    [EPOCH, hello.epoch, self.epoch],
  ];
  for (const [field, theirs, ours] of pairs) {
    if (theirs === ours) continue;
    const what = `${field}: worker ${hello.from} has ${theirs}, worker ${self.worker} has ${ours}`;
    return new MyriadError(field === EPOCH ? "UNAVAILABLE" : "MISMATCH", what);
  }
  return null;
}

const EPOCH = "epoch";

/** The same for the answer: is it the process that the master named? */
export function impostorOf(expected: PeerAddress, welcome: PeerWelcome): string | null {
  if (welcome.workerId !== expected.worker) {
    return `worker id at ${expected.address}: expected ${expected.worker}, found ${welcome.workerId}`;
  }
  if (welcome.incarnation !== expected.incarnation) {
    return `incarnation of worker ${expected.worker}: expected ${expected.incarnation}, found ${welcome.incarnation}`;
  }
  return null;
}
