import { type ClientDuplexStream, type ServerDuplexStream, type ServiceError, status } from "@grpc/grpc-js";
import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import { CONTROL_BYTES_MAX } from "../base/limits.ts";

/** With this status a master asks a worker to come again later; UNAVAILABLE is what gRPC says itself when nobody answers. */
export const COME_AGAIN = status.ABORTED;

/** True of a stream's end for which the master itself has given the reason: it is there. */
export const isAnswer = (reason: MyriadError): boolean =>
  (reason.cause as ServiceError | undefined)?.code === COME_AGAIN;

type Call<Out, In> = ClientDuplexStream<Out, In> | ServerDuplexStream<In, Out>;

/** Messages of one direction: one case each. */
export interface Envelope {
  message?: { readonly $case: string } | undefined;
}

/** How messages of one direction are encoded. */
export interface EnvelopeCodec<Out extends Envelope> {
  encode(message: Out): { finish(): Uint8Array };
}

/** Either end of a call between master and worker: messages both ways, in order. */
export class ControlStream<Out extends Envelope, In> {
  readonly #call: Call<Out, In>;
  readonly #codec: EnvelopeCodec<Out>;
  readonly #peer: string;
  readonly #release: () => void;
  #open = true;
  #room: Deferred | undefined;
  /** Set by the owner right after construction. */
  onMessage: (message: In) => void = () => {};
  /** Called once, when nothing more can come. `null`: ended on purpose. */
  onClosed: (reason: MyriadError | null) => void = () => {};

  /** `peer` names the other side in errors; `release` frees what hangs on the call, once. */
  constructor(call: Call<Out, In>, codec: EnvelopeCodec<Out>, peer: string, release: () => void) {
    this.#call = call;
    this.#codec = codec;
    this.#peer = peer;
    this.#release = release;
    call.on("data", (message: In) => this.onMessage(message));
    call.on("drain", () => this.#drained());
    call.on("end", () => this.#end(null));
    call.on("cancelled", () => this.#end(null));
    call.on("error", (error: ServiceError) => this.#end(this.#reason(error)));
  }

  get open(): boolean {
    return this.#open;
  }

  /** Sends a message; on a closed stream it is dropped, for `onClosed` has told. Throws LIMIT when it is too large. */
  send(message: Out): void {
    if (!this.#open) return;
    this.#checkBytes(message);
    if (!this.#call.write(message)) this.#room ??= new Deferred();
  }

  /** Resolves when there is room for more; undefined while there is. */
  get room(): Promise<void> | undefined {
    return this.#room?.promise;
  }

  /** Sends a message of a long series and resolves when there is room for the next. Throws UNAVAILABLE, LIMIT. */
  async sendPaced(message: Out): Promise<void> {
    this.send(message);
    await this.#room?.promise;
    if (!this.#open) throw new MyriadError("UNAVAILABLE", `${this.#peer} is gone`);
  }

  /** Holds back messages that come, while one of them takes its time. */
  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  close(): void {
    this.#end(null);
  }

  /** gRPC would only break the stream, and the other side would not know why. */
  #checkBytes(message: Out): void {
    const bytes = this.#codec.encode(message).finish().length;
    if (bytes <= CONTROL_BYTES_MAX) return;
    const what = `the control message "${message.message?.$case}" for ${this.#peer}`;
    throw new MyriadError("LIMIT", `${what} takes ${bytes} bytes; at most ${CONTROL_BYTES_MAX} are sent`);
  }

  #drained(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  #reason(error: ServiceError): MyriadError | null {
    if (error.code === status.CANCELLED) return null;
    // A refusal says itself what differs; all else is the connection's.
    if (error.code === status.FAILED_PRECONDITION) return new MyriadError("MISMATCH", error.details, { cause: error });
    if (error.code === COME_AGAIN) return new MyriadError("UNAVAILABLE", error.details, { cause: error });
    return new MyriadError("UNAVAILABLE", `${this.#peer}: ${error.details}`, { cause: error });
  }

  #end(reason: MyriadError | null): void {
    if (!this.#open) return;
    this.#open = false;
    this.#release();
    this.#drained();
    this.onClosed(reason);
  }
}
