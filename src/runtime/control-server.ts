import { Server, type ServerDuplexStream, status } from "@grpc/grpc-js";
import { MyriadError } from "../base/error.ts";
import { bindServer, controlOptions, serverOptions } from "../net/grpc-options.ts";
import {
  type ControlServer as ControlHandlers,
  ControlService,
  type Hello,
  type LocateReply,
  MasterMessage,
  type WorkerMessage,
} from "../wire/gen/myriad/v1/control.ts";
import { COME_AGAIN, ControlStream } from "./control-stream.ts";

type AttachCall = ServerDuplexStream<WorkerMessage, MasterMessage>;
export type AttachStream = ControlStream<MasterMessage, WorkerMessage>;

/** What the master does with those who call it. */
export interface ControlHost {
  /** A worker has said hello. Throws MISMATCH to refuse it for good, UNAVAILABLE to have it come again later. */
  attach(hello: Hello, peerHost: string, stream: AttachStream): void;
  status(): unknown;
  /** Throws UNAVAILABLE while nobody has a place yet. */
  locate(agent: string): LocateReply;
  stop(reason: string): { accepted: boolean; runId: string };
}

/** The master's gRPC server. */
export class ControlServer {
  readonly #server = new Server(serverOptions(controlOptions()));
  readonly #streams = new Set<AttachStream>();

  constructor(host: ControlHost) {
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
    this.#server.addService(ControlService, handlers);
  }

  /** Starts listening; port 0 takes a free one. Resolves to the port. Throws ADDRESS_IN_USE. */
  listen(host: string, port: number): Promise<number> {
    return bindServer(this.#server, host, port);
  }

  /** Lets what was sent go out, then ends all calls. */
  async close(): Promise<void> {
    for (const stream of [...this.#streams]) stream.close();
    await new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
  }

  /** Ends all calls at once. */
  abort(): void {
    this.#server.forceShutdown();
  }

  #attach(call: AttachCall, host: ControlHost): void {
    const stream: AttachStream = new ControlStream(call, MasterMessage, hostOf(call.getPeer()), () => {
      call.end();
      this.#streams.delete(stream);
    });
    this.#streams.add(stream);
    stream.onMessage = ({ message }) => {
      try {
        if (message?.$case !== "hello") throw new MyriadError("PROTOCOL", "the first message is not a hello");
        stream.onMessage = () => {};
        host.attach(message.value, hostOf(call.getPeer()), stream);
      } catch (reason) {
        refuse(call, MyriadError.from(reason, "PROTOCOL"));
      }
    };
  }
}

/** Ends a call so that the caller learns why. */
function refuse(call: AttachCall, reason: MyriadError): void {
  call.emit("error", refusal(reason, reason.code === "UNAVAILABLE" ? COME_AGAIN : status.FAILED_PRECONDITION));
}

/** Without the code of ours: the caller has its own for what comes so. */
const refusal = (reason: MyriadError, code: status): { code: status; details: string } => ({
  code,
  details: reason.message.slice(reason.code.length + 2),
});

/** The address that a call comes from, without its port. */
function hostOf(peer: string): string {
  const host = peer.slice(0, peer.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  return host.startsWith("::ffff:") ? host.slice(7) : host;
}
