import { type ClientDuplexStream, type ServerDuplexStream, type ServiceError, status } from "@grpc/grpc-js";
import { MyriadError } from "../base/error.ts";
import { FRAME_BYTES_MAX } from "../base/limits.ts";
import type { FramePosition } from "../wire/frame.ts";
import type { PeerSink, PeerStream, Resumption } from "./transport.ts";

type Call = ClientDuplexStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>;

/** Whom a stream leads to, and from where on. */
export type StreamEnds = Pick<PeerStream, "peer" | "incarnation" | keyof Resumption>;

/** Either end of one Exchange call. */
export class GrpcStream implements PeerStream {
  readonly peer: number;
  readonly incarnation: string;
  readonly received: FramePosition;
  readonly attempt: number;
  readonly #call: Call;
  readonly #release: (broken: boolean) => void;
  #sink: PeerSink | undefined;
  #standing = false;
  #open = true;

  /** `release` ends the call and frees what hangs on it; it is called once. `broken`: not by one of its sides. */
  constructor(call: Call, { peer, incarnation, received, attempt }: StreamEnds, release: (broken: boolean) => void) {
    this.#call = call;
    this.peer = peer;
    this.incarnation = incarnation;
    this.received = received;
    this.attempt = attempt;
    this.#release = release;
  }

  /** Starts the flow towards `sink`; it hears of the end only once the stream stands. */
  attach(sink: PeerSink): void {
    this.#sink = sink;
    const call = this.#call;
    call.on("data", (bytes: Buffer) => this.#open && sink.frame(bytes));
    call.on("drain", () => this.#open && sink.drained?.());
    call.on("end", () => this.#end(null));
    call.on("cancelled", () => this.#end(null));
    call.on("error", (error: ServiceError) => this.#end(this.#reason(error)));
  }

  send(frame: Uint8Array): boolean {
    if (!this.#open) throw new MyriadError("UNAVAILABLE", `the stream to worker ${this.peer} is closed`);
    if (frame.length > FRAME_BYTES_MAX) {
      throw new MyriadError("LIMIT", `frame of ${frame.length} bytes; at most ${FRAME_BYTES_MAX}`);
    }
    return this.#call.write(Buffer.from(frame.buffer, frame.byteOffset, frame.length));
  }

  /** HTTP/2 stops the sender, once its flow-control window is used up. */
  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  /** Both sides have greeted. */
  stand(): void {
    this.#standing = true;
  }

  close(distrusted = false): void {
    this.#end(null, distrusted);
  }

  #reason(error: ServiceError): MyriadError | null {
    if (error.code === status.CANCELLED) return null;
    return new MyriadError("UNAVAILABLE", `the stream of worker ${this.peer} broke: ${error.details}`, {
      cause: error,
    });
  }

  #end(reason: MyriadError | null, distrusted = false): void {
    if (!this.#open) return;
    this.#open = false;
    this.#release(reason !== null || distrusted);
    if (this.#standing) this.#sink?.closed(reason);
  }
}
