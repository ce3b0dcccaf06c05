import {
  type ChannelOptions,
  type Client,
  type ClientDuplexStream,
  credentials,
  type Metadata,
  makeGenericClientConstructor,
} from "@grpc/grpc-js";
import { MyriadError } from "../base/error.ts";
import type { Connection } from "./pool-shard.ts";

const bytesAsTheyAre = (bytes: Buffer): Buffer => bytes;

/** Frames are not protobuf: the bytes that `src/wire` made are the message. */
export const EXCHANGE = {
  exchange: {
    path: "/myriad.v1.Data/Exchange",
    requestStream: true,
    responseStream: true,
    requestSerialize: bytesAsTheyAre,
    requestDeserialize: bytesAsTheyAre,
    responseSerialize: bytesAsTheyAre,
    responseDeserialize: bytesAsTheyAre,
  },
} as const;
const ExchangeClient = makeGenericClientConstructor(EXCHANGE, "myriad.v1.Data");

export type ExchangeCall = ClientDuplexStream<Buffer, Buffer>;

/** One channel of grpc-js that shares its TCP connection with no other. */
export class GrpcConnection implements Connection {
  readonly #target: string;
  readonly #client: Client;

  constructor(target: string, options: ChannelOptions) {
    this.#target = target;
    this.#client = new ExchangeClient(target, credentials.createInsecure(), options);
  }

  /** For clients of other services than Exchange: their option `channelOverride`. */
  get channel(): ReturnType<Client["getChannel"]> {
    return this.#client.getChannel();
  }

  ready(withinMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.waitForReady(Date.now() + withinMs, (error) => {
        if (error === undefined) resolve();
        else reject(new MyriadError("UNAVAILABLE", `${this.#target}: no connection in ${withinMs} ms`));
      });
    });
  }

  exchange(metadata: Metadata): ExchangeCall {
    const open = (this.#client as unknown as { exchange(metadata: Metadata): ExchangeCall }).exchange;
    return open.call(this.#client, metadata);
  }

  close(): void {
    this.#client.close();
  }
}
