import type { ServerReadableStream, sendUnaryData } from "@grpc/grpc-js";
import { MyriadError } from "../base/error.ts";
import type { BeatMessage, BeatReply, BeatsServer, Pulse } from "../wire/gen/myriad/v1/beats.ts";
import type { Attachment } from "../wire/gen/myriad/v1/control.ts";
import { refusalOf } from "./refusal.ts";

/** Takes beats of the worker that has attached itself so. Throws MISMATCH for one that is not in the run. */
export type TakeBeats = (attachment: Attachment) => (pulse: Pulse) => void;

type BeatCall = ServerReadableStream<BeatMessage, BeatReply>;

/** The master's side of beats: hands them on as they come. */
export class BeatService {
  readonly handlers: BeatsServer;
  /** Streams that stand, each with what ends it. */
  readonly #open = new Map<BeatCall, () => void>();

  constructor(take: TakeBeats) {
    this.handlers = { beat: (call, reply) => this.#serve(call, reply, take) };
  }

  /** Ends all streams. */
  close(): void {
    for (const end of [...this.#open.values()]) end();
  }

  #serve(call: BeatCall, reply: sendUnaryData<BeatReply>, take: TakeBeats): void {
    let sink: ((pulse: Pulse) => void) | undefined;
    const end = (...answer: Parameters<sendUnaryData<BeatReply>>): void => {
      if (this.#open.delete(call)) reply(...answer);
    };
    this.#open.set(call, () => end(null, {}));
    call.on("data", ({ message }: BeatMessage) => {
      try {
        if (message?.$case === "attachment" && sink === undefined) sink = take(message.value);
        else if (message?.$case === "pulse" && sink !== undefined) sink(message.value);
        else throw new MyriadError("PROTOCOL", `"${message?.$case}" does not belong here among beats`);
      } catch (reason) {
        end(refusalOf(reason));
      }
    });
    call.on("end", () => end(null, {}));
    call.on("error", () => this.#open.delete(call));
    call.on("cancelled", () => this.#open.delete(call));
  }
}
