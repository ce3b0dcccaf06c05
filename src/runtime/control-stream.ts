import { type ClientDuplexStream, type ServerDuplexStream, type ServiceError, status } from "@grpc/grpc-js";
import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";

type Call<Out, In> = ClientDuplexStream<Out, In> | ServerDuplexStream<In, Out>;

/** Either end of an Attach call: messages both ways, in order. */
export class ControlStream<Out, In> {
  readonly #call: Call<Out, In>;
  readonly #peer: string;
  readonly #release: () => void;
  #open = true;
  #room: Deferred | undefined;
  /** Set by the owner right after construction. */
  onMessage: (message: In) => void = () => {};
  /** Called once, when nothing more can come. `null`: ended on purpose. */
  onClosed: (reason: MyriadError | null) => void = () => {};

  /** `peer` names the other side in errors; `release` frees what hangs on the call, once. */
  constructor(call: Call<Out, In>, peer: string, release: () => void) {
    this.#call = call;
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

  /** Sends a message; on a closed stream it is dropped, for `onClosed` has told. */
  send(message: Out): void {
    if (!this.#open) return;
    if (!this.#call.write(message)) this.#room ??= new Deferred();
  }

  /** Sends a message of a long series and resolves when there is room for the next. Throws UNAVAILABLE. */
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

  #drained(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  #reason(error: ServiceError): MyriadError | null {
    if (error.code === status.CANCELLED) return null;
    // A refusal says itself what differs; all else is the connection's.
    if (error.code === status.FAILED_PRECONDITION) return new MyriadError("MISMATCH", error.details, { cause: error });
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
