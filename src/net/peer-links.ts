import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import type { BreakerKind } from "./breaker.ts";
import { Inlet } from "./inlet.ts";
import { type LinkTiming, Outlet } from "./outlet.ts";
import { firstWaitMs, peerBackoff, persist } from "./persist.ts";
import type { PeerAddress, PeerSink, PeerStream, Transport } from "./transport.ts";

/** What becomes of a link, for the log. */
export type LinkNews =
  | { readonly kind: "broken"; readonly peer: number; readonly reason: MyriadError | null }
  | { readonly kind: "silent"; readonly peer: number }
  | { readonly kind: "restored"; readonly peer: number; readonly reconnects: number };

/** A link to and from a peer, for people. */
export interface LinkState {
  readonly peer: number;
  /** The stream on which the peer sends stands. */
  readonly up: boolean;
  readonly breaker: BreakerKind;
  /** Times that this stream was opened anew. */
  readonly reconnects: number;
  /** Frames sent to the peer more than once. */
  readonly resent: number;
  /** Frames of the peer that came again. */
  readonly repeats: number;
}

export interface PeerLinksOptions extends LinkTiming {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
  /** Takes each frame of a peer once, in order, intact. */
  readonly frame: (peer: number, bytes: Uint8Array) => void;
  /** A peer takes our frames from now on; called once for each. */
  readonly onOutlet: (outlet: Outlet) => void;
  /** All peers are reached, and have reached us. */
  readonly onLinked: () => void;
  /** A peer is not to be had any more. */
  readonly onLost: (peer: number, reason: MyriadError) => void;
  readonly onNews: (news: LinkNews) => void;
}

/** A worker's links to all its peers: streams that break are opened anew, and nothing that was sent is lost. */
export class PeerLinks {
  readonly #options: PeerLinksOptions;
  readonly #outlets = new Map<number, { readonly outlet: Outlet; readonly incarnation: string }>();
  readonly #inlets: Inlet[] = [];
  readonly #leaving = new AbortController();
  #peers: readonly PeerAddress[] | undefined;
  #opened = false;
  #linked = false;
  /** The exchange is over: ends of streams are none of anybody's business any more. */
  #quiet = false;

  constructor(options: PeerLinksOptions) {
    this.#options = options;
  }

  /** By peer; empty until the peers are known. */
  get states(): LinkState[] {
    return (this.#peers ?? []).map(({ worker, address }, i) => ({
      peer: worker,
      up: this.#inlets[i]?.up ?? false,
      breaker: this.#options.transport.breakerOf(address),
      reconnects: this.#inlets[i]?.reconnects ?? 0,
      resent: this.#outlets.get(worker)?.outlet.resent ?? 0,
      repeats: this.#inlets[i]?.repeats ?? 0,
    }));
  }

  /** A peer wants our frames, for the first time or again. Throws MISMATCH when it is not the process that the master named. */
  accept(stream: PeerStream): PeerSink {
    this.#checkIncarnation(stream);
    const known = this.#outlets.get(stream.peer);
    if (known !== undefined) {
      if (known.incarnation !== stream.incarnation) throw impostor(stream, known.incarnation);
      return known.outlet.resume(stream);
    }
    const { peer, incarnation } = stream;
    const { clock, silenceMsMax, peerWaitMs, onOutlet } = this.#options;
    const onLost = (reason: MyriadError): void => this.#lost(peer, reason);
    const onSilent = (): void => this.#tell({ kind: "silent", peer });
    const outlet = new Outlet({ peer, clock, silenceMsMax, peerWaitMs, onLost, onSilent });
    this.#outlets.set(peer, { outlet, incarnation });
    const sink = outlet.resume(stream);
    onOutlet(outlet);
    this.#checkLinked();
    return sink;
  }

  /** Opens a stream to every peer; from then on they are kept. Throws UNAVAILABLE, MISMATCH. */
  async connect(peers: readonly PeerAddress[]): Promise<void> {
    this.#peers = peers;
    for (const [peer, { incarnation }] of this.#outlets) this.#checkIncarnation({ peer, incarnation });
    this.#inlets.push(...peers.map((peer) => this.#inletTo(peer)));
    await Promise.all(this.#inlets.map((inlet) => inlet.open()));
    await this.#prewarm(peers);
    this.#opened = true;
    this.#checkLinked();
  }

  /** The exchange is over: links are kept for peers that have not got all, but are not missed. */
  finish(): void {
    this.#quiet = true;
  }

  close(): void {
    this.#quiet = true;
    this.#leaving.abort();
    for (const inlet of this.#inlets) inlet.close();
    for (const { outlet } of this.#outlets.values()) outlet.close();
  }

  /** The connections that are asked for beside those of the streams. */
  #prewarm(peers: readonly PeerAddress[]): Promise<void> {
    const { transport, clock, chance, peerWaitMs } = this.#options;
    const { signal } = this.#leaving;
    const waitMs = firstWaitMs(peerWaitMs);
    const persistence = { clock, backoff: peerBackoff(chance), waitMs, signal, what: "a peer" };
    return persist(persistence, () => transport.prewarm(peers));
  }

  #inletTo(peer: PeerAddress): Inlet {
    const { worker } = peer;
    const { transport, clock, chance, peerWaitMs, frame } = this.#options;
    const inlet: Inlet = new Inlet({
      peer,
      transport,
      frame: (bytes) => frame(worker, bytes),
      clock,
      chance,
      peerWaitMs,
      onBroken: (reason) => this.#tell({ kind: "broken", peer: worker, reason }),
      onRestored: () => this.#tell({ kind: "restored", peer: worker, reconnects: inlet.reconnects }),
      onLost: (reason) => this.#lost(worker, reason),
    });
    return inlet;
  }

  #checkLinked(): void {
    if (this.#linked || !this.#opened || this.#outlets.size !== this.#peers!.length) return;
    this.#linked = true;
    this.#options.onLinked();
  }

  /** A peer may come before the master has named it; it is looked at again then. */
  #checkIncarnation(stream: Pick<PeerStream, "peer" | "incarnation">): void {
    if (this.#peers === undefined) return;
    const expected = this.#peers.find(({ worker }) => worker === stream.peer)?.incarnation;
    if (stream.incarnation !== expected) throw impostor(stream, expected);
  }

  #tell(news: LinkNews): void {
    if (!this.#quiet) this.#options.onNews(news);
  }

  #lost(peer: number, reason: MyriadError): void {
    if (!this.#quiet) this.#options.onLost(peer, reason);
  }
}

function impostor({ peer, incarnation }: Pick<PeerStream, "peer" | "incarnation">, expected?: string): MyriadError {
  const both = `expected ${expected ?? "nobody"}, it has ${incarnation}`;
  return new MyriadError("MISMATCH", `incarnation of worker ${peer}: ${both}`);
}
