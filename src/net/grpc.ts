import {
  type handleBidiStreamingCall,
  Metadata,
  Server,
  type ServerDuplexStream,
  type ServiceError,
} from "@grpc/grpc-js";
import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { HealthService } from "../wire/gen/grpc/health/v1/health.ts";
import type { PeerHello } from "../wire/gen/myriad/v1/data.ts";
import type { BreakerKind, BreakerOptions } from "./breaker.ts";
import { EXCHANGE, type ExchangeCall, GrpcConnection } from "./grpc-connection.ts";
import { HELLO, refusal, refusalIn, WELCOME } from "./grpc-greeting.ts";
import { bindServer, controlOptions, type DataTiming, dataOptions, serverOptions } from "./grpc-options.ts";
import { GrpcStream } from "./grpc-stream.ts";
import { Health } from "./health.ts";
import { helloBytes, impostorOf, readHello, readWelcome, refusalOf, resumptionOf, welcomeBytes } from "./hello.ts";
import { hostPort } from "./host-port.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import type { Lease, Purpose, ShardMetrics } from "./pool-shard.ts";
import type { PeerAddress, PeerIdentity, PeerSink, PeerStream, Resumption, Transport } from "./transport.ts";

/** The service whose health is whether peers are taken in; that of the node as a whole is whether it listens. */
const DATA = "myriad.v1.Data";
/** A peer that the master named is up; longer than this and it is not to be reached. */
const CONNECT_MS_MAX = 10_000;

export interface GrpcTransportOptions extends DataTiming {
  readonly clock: Clock;
  /** Where to listen. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly pool: PoolOptions;
  readonly breaker: BreakerOptions;
  /** Told each change of a target's breaker, once. */
  readonly onBreaker?: (target: string, to: BreakerKind, from: BreakerKind) => void;
}

/** Frames over gRPC. Connections to peers come from the pool, and greetings travel in the metadata of the call. */
export class GrpcTransport implements Transport {
  identity: PeerIdentity | undefined;
  readonly #options: GrpcTransportOptions;
  readonly #server: Server;
  readonly #pool: Pool<GrpcConnection>;
  readonly #health: Health;
  readonly #streams: Set<GrpcStream> = new Set();
  /** A connection or an answer that takes longer does not come. */
  readonly #connectMs: number;

