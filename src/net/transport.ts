import type { MyriadError } from "../base/error.ts";
import type { FramePosition } from "../wire/frame.ts";
import type { BreakerKind } from "./breaker.ts";

/** What two workers must have in common before events pass between them, and who the one speaking is. */
export interface PeerIdentity {
  readonly protocolVersion: number;
  readonly runId: string;
  /** Number of the run, stamped on every frame. */
  readonly run: number;
  /** Rises at every membership change; a peer of another epoch is refused. */
  readonly epoch: number;
  readonly scenarioHash: string;
  /** Worker id. */
  readonly worker: number;
  /** Drawn anew by every process, so that a restarted worker is not taken for the one before. */
  readonly incarnation: string;
}

/** A peer as the master names it. */
export interface PeerAddress {
  readonly worker: number;
  /** host:port of its data service. */
  readonly address: string;
  readonly incarnation: string;
}

/** From where on a stream carries frames. */
export interface Resumption {
  /** The last frame that the side which opens the stream has. */
  readonly received: FramePosition;
  /** Rises with each stream that this side opens to the same peer. */
  readonly attempt: number;
}

/** Receives what comes on a stream. All calls are synchronous, as the bytes arrive. */
export interface PeerSink {
  /** One message, whole: a frame, or an acknowledgement the other way. The bytes belong to the receiver from now on. */
  frame(bytes: Uint8Array): void;
  /** The stream will carry nothing more; called once. `null`: it was ended by one of its sides, not broken on the way. */
  closed(reason: MyriadError | null): void;
  /** There is room: once a stream that was accepted stands, and when one that refused more (`send` was false) takes it. */
  drained?(): void;
}

/** One direction of a pair of workers. Messages keep their order; none is lost while the stream stands. */
export interface PeerStream extends Resumption {
  /** The worker at the other end. */
  readonly peer: number;
  readonly incarnation: string;
  /**
   * Takes a message to be sent at once; the bytes must not change afterwards. False: taken, but the peer is slow and
   * more should wait for `drained`. Throws LIMIT for one over FRAME_BYTES_MAX, UNAVAILABLE on a closed stream.
   */
  send(frame: Uint8Array): boolean;
  /** Reads nothing more until `resume`, so that the other side finds the stream full. The end of the stream may show late. */
  pause(): void;
  resume(): void;
  /** `distrusted`: what came is not what can have been sent, so the connection below is not used again either. */
  close(distrusted?: boolean): void;
}

/**
 * How frames get from worker to worker: a port with two implementations (memory, grpc) and one suite for both.
 * There is one stream for each ordered pair of workers. The *receiver* of events opens it, because only the side that
 * opens a gRPC stream can widen its flow-control window (measured: 1 MiB in 1.9 ms instead of 3.0 ms).
 */
export interface Transport {
  /** Who this worker is; peers are refused until it is set. */
  identity: PeerIdentity | undefined;
  /**
   * Takes streams of peers that want this worker's events. It may send on them from the first `drained` on; it refuses
   * a peer by throwing MISMATCH. Resolves to the host:port to be reached at.
   */
  listen(accept: (stream: PeerStream) => PeerSink): Promise<string>;
  /** Resolves when all connections that calls to the peers may need stand. Throws UNAVAILABLE. */
  prewarm(peers: readonly PeerAddress[]): Promise<void>;
  /** Opens the stream on which `peer` sends its events. Throws UNAVAILABLE, or MISMATCH, which is final, naming both values. */
  connect(peer: PeerAddress, sink: PeerSink, from: Resumption): Promise<PeerStream>;
  /** What the breaker of the address is at. */
  breakerOf(address: string): BreakerKind;
  /** Ends all streams and stops listening. */
  close(): Promise<void>;
}
