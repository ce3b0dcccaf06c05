import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import type { BreakerKind } from "./breaker.ts";
import type { PeerAddress, PeerSink, PeerStream, Resumption, Transport } from "./transport.ts";

/** What a line does to what is sent on it, each by its chance for one message. */
export interface Faults {
  /** The stream is cut; each side hears of it in its own time. */
  readonly cut: number;
  /** A side does not hear of it: the accepting one never, the one that has connected when a ping is not answered. */
  readonly unnoticed: number;
  readonly duplicate: number;
  readonly drop: number;
  readonly flip: number;
  /** A call is not answered in time; it may still come through, later. */
  readonly lateCall: number;
  readonly refusedCall: number;
  /** Longest time under way. */
  readonly delayMsMax: number;
  /** A ping that is not answered is noticed after so long. */
  readonly silenceMsMax: number;
}

export const NO_FAULTS: Faults = {
  cut: 0,
  unnoticed: 0,
  duplicate: 0,
  drop: 0,
  flip: 0,
  lateCall: 0,
  refusedCall: 0,
  delayMsMax: 1,
  silenceMsMax: 1,
};

/** A line between two workers, on a clock, that goes wrong by chance. One side listens, the other connects. */
export class RoughTransport implements Transport {
  identity = undefined;
  faults: Faults = NO_FAULTS;
  cuts = 0;
  readonly clock: Clock;
  readonly chance: () => number;
  #accept: ((stream: PeerStream) => PeerSink) | undefined;

  constructor(clock: Clock, chance: () => number) {
    this.clock = clock;
    this.chance = chance;
  }

  roll(probability: number): boolean {
    return this.chance() < probability;
  }

  delayMs(): number {
    return this.chance() * this.faults.delayMsMax;
  }

  async listen(accept: (stream: PeerStream) => PeerSink): Promise<string> {
    this.#accept = accept;
    return "rough";
  }

  async prewarm(): Promise<void> {}

  breakerOf(): BreakerKind {
    return "closed";
  }

  async connect(peer: PeerAddress, sink: PeerSink, from: Resumption): Promise<PeerStream> {
    await this.clock.sleep(this.delayMs());
    if (this.roll(this.faults.refusedCall)) throw new MyriadError("UNAVAILABLE", "refused");
    const line = new Line(this);
    const near = new End(line, peer.worker, peer.incarnation, from);
    const far = new End(line, 9, "reader", from);
    far.accepted = true;
    near.other = far;
    far.other = near;
    if (this.roll(this.faults.lateCall)) {
      // The caller has given up when its call arrives; that it has is the last that is heard of it.
      this.clock.setTimer(this.delayMs() * 20, () => {
        try {
          this.#admit(far);
        } catch {
          return; // Sent away.
        }
        line.tell(far, null);
      });
      throw new MyriadError("UNAVAILABLE", "no answer");
    }
    this.#admit(far);
    near.sink = sink;
    await this.clock.sleep(this.delayMs());
    return near;
  }

  async close(): Promise<void> {}

  #admit(far: End): void {
    far.sink = this.#accept!(far);
    this.clock.setTimer(0, () => far.open && far.sink?.drained?.());
  }
}

/** What both ends of a stream share. */
class Line {
  readonly transport: RoughTransport;
  broken = false;

  constructor(transport: RoughTransport) {
    this.transport = transport;
  }

  cut(...ends: End[]): void {
    this.broken = true;
    this.transport.cuts++;
    for (const end of ends) this.tell(end, new MyriadError("UNAVAILABLE", "cut"));
  }

  /** A side hears, sooner or later, that the stream has ended. */
  tell(end: End, reason: MyriadError | null): void {
    const { clock, faults } = this.transport;
    let afterMs = this.transport.delayMs();
    if (this.transport.roll(faults.unnoticed)) {
      if (end.accepted) return;
      afterMs = faults.silenceMsMax;
    }
    clock.setTimer(afterMs, () => end.end(reason));
  }
}

class End implements PeerStream {
  readonly peer: number;
  readonly incarnation: string;
  readonly received: Resumption["received"];
  readonly attempt: number;
  other: End | undefined;
  sink: PeerSink | undefined;
  open = true;
  /** It was opened by the other side. */
  accepted = false;
  readonly #line: Line;
  #dueMs = 0;
  #waiting = 0;
  #paused = false;
  /** What has come to this end while it did not read. */
  #unread: (() => void)[] = [];

  constructor(line: Line, peer: number, incarnation: string, { received, attempt }: Resumption) {
    this.#line = line;
    this.peer = peer;
    this.incarnation = incarnation;
    this.received = received;
    this.attempt = attempt;
  }

  send(frame: Uint8Array): boolean {
    if (!this.open) throw new MyriadError("UNAVAILABLE", "the stream is closed");
    const { transport } = this.#line;
    const { clock, faults } = transport;
    this.#dueMs = Math.max(this.#dueMs, clock.now() + transport.delayMs());
    for (let copies = transport.roll(faults.duplicate) ? 2 : 1; copies > 0; copies--) {
      this.#waiting++;
      clock.setTimer(this.#dueMs - clock.now(), () => this.#deliver(frame.slice()));
    }
    return this.#waiting < 4;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const unread = this.#unread;
    this.#unread = [];
    for (const deliver of unread) deliver();
  }

  close(): void {
    const { other } = this;
    this.end(null);
    if (!this.#line.broken) this.#line.tell(other!, null);
  }

  end(reason: MyriadError | null): void {
    if (!this.open) return;
    this.open = false;
    this.sink?.closed(reason);
  }

  #deliver(frame: Uint8Array): void {
    const { transport } = this.#line;
    const { faults, chance } = transport;
    if (this.other!.#paused && this.other!.open) {
      this.other!.#unread.push(() => this.#deliver(frame));
      return;
    }
    if (--this.#waiting === 0 && this.open) this.sink?.drained?.();
    if (this.#line.broken || !this.open || !this.other!.open) return;
    if (transport.roll(faults.cut)) {
      this.#line.cut(this, this.other!);
      return;
    }
    if (transport.roll(faults.drop)) return;
    if (transport.roll(faults.flip)) {
      const bit = Math.floor(chance() * frame.length * 8);
      frame[bit >> 3]! ^= 1 << (bit & 7);
    }
    this.other!.sink?.frame(frame);
  }
}