  constructor(options: GrpcTransportOptions) {
    const { silenceMsMax, pool, breaker, clock, onBreaker } = options;
    this.#options = options;
    this.#connectMs = Math.min(CONNECT_MS_MAX, silenceMsMax);
    this.#server = new Server(serverOptions(dataOptions({ silenceMsMax })));
    this.#health = new Health((service) => ({ "": true, [DATA]: this.identity !== undefined })[service], clock);
    this.#pool = new Pool({
      options: pool,
      breaker,
      clock,
      dial: (target, purpose) =>
        new GrpcConnection(target, purpose === "events" ? dataOptions({ silenceMsMax }) : controlOptions()),
      onBreaker: (target, _purpose, to, from) => onBreaker?.(target, to, from),
    });
  }

  /** Figures of the connections that this worker has opened, by shard. */
  get metrics(): ShardMetrics[] {
    return this.#pool.metrics();
  }

  /** A connection to the master for one call, which is the caller's. Throws as `Pool.lease`. */
  lease(target: string, purpose: Exclude<Purpose, "events">): Lease<GrpcConnection> {
    return this.#pool.lease(target, purpose);
  }

  async listen(accept: (stream: PeerStream) => PeerSink): Promise<string> {
    const exchange: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
      try {
        this.#admit(call, accept);
      } catch (reason) {
        call.on("error", () => {}); // The refusal itself comes back as one.
        call.emit("error", refusal(MyriadError.from(reason, "PROTOCOL")));
      }
    };
    this.#server.addService(EXCHANGE, { exchange });
    this.#server.addService(HealthService, this.#health.handlers);
    const { host, port } = this.#options;
    return hostPort(host, await bindServer(this.#server, host, port));
  }

  async prewarm(peers: readonly PeerAddress[]): Promise<void> {
    const targets = peers.map(({ address }) => address);
    await this.#pool.prewarm(targets, "events", this.#connectMs);
  }

  async connect(peer: PeerAddress, sink: PeerSink, from: Resumption): Promise<PeerStream> {
    const self = this.identity;
    if (self === undefined) throw new MyriadError("PROTOCOL", "a worker without a run cannot open streams");
    const lease = this.#pool.lease(peer.address, "events");
    const metadata = new Metadata();
    metadata.set(HELLO, Buffer.from(helloBytes(self, peer.worker, from)));
    const call = lease.connection.exchange(metadata);
    const ends = { peer: peer.worker, incarnation: peer.incarnation, ...from };
    const stream = new GrpcStream(call, ends, (broken) => {
      call.cancel();
      lease.release(broken);
      this.#streams.delete(stream);
    });
    this.#streams.add(stream);
    // First those who wait for the answer: whether it counts as one is known before the connection is given back.
    const welcomed = this.#welcomed(call, peer, stream, () => lease.answered());
    stream.attach(sink);
    await welcomed;
    return stream;
  }

  breakerOf(address: string): BreakerKind {
    return this.#pool.breakerOf(address, "events");
  }

  async close(): Promise<void> {
    for (const stream of [...this.#streams]) stream.close();
    this.#pool.close();
    this.#health.close();
    this.#server.forceShutdown();
  }

  #welcomed(call: ExchangeCall, peer: PeerAddress, stream: GrpcStream, answered: () => void): Promise<void> {
    const named = `worker ${peer.worker} at ${peer.address}`;
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle = (error: MyriadError | null, isAnswer = error === null || error.code === "MISMATCH"): void => {
        if (settled) return;
        settled = true;
        cancelTimer();
        if (isAnswer) answered();
        if (error === null) resolve();
        else {
          reject(error);
          stream.close(!isAnswer);
        }
      };
      const cancelTimer = this.#options.clock.setTimer(this.#connectMs, () =>
        settle(new MyriadError("UNAVAILABLE", `${named}: no answer in ${this.#connectMs} ms`)),
      );
      call.once("metadata", (metadata: Metadata) => {
        const bytes = metadata.get(WELCOME)[0];
        if (!(bytes instanceof Buffer)) return; // Refused: the error that says why follows.
        try {
          const impostor = impostorOf(peer, readWelcome(bytes));
          if (impostor !== null) return settle(new MyriadError("MISMATCH", impostor));
        } catch (reason) {
          return settle(new MyriadError("UNAVAILABLE", `${named}: its answer is damaged`, { cause: reason }));
        }
        stream.stand();
        settle(null);
      });
      call.once("error", (error: ServiceError) => {
        const refused = refusalIn(error.metadata);
        if (refused !== undefined) settle(refused, true);
        else settle(new MyriadError("UNAVAILABLE", `${named}: ${error.details}`));
      });
      call.once("end", () => settle(new MyriadError("UNAVAILABLE", `${named}: it ended the call`)));
    });
  }

  /** Throws MISMATCH for a caller that is refused, UNAVAILABLE for one that may come again. */
  #admit(call: ServerDuplexStream<Buffer, Buffer>, accept: (stream: PeerStream) => PeerSink): void {
    const bytes = call.metadata.get(HELLO)[0];
    const hello: PeerHello | undefined = bytes instanceof Buffer ? readHello(bytes) : undefined;
    if (hello === undefined) throw new MyriadError("MISMATCH", "no greeting");
    const why = refusalOf(this.identity, hello);
    if (why !== null) throw why;
    const { from: peer, incarnation } = hello;
    const stream = new GrpcStream(call, { peer, incarnation, ...resumptionOf(hello) }, (broken) => {
      // Told as an error, so that the other side does not use the connection again either.
      if (broken) call.emit("error", refusal(new MyriadError("UNAVAILABLE", "the stream was broken off")));
      else call.end();
      this.#streams.delete(stream);
    });
    const sink = accept(stream);
    this.#streams.add(stream);
    stream.attach(sink);
    stream.stand();
    const metadata = new Metadata();
    metadata.set(WELCOME, Buffer.from(welcomeBytes(this.identity!)));
    call.sendMetadata(metadata);
    // Whatever is written before the metadata would go out with none.
    sink.drained?.();
  }
}
