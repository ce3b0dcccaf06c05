import { Server, type ServerDuplexStream, status } from "@grpc/grpc-js";
import type { Clock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { bindServer, controlOptions, serverOptions } from "../net/grpc-options.ts";
import { Health } from "../net/health.ts";
import { hostAndPort } from "../net/host-port.ts";
import { HealthService } from "../wire/gen/grpc/health/v1/health.ts";
import { BeatsService } from "../wire/gen/myriad/v1/beats.ts";
import {
  type BulkServer as BulkHandlers,
  BulkService,
  MasterBulk,
  type WorkerBulk,
} from "../wire/gen/myriad/v1/bulk.ts";
import {
  type Attachment,
  type ControlServer as ControlHandlers,
  ControlService,
  type Hello,
  type LocateReply,
  MasterMessage,
  type WorkerMessage,
} from "../wire/gen/myriad/v1/control.ts";
import { BeatService, type TakeBeats } from "./beat-service.ts";
import { ControlStream, type Envelope, type EnvelopeCodec } from "./control-stream.ts";
import { refusal, refusalOf } from "./refusal.ts";
import type { AttachStream, BulkStream } from "./worker-link.ts";

/** The service whose health is whether workers are taken in; that of the node as a whole is whether it listens. */
const CONTROL = "myriad.v1.Control";

/** Workers have this long to end after they were told so. */
const GOODBYE_MS = 2_000;

/** What the master does with those who call it. */
export interface ControlHost {
  /** A worker has said hello. Throws MISMATCH to refuse it for good, UNAVAILABLE to have it come again later. */
  attach(hello: Hello, peerHost: string, stream: AttachStream): void;
  /** A worker that was taken in opens its stream for all that is large. Throws MISMATCH for one that is not in the run. */
  bulk(attachment: Attachment, stream: BulkStream): void;
  /** It has begun to beat. Throws MISMATCH for one that is not, or no longer, in the run. */
  beats: TakeBeats;
  status(): unknown;
  /** A worker that comes now is taken in. */
  readonly takesWorkers: boolean;
  /** Throws UNAVAILABLE while nobody has a place yet. */
  locate(agent: string): LocateReply;
  stop(reason: string): { accepted: boolean; runId: string };
}

/** The master's gRPC server. */
export class ControlServer {
  readonly #server = new Server(serverOptions(controlOptions()));
  readonly #streams = new Set<{ close(): void }>();
  readonly #beats: BeatService;
  readonly #health: Health;
  readonly #clock: Clock;

  constructor(host: ControlHost, clock: Clock) {
    this.#clock = clock;
    const handlers: ControlHandlers = {
      attach: (call) => this.#attach(call, host),
      status: (_call, reply) => reply(null, { json: JSON.stringify(host.status()) }),
      locate: (call, reply) => {
        try {
          reply(null, host.locate(call.request.agent));
        } catch (reason) {
          reply(refusal(MyriadError.from(reason, "UNAVAILABLE"), status.FAILED_PRECONDITION));
        }
      },
      stop: (call, reply) => reply(null, host.stop(call.request.reason)),
    };
    const bulk: BulkHandlers = { carry: (call) => this.#carry(call, host) };
    this.#beats = new BeatService((attachment) => host.beats(attachment));
    this.#server.addService(ControlService, handlers);
    this.#server.addService(BulkService, bulk);
    this.#server.addService(BeatsService, this.#beats.handlers);
    this.#health = new Health((service) => ({ "": true, [CONTROL]: host.takesWorkers })[service], clock);
    this.#server.addService(HealthService, this.#health.handlers);
  }

  /** Starts listening; port 0 takes a free one. Resolves to the port. Throws ADDRESS_IN_USE. */
  listen(host: string, port: number): Promise<number> {
    return bindServer(this.#server, host, port);
  }

  /**
   * Lets what was sent go out, then ends all calls. Workers that have been told to end get a moment for it; then their
   * connections are cut. (One whose process was stopped keeps its end open; nobody waits for it.)
   */
  async close(): Promise<void> {
    for (const stream of [...this.#streams]) stream.close();
    this.#beats.close();
    this.#health.close();
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.setTimer(GOODBYE_MS, () => {
        this.#server.forceShutdown();
        resolve();
      });
      this.#server.tryShutdown(() => {
        cancel();
        resolve();
      });
    });
  }

  #attach(call: ServerDuplexStream<WorkerMessage, MasterMessage>, host: ControlHost): void {
    const stream: AttachStream = this.#streamOf(call, MasterMessage, ({ message }) => {
      if (message?.$case !== "hello") throw new MyriadError("PROTOCOL", "the first message is not a hello");
      host.attach(message.value, hostOf(call.getPeer()), stream);
    });
  }

  #carry(call: ServerDuplexStream<WorkerBulk, MasterBulk>, host: ControlHost): void {
    const stream: BulkStream = this.#streamOf(call, MasterBulk, ({ message }) => {
      if (message?.$case !== "attachment") throw new MyriadError("PROTOCOL", "the first message is not an attachment");
      host.bulk(message.value, stream);
    });
  }

  /** `first` takes the first message, and sets who takes the others; what it throws ends the call, and the caller learns why. */
  #streamOf<Out extends Envelope, In>(
    call: ServerDuplexStream<In, Out>,
    codec: EnvelopeCodec<Out>,
    first: (message: In) => void,
  ): ControlStream<Out, In> {
    const stream = new ControlStream<Out, In>(call, codec, hostOf(call.getPeer()), () => {
      call.end();
      this.#streams.delete(stream);
    });
    this.#streams.add(stream);
    stream.onMessage = (message) => {
      stream.onMessage = () => {};
      try {
        first(message);
      } catch (reason) {
        call.emit("error", refusalOf(reason));
      }
    };
    return stream;
  }
}

/** The address that a call comes from, without its port. */
function hostOf(peer: string): string {
  const { host } = hostAndPort(peer);
  return host.startsWith("::ffff:") ? host.slice(7) : host;
}
