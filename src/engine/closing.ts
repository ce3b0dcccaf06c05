import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import type { Births } from "./births.ts";
import type { AgentFailure } from "./failure.ts";
import type { TieChange } from "./relations.ts";
import type { SamplePartial } from "./sampler.ts";
import type { SharedPartial } from "./shared-state.ts";
import type { Cancellation } from "./staged.ts";

/**
 * What a worker tells every other at the end of a window: all that they must agree on (protocol 9 to 12). It rides on
 * the closing frame; each worker computes the same from the same set of closings.
 */
export interface Closing {
  /** The first window in which this worker, or something that it sent, has an event; Infinity when none. */
  readonly next: number;
  /** Deliveries to handlers in this window. */
  readonly delivered: number;
  /** Handlers that wait for an answer. */
  readonly suspended: number;
  readonly more: ClosingExtras;
}

/** The parts that most windows have not; extensible: unknown keys are passed over. */
export interface ClosingExtras {
  readonly births?: Births;
  readonly retired?: readonly number[];
  readonly ties?: readonly TieChange[];
  readonly cancellations?: readonly Cancellation[];
  readonly shared?: SharedPartial;
  readonly sample?: SamplePartial;
  readonly failures?: readonly AgentFailure[];
  /** When nothing else is pending: who waits, and for what. */
  readonly stalled?: readonly { readonly agent: number; readonly name: string; readonly waitsFor: string }[];
  /** Near the round limit: agents that had events in this window, lowest index first. */
  readonly alive?: readonly ActiveAgent[];
}

/** An agent that had an event in the window, and one that it had. */
export interface ActiveAgent {
  readonly agent: number;
  readonly name: string;
  readonly event: string;
}

export function encodeClosing(closing: Closing): Uint8Array {
  const out = new ByteWriter();
  out.f64(closing.next);
  out.f64(closing.delivered);
  out.u32(closing.suspended);
  const { more } = closing;
  for (const _ in more) {
    out.raw(encodePlain(more));
    break;
  }
  return out.bytes();
}

/** Two f64 and a u32. */
const HEAD_BYTES = 20;

export function decodeClosing(bytes: Uint8Array): Closing {
  const reader = new ByteReader(bytes);
  const next = reader.f64();
  const delivered = reader.f64();
  const suspended = reader.u32();
  const rest = bytes.subarray(HEAD_BYTES);
  return { next, delivered, suspended, more: rest.length === 0 ? {} : (decodePlain(rest) as ClosingExtras) };
}
