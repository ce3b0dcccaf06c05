import { type ServerUnaryCall, type ServerWritableStream, type sendUnaryData, status } from "@grpc/grpc-js";
import type { Clock } from "../base/clock.ts";
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthServer,
  HealthCheckResponse_ServingStatus as Serving,
} from "../wire/gen/grpc/health/v1/health.ts";

/** Whoever watches learns of a change after so long at most. */
const LOOK_MS = 1_000;

/** True: serves; false: does not, now; undefined: there is no such service. The service "" is the node as a whole. */
export type ServingOf = (service: string) => boolean | undefined;

type WatchCall = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

/** The standard's health service (grpc.health.v1), which probers of clusters ask. */
export class Health {
  readonly handlers: HealthServer;
  readonly #servingOf: ServingOf;
  readonly #clock: Clock;
  readonly #watches = new Map<WatchCall, Serving | undefined>();
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(servingOf: ServingOf, clock: Clock) {
    this.#servingOf = servingOf;
    this.#clock = clock;
    this.handlers = {
      check: (call, reply) => this.#check(call, reply),
      watch: (call) => this.#watch(call),
    };
  }

  /** Tells those who watch that nothing is served any more, and ends their calls. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#look();
    for (const call of this.#watches.keys()) call.end();
    this.#watches.clear();
  }

  #check(
    { request }: ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>,
    reply: sendUnaryData<HealthCheckResponse>,
  ): void {
    const serving = this.#statusOf(request.service);
    if (serving !== Serving.SERVICE_UNKNOWN) reply(null, { status: serving });
    else reply({ code: status.NOT_FOUND, details: `no service is called "${request.service}"` });
  }

  #watch(call: WatchCall): void {
    this.#watches.set(call, undefined);
    for (const end of ["cancelled", "error", "close"]) call.on(end, () => this.#watches.delete(call));
    this.#look();
  }

  /** Tells each who watches what has changed for it, and looks again in a while as long as somebody does. */
  #look(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const [call, told] of this.#watches) {
      const serving = this.#statusOf(call.request.service);
      if (serving === told) continue;
      this.#watches.set(call, serving);
      call.write({ status: serving });
    }
    if (this.#watches.size > 0 && !this.#closed) this.#cancel = this.#clock.setTimer(LOOK_MS, () => this.#look());
  }

  #statusOf(service: string): Serving {
    const serving = this.#servingOf(service);
    if (serving === undefined) return Serving.SERVICE_UNKNOWN;
    return serving && !this.#closed ? Serving.SERVING : Serving.NOT_SERVING;
  }
}
