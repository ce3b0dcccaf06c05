import { MyriadError } from "../base/error.ts";
import { FRAME_BYTES_MAX } from "../base/limits.ts";
import type { FramePosition } from "../wire/frame.ts";
import type { PeerHello } from "../wire/gen/myriad/v1/data.ts";
import type { BreakerKind } from "./breaker.ts";
import { helloBytes, impostorOf, readHello, readWelcome, refusalOf, resumptionOf, welcomeBytes } from "./hello.ts";
import type { PeerAddress, PeerIdentity, PeerSink, PeerStream, Resumption, Transport } from "./transport.ts";

/** Frames that may wait at one end before `send` says so, as in grpc-js (its streams' high-water mark). */
const WAITING_FRAMES_MAX = 16;

/** A network inside one process: addresses and who listens there. */
export class MemoryNetwork {
  readonly listeners: Map<string, MemoryTransport> = new Map();
  #next = 1;

  address(): string {
    return `memory:${this.#next++}`;
  }
}

/** The transport of tests: frames are delivered in order, on a later microtask, as copies. */
export class MemoryTransport implements Transport {
  identity: PeerIdentity | undefined;
  readonly #network: MemoryNetwork;
  readonly #streams: Set<MemoryStream> = new Set();
  #address = "";
  #accept: ((stream: PeerStream) => PeerSink) | undefined;

  constructor(network: MemoryNetwork) {
    this.#network = network;
  }

  async listen(accept: (stream: PeerStream) => PeerSink): Promise<string> {
    this.#accept = accept;
    this.#address = this.#network.address();
    this.#network.listeners.set(this.#address, this);
    return this.#address;
  }

  async prewarm(): Promise<void> {}

  breakerOf(): BreakerKind {
    return "closed";
  }

  async connect(peer: PeerAddress, sink: PeerSink, from: Resumption): Promise<PeerStream> {
    const self = this.identity;
    if (self === undefined) throw new MyriadError("PROTOCOL", "a worker without a run cannot open streams");
    const other = this.#network.listeners.get(peer.address);
    if (other === undefined) throw new MyriadError("UNAVAILABLE", `worker ${peer.worker} at ${peer.address}: nobody`);
    const near = new MemoryStream(peer.worker, peer.incarnation, from, this.#streams);
    const welcome = readWelcome(other.admit(readHello(helloBytes(self, peer.worker, from)), near));
    const impostor = impostorOf(peer, welcome);
    if (impostor !== null) {
      near.close();
      throw new MyriadError("MISMATCH", impostor);
    }
    near.sink = sink;
    return near;
  }

  /** The listener's half of `connect`. Returns the encoded welcome. */
  admit(hello: PeerHello, near: MemoryStream): Uint8Array {
    const refusal = refusalOf(this.identity, hello);
    if (refusal !== null) throw refusal;
    const far = new MemoryStream(hello.from, hello.incarnation, resumptionOf(hello), this.#streams);
    far.other = near;
    near.other = far;
    far.sink = this.#accept!(far);
    queueMicrotask(() => far.ready());
    return welcomeBytes(this.identity!);
  }

  async close(): Promise<void> {
    this.#network.listeners.delete(this.#address);
    for (const stream of [...this.#streams]) stream.close();
  }
}

class MemoryStream implements PeerStream {
  readonly peer: number;
  readonly incarnation: string;
  readonly received: FramePosition;
  readonly attempt: number;
  readonly #siblings: Set<MemoryStream>;
  readonly #waiting: Uint8Array[] = [];
  #full = false;
  #open = true;
  #paused = false;
  other: MemoryStream | undefined;
  sink: PeerSink | undefined;

  constructor(peer: number, incarnation: string, { received, attempt }: Resumption, siblings: Set<MemoryStream>) {
    this.peer = peer;
    this.incarnation = incarnation;
    this.received = received;
    this.attempt = attempt;
    this.#siblings = siblings;
    siblings.add(this);
  }

  send(frame: Uint8Array): boolean {
    if (!this.#open) throw new MyriadError("UNAVAILABLE", `the stream to worker ${this.peer} is closed`);
    if (frame.length > FRAME_BYTES_MAX) {
      throw new MyriadError("LIMIT", `frame of ${frame.length} bytes; at most ${FRAME_BYTES_MAX}`);
    }
    this.#waiting.push(frame.slice());
    if (this.#waiting.length === 1) queueMicrotask(() => this.#deliver());
    this.#full ||= this.#waiting.length >= WAITING_FRAMES_MAX;
    return !this.#full;
  }

  close(): void {
    if (!this.#open) return;
    this.#deliver();
    this.end();
    this.other?.end();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const { other } = this;
    if (other !== undefined) queueMicrotask(() => other.#deliver());
  }

  /** The stream stands: its owner may send. */
  ready(): void {
    if (this.#open) this.sink?.drained?.();
  }

  /** Ends this side alone. */
  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#siblings.delete(this);
    this.sink?.closed(null);
  }

  #deliver(): void {
    const { other } = this;
    while (this.#waiting.length > 0 && other !== undefined && !other.#paused) other.sink?.frame(this.#waiting.shift()!);
    if (this.#full && this.#waiting.length === 0) {
      this.#full = false;
      this.sink?.drained?.();
    }
  }
}
