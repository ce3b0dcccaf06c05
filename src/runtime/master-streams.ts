import { credentials } from "@grpc/grpc-js";
import type { GrpcTransport } from "../net/grpc.ts";
import type { GrpcConnection } from "../net/grpc-connection.ts";
import type { Lease } from "../net/pool-shard.ts";
import { BulkClient, type MasterBulk, WorkerBulk } from "../wire/gen/myriad/v1/bulk.ts";
import { type Attachment, ControlClient, type MasterMessage, WorkerMessage } from "../wire/gen/myriad/v1/control.ts";
import { ControlStream } from "./control-stream.ts";

/** A worker's control stream to its master. */
export type MasterStream = ControlStream<WorkerMessage, MasterMessage>;
/** A worker's stream of all that is large. */
export type MasterBulkStream = ControlStream<WorkerBulk, MasterBulk>;

/** A worker's streams to its master, each on a connection of its own from the pool of the transport. */
export class MasterStreams {
  readonly #transport: Pick<GrpcTransport, "lease">;
  readonly #at: string;
  readonly #leases: Lease<GrpcConnection>[] = [];

  /** `at`: host:port of the master. */
  constructor(transport: Pick<GrpcTransport, "lease">, at: string) {
    this.#transport = transport;
    this.#at = at;
  }

  control(): MasterStream {
    const call = new ControlClient(this.#at, credentials.createInsecure(), this.#connection("control")).attach();
    return new ControlStream<WorkerMessage, MasterMessage>(call, WorkerMessage, this.#master, () => call.end());
  }

  bulk(attachment: Attachment): MasterBulkStream {
    const call = new BulkClient(this.#at, credentials.createInsecure(), this.#connection("bulk")).carry();
    const stream = new ControlStream<WorkerBulk, MasterBulk>(call, WorkerBulk, this.#master, () => call.end());
    stream.send({ message: { $case: "attachment", value: attachment } });
    return stream;
  }

  /** The master has answered: it is there. */
  answered(): void {
    for (const lease of this.#leases) lease.answered();
  }

  /** Gives the connections back; the streams must be closed. */
  release(): void {
    for (const lease of this.#leases.splice(0)) lease.release(false);
  }

  get #master(): string {
    return `master at ${this.#at}`;
  }

  #connection(purpose: "control" | "bulk"): { channelOverride: GrpcConnection["channel"] } {
    const lease = this.#transport.lease(this.#at, purpose);
    this.#leases.push(lease);
    return { channelOverride: lease.connection.channel };
  }
}
