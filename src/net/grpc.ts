import {
  type Client,
  type ClientDuplexStream,
  credentials,
  type handleBidiStreamingCall,
  Metadata,
  makeGenericClientConstructor,
  Server,
  type ServerDuplexStream,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { FRAME_BYTES_MAX } from "../base/limits.ts";
import { PeerHello, PeerWelcome } from "../wire/gen/myriad/v1/data.ts";
import { bindServer, channelOptions, hostPort } from "./grpc-options.ts";
import { GrpcStream } from "./grpc-stream.ts";
import { helloBytes, impostorOf, refusalOf, welcomeBytes } from "./hello.ts";
import type { PeerAddress, PeerIdentity, PeerSink, PeerStream, Transport } from "./transport.ts";

const HELLO = "myriad-hello-bin";
const WELCOME = "myriad-welcome-bin";
/** A peer that the master named is up; longer than this and it is not to be reached. */
const CONNECT_MS_MAX = 10_000;

const bytesAsTheyAre = (bytes: Buffer): Buffer => bytes;

/** Frames are not protobuf: the bytes that `src/wire` made are the message. */
const EXCHANGE = {
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

export interface GrpcTransportOptions {
  readonly clock: Clock;
  /** Where to listen. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The host that peers are told; default: `host`. */
  readonly advertisedHost?: string;
}

/** Frames over gRPC: each stream on a TCP connection of its own. Greetings travel in the metadata of the call. */
export class GrpcTransport implements Transport {
  identity: PeerIdentity | undefined;
  readonly #options: GrpcTransportOptions;
  readonly #server: Server = new Server(channelOptions(FRAME_BYTES_MAX));
  readonly #clients: Set<Client> = new Set();
  readonly #streams: Set<GrpcStream> = new Set();

  constructor(options: GrpcTransportOptions) {
    this.#options = options;
  }

  async listen(accept: (stream: PeerStream) => PeerSink): Promise<string> {
    const exchange: handleBidiStreamingCall<Buffer, Buffer> = (call) => this.#admit(call, accept);
    this.#server.addService(EXCHANGE, { exchange });
    const { host, port, advertisedHost } = this.#options;
    return hostPort(advertisedHost ?? host, await bindServer(this.#server, host, port));
  }

  async connect(peer: PeerAddress, sink: PeerSink): Promise<PeerStream> {
    const self = this.identity;
    if (self === undefined) throw new MyriadError("PROTOCOL", "a worker without a run cannot open streams");
    const client = new ExchangeClient(peer.address, credentials.createInsecure(), channelOptions(FRAME_BYTES_MAX));
    this.#clients.add(client);
    const metadata = new Metadata();
    metadata.set(HELLO, Buffer.from(helloBytes(self, peer.worker)));
    const open = client.exchange as (metadata: Metadata) => ClientDuplexStream<Buffer, Buffer>;
    const call = open.call(client, metadata);
    const stream = new GrpcStream(call, peer.worker, peer.incarnation, () => {
      call.cancel();
      client.close();
      this.#clients.delete(client);
      this.#streams.delete(stream);
    });
    this.#streams.add(stream);
    stream.attach(sink);
    await this.#welcomed(call, peer, stream);
    return stream;
  }

  async close(): Promise<void> {
    for (const stream of [...this.#streams]) stream.close();
    for (const client of this.#clients) client.close();
    this.#server.forceShutdown();
  }

  #welcomed(call: ClientDuplexStream<Buffer, Buffer>, peer: PeerAddress, stream: GrpcStream): Promise<void> {
    const named = `worker ${peer.worker} at ${peer.address}`;
    return new Promise((resolve, reject) => {
      const giveUp = (error: MyriadError): void => {
        cancelTimer();
        reject(error);
        stream.close();
      };
      const cancelTimer = this.#options.clock.setTimer(CONNECT_MS_MAX, () =>
        giveUp(new MyriadError("UNAVAILABLE", `${named}: no answer in ${CONNECT_MS_MAX} ms`)),
      );
      call.once("metadata", (metadata: Metadata) => {
        const bytes = metadata.get(WELCOME)[0];
        if (!(bytes instanceof Buffer)) return; // Refused: the error that says why follows.
        const impostor = impostorOf(peer, PeerWelcome.decode(bytes));
        if (impostor !== null) return giveUp(new MyriadError("MISMATCH", impostor));
        cancelTimer();
        stream.stand();
        resolve();
      });
      call.once("error", (error: ServiceError) => {
        const refused = error.code === status.FAILED_PRECONDITION;
        giveUp(new MyriadError(refused ? "MISMATCH" : "UNAVAILABLE", `${refused ? "" : `${named}: `}${error.details}`));
      });
    });
  }

  #admit(call: ServerDuplexStream<Buffer, Buffer>, accept: (stream: PeerStream) => PeerSink): void {
    const bytes = call.metadata.get(HELLO)[0];
    const hello = bytes instanceof Buffer ? PeerHello.decode(bytes) : undefined;
    const refusal = hello === undefined ? "no greeting" : refusalOf(this.identity, hello);
    if (refusal !== null) {
      call.on("error", () => {}); // The refusal itself comes back as one.
      call.emit("error", { code: status.FAILED_PRECONDITION, details: refusal });
      return;
    }
    const stream = new GrpcStream(call, hello!.from, hello!.incarnation, () => {
      call.end();
      this.#streams.delete(stream);
    });
    this.#streams.add(stream);
    stream.attach(accept(stream));
    stream.stand();
    const metadata = new Metadata();
    metadata.set(WELCOME, Buffer.from(welcomeBytes(this.identity!)));
    call.sendMetadata(metadata);
  }
}
