import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { SpillBudget, type SpillLimits } from "../store/spill-budget.ts";
import type { BreakerKind } from "./breaker.ts";
import { FrameLog } from "./frame-log.ts";
import { Inlet } from "./inlet.ts";
import { type LinkTiming, Outlet } from "./outlet.ts";
import { firstWaitMs, peerBackoff, persist } from "./persist.ts";
import { allOf, type Place } from "./series.ts";
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

/** Bytes of frames that are kept for one peer. */
export interface LogFigures {
  readonly peer: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

export interface PeerLinksOptions extends LinkTiming {
  readonly transport: Transport;
  /** What the frames for all peers together may take. */
  readonly logs: SpillLimits;
  /** Frames are kept, acknowledged or not, until `release`: peers may be restarted from a checkpoint. Default false. */
  readonly retain?: boolean;
  /** The window that a worker begins with which was loaded from a checkpoint: frames before it are not wanted. */
  readonly firstWindow?: number;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
  /** Takes each frame of a peer once, in order, intact. A promise: there is no room for it until that resolves. */
  readonly frame: (peer: number, bytes: Uint8Array) => Promise<void> | undefined;
  /** A peer takes our frames from now on; called once for each. */
  readonly onOutlet: (outlet: Outlet) => void;
  /** All peers are reached, and have reached us. */
  readonly onLinked: () => void;
  /** A peer is not to be had any more. */
  readonly onLost: (peer: number, reason: MyriadError) => void;
  readonly onNews: (news: LinkNews) => void;
}

interface Outward {
  readonly outlet: Outlet;
  incarnation: string;
}

/** A worker's links to all its peers: streams that break are opened anew, and nothing that was sent is lost. */
export class PeerLinks {
  readonly #options: PeerLinksOptions;
  readonly #budget: SpillBudget;
  readonly #outlets = new Map<number, Outward>();
  readonly #inlets = new Map<number, Inlet>();
  /** Of processes in whose place another has come. */
  readonly #former = new Set<string>();
  readonly #leaving = new AbortController();
  #peers: readonly PeerAddress[] | undefined;
  #opened = false;
  #linked = false;
  /** The exchange is over: ends of streams are none of anybody's business any more. */
  #quiet = false;

  constructor(options: PeerLinksOptions) {
    this.#options = options;
    this.#budget = new SpillBudget(options.logs);
  }

  /** Frames that are kept for peers, by peer. */
  get figures(): LogFigures[] {
    return [...this.#outlets].map(([peer, { outlet }]) => ({ peer, ...outlet.kept }));
  }

  /** The most that was ever kept for all peers together. */
  get peaks(): SpillBudget["peaks"] {
    return this.#budget.peaks;
  }

  /** By peer; empty until the peers are known. */
  get states(): LinkState[] {
    return (this.#peers ?? []).map(({ worker, address }) => ({
      peer: worker,
      up: this.#inlets.get(worker)?.up ?? false,
      breaker: this.#options.transport.breakerOf(address),
      reconnects: this.#inlets.get(worker)?.reconnects ?? 0,
      resent: this.#outlets.get(worker)?.outlet.resent ?? 0,
      repeats: this.#inlets.get(worker)?.repeats ?? 0,
    }));
  }

  /**
   * A peer wants our frames, for the first time or again. Throws MISMATCH when it is not the process that the master
   * named; UNAVAILABLE when it may be one that the master is about to name.
   */
  accept(stream: PeerStream): PeerSink {
    this.#checkIncarnation(stream);
    const known = this.#outlets.get(stream.peer);
    if (known !== undefined) {
      if (known.incarnation !== stream.incarnation) throw this.#impostor(stream, known.incarnation);
      return known.outlet.resume(stream);
    }
    const { peer, incarnation } = stream;
    const { clock, silenceMsMax, peerWaitMs, onOutlet, retain } = this.#options;
    const onLost = (reason: MyriadError): void => this.#lost(peer, reason);
    const onSilent = (): void => this.#tell({ kind: "silent", peer });
    const log = new FrameLog({ peer, budget: this.#budget, retain });
    const outlet = new Outlet({ peer, clock, silenceMsMax, peerWaitMs, onLost, onSilent, log });
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
    const { firstWindow } = this.#options;
    const from = firstWindow === undefined ? undefined : allOf(firstWindow - 1);
    for (const peer of peers) this.#inlets.set(peer.worker, this.#inletTo(peer, from));
    await Promise.all([...this.#inlets.values()].map((inlet) => inlet.open()));
    await this.#prewarm(peers);
    this.#opened = true;
    this.#checkLinked();
  }

  /**
   * Another process, loaded from a checkpoint, has come in a peer's place, lost before or not. It gets all frames again
   * that it asks for, if they are retained. Its own are taken from the window on that the old one has not closed; what
   * has come of that one must be thrown away in the same turn (`WorkerLoop.discard`). Streams of the old one are refused.
   */
  restart(peer: PeerAddress): void {
    const { worker, incarnation } = peer;
    const former = this.#peers?.find((each) => each.worker === worker);
    if (former === undefined) throw new MyriadError("PROTOCOL", `worker ${worker} is restarted, and was no peer`);
    this.#former.add(former.incarnation);
    this.#peers = this.#peers!.map((each) => (each === former ? peer : each));
    const known = this.#outlets.get(worker);
    if (known !== undefined) {
      known.incarnation = incarnation;
      known.outlet.restart();
    }
    const old = this.#inlets.get(worker)!;
    old.close();
    const inlet = this.#inletTo(peer, old.whole);
    this.#inlets.set(worker, inlet);
    inlet.open().catch((reason) => {
      // The process may be lost before it was reached, and another named: then this inlet was closed, and nobody's loss.
      if (this.#inlets.get(worker) === inlet) this.#lost(worker, MyriadError.from(reason, "UNAVAILABLE"));
    });
  }

  /** Frames of windows before this one are retained no more: a checkpoint that covers them is committed. */
  release(window: number): void {
    for (const { outlet } of this.#outlets.values()) outlet.release(window);
  }

  /** The exchange is over: links are kept for peers that have not got all, but are not missed. */
  finish(): void {
    this.#quiet = true;
  }

  close(): void {
    this.#quiet = true;
    this.#leaving.abort();
    for (const inlet of this.#inlets.values()) inlet.close();
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

  #inletTo(peer: PeerAddress, from: Place | undefined): Inlet {
    const { worker } = peer;
    const { transport, clock, chance, silenceMsMax, peerWaitMs, frame } = this.#options;
    const inlet: Inlet = new Inlet({
      peer,
      transport,
      from,
      silenceMsMax,
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
    if (stream.incarnation !== expected) throw this.#impostor(stream, expected);
  }

  #impostor({ peer, incarnation }: Pick<PeerStream, "peer" | "incarnation">, expected?: string): MyriadError {
    const both = `incarnation of worker ${peer}: expected ${expected ?? "nobody"}, it has ${incarnation}`;
    // Where workers are restarted, a new process may be here before the word of the master that there is one.
    const early = this.#options.retain === true && !this.#former.has(incarnation);
    return new MyriadError(early ? "UNAVAILABLE" : "MISMATCH", both);
  }

  #tell(news: LinkNews): void {
    if (!this.#quiet) this.#options.onNews(news);
  }

  #lost(peer: number, reason: MyriadError): void {
    if (!this.#quiet) this.#options.onLost(peer, reason);
  }
}
