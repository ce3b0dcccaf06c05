import { type ClientWritableStream, credentials, type ServiceError, status } from "@grpc/grpc-js";
import type { Clock } from "../base/clock.ts";
import { Backoff } from "../net/backoff.ts";
import { beatOptions } from "../net/grpc-options.ts";
import { type BeatMessage, BeatsClient, type Pulse } from "../wire/gen/myriad/v1/beats.ts";
import type { Attachment } from "../wire/gen/myriad/v1/control.ts";

/** Pauses before a broken stream is opened anew: short, for three missed beats are death. */
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1_000;

export interface BeatStreamOptions {
  /** host:port of the master. */
  readonly target: string;
  readonly attachment: Attachment;
  /** Between two beats. */
  readonly intervalMs: number;
  /** What there is to say. */
  readonly pulse: () => Pulse;
  /** The master does not take this worker's beats: it is not, or no longer, in the run. Called once, and nothing follows. */
  readonly onRefused: (why: string) => void;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly chance: () => number;
}

/** Beats to the master on a connection of their own, opened anew as often as it breaks. */
export class BeatStream {
  readonly #options: BeatStreamOptions;
  readonly #backoff: Backoff;
  #client: BeatsClient | undefined;
  #call: ClientWritableStream<BeatMessage> | undefined;
  /** What was sent before has not gone out yet: a beat more would only be late. */
  #full = false;
  #openedMs = 0;
  #cancel: () => void = () => {};
  #closed = false;

  constructor(options: BeatStreamOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS, chance: options.chance });
    this.#open();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#call?.cancel();
    this.#client?.close();
  }

  #open(): void {
    const { target, attachment } = this.#options;
    const client = new BeatsClient(target, credentials.createInsecure(), beatOptions());
    const call = client.beat((error) => this.#call === call && this.#ended(error));
    call.on("error", () => {}); // Told to the callback as well.
    call.on("drain", () => (this.#full = false));
    this.#openedMs = this.#options.clock.now();
    this.#client = client;
    this.#call = call;
    this.#full = false;
    call.write({ message: { $case: "attachment", value: attachment } });
    this.#beat();
  }

  #beat(): void {
    const { intervalMs, pulse, clock } = this.#options;
    if (!this.#full) this.#full = !this.#call!.write({ message: { $case: "pulse", value: pulse() } });
    this.#cancel = clock.setTimer(intervalMs, () => this.#beat());
  }

  #ended(error: ServiceError | null): void {
    this.#cancel();
    this.#client!.close();
    if (this.#closed) return;
    if (error?.code === status.FAILED_PRECONDITION) {
      this.#closed = true;
      this.#options.onRefused(error.details);
      return;
    }
    const { clock } = this.#options;
    if (clock.now() - this.#openedMs > RETRY_MAX_MS) this.#backoff.reset();
    this.#cancel = clock.setTimer(this.#backoff.nextMs(), () => this.#open());
  }
}
