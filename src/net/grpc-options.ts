import { type ChannelOptions, logVerbosity, type Server, ServerCredentials, setLogVerbosity } from "@grpc/grpc-js";
import { MyriadError } from "../base/error.ts";
import { CONTROL_BYTES_MAX, FRAME_BYTES_MAX } from "../base/limits.ts";
import { hostPort } from "./host-port.ts";

// grpc-js writes to stderr by itself; what matters reaches us as errors, and is reported once.
setLogVerbosity(logVerbosity.NONE);

/** Bytes a stream may have under way before its receiver has read them; the default of 64 KiB stalls every frame. */
const FLOW_CONTROL_WINDOW_BYTES = 4 * FRAME_BYTES_MAX;

/**
 * Options for clients and servers alike. Every client has connections of its own (grpc-js shares one TCP connection
 * between clients of an address otherwise), and gRPC's retry policy is off: it would execute calls again.
 */
export const channelOptions = (messageBytesMax: number): ChannelOptions => ({
  "grpc.max_receive_message_length": messageBytesMax,
  "grpc.max_send_message_length": messageBytesMax,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_retries": 0,
  "grpc.enable_channelz": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc-node.flow_control_window": FLOW_CONTROL_WINDOW_BYTES,
});

/** When a connection between workers counts as cut. */
export interface DataTiming {
  /**
   * A connection on which no ping is answered for so long is given up and made anew. A worker answers only between two
   * handlers, so this must be longer than any of them runs.
   */
  readonly silenceMsMax: number;
}

/** The part of the silence after which a ping is sent; the rest is the time for its answer. */
const PING_SHARE = 0.2;

/** Options of connections between workers, at both ends: each finds out by itself that the other is gone. */
export const dataOptions = ({ silenceMsMax }: DataTiming): ChannelOptions => ({
  ...channelOptions(FRAME_BYTES_MAX),
  "grpc.keepalive_time_ms": Math.max(1, Math.round(silenceMsMax * PING_SHARE)),
  "grpc.keepalive_timeout_ms": Math.max(1, Math.round(silenceMsMax * (1 - PING_SHARE))),
});

/** A control channel that is silent for so long is tried with a ping ... */
const KEEPALIVE_MS = 30_000;
/** ... whose answer may take so long: a worker answers only between two handlers, and the network may have been cut. */
const KEEPALIVE_ANSWER_MS = 120_000;

/** Options of the channel between a master and a worker. A connection that was cut silently is noticed. */
export const controlOptions = (): ChannelOptions => ({
  ...channelOptions(CONTROL_BYTES_MAX),
  "grpc.keepalive_time_ms": KEEPALIVE_MS,
  "grpc.keepalive_timeout_ms": KEEPALIVE_ANSWER_MS,
});

/** A connection that only carries beats is tried this often ... */
const BEAT_KEEPALIVE_MS = 2_000;
/** ... and given up after so long: a beat that never arrives is as good as none. */
const BEAT_KEEPALIVE_ANSWER_MS = 10_000;

/** Options of the connection on which a worker beats. */
export const beatOptions = (): ChannelOptions => ({
  ...channelOptions(CONTROL_BYTES_MAX),
  "grpc.keepalive_time_ms": BEAT_KEEPALIVE_MS,
  "grpc.keepalive_timeout_ms": BEAT_KEEPALIVE_ANSWER_MS,
});

/** Any of these for a server. Without channelz, `forceShutdown` of grpc-js 1.14 finds no connections and leaves them open. */
export const serverOptions = (options: ChannelOptions): ChannelOptions => ({ ...options, "grpc.enable_channelz": 1 });

/** Starts listening. Port 0 takes any free one. Resolves to the port; throws ADDRESS_IN_USE. */
export function bindServer(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(hostPort(host, port), ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) return resolve(bound);
      const taken = error.message.includes("EADDRINUSE");
      const why = taken ? "is taken by another process" : `cannot be listened on: ${error.message}`;
      reject(new MyriadError(taken ? "ADDRESS_IN_USE" : "INVALID_CONFIG", `${hostPort(host, port)} ${why}`));
    });
  });
}
