import type { EffectRecord } from "./recorded-effects.ts";

/** An event that the agent brought about. */
export interface EventRow {
  /** The event's name. */
  readonly event: string;
  /** As its receiver will read it. */
  readonly payload: unknown;
  /** Virtual time of arrival. */
  readonly time: number;
  /** Which of the agent's events it is, from 0; timers, effects and requests are counted as well. */
  readonly number: number;
}

export interface SentEvent extends EventRow {
  readonly to: number;
  readonly kind: "event" | "request" | "reply";
}

/** What one agent did with one event: everything that its handler asked for, none of it carried out. */
export interface Delivery<S = unknown> {
  /** After the handler. */
  readonly state: S;
  /** To other agents, in the order of sending; what was cancelled is left out. */
  readonly sent: SentEvent[];
  /** To itself. */
  readonly scheduled: EventRow[];
  readonly published: (EventRow & { readonly relation: string })[];
  readonly recorded: { readonly time: number; readonly series: string; readonly value: unknown }[];
  readonly puts: { readonly name: string; readonly value: unknown }[];
  readonly related: { readonly relation: string; readonly to: number; readonly weight: number }[];
  readonly unrelated: { readonly relation: string; readonly to: number }[];
  readonly spawned: { readonly type: string; readonly profile: unknown }[];
  readonly retired: boolean;
  readonly logged: { readonly time: number; readonly message: string; readonly fields: unknown }[];
  readonly effects: readonly EffectRecord[];
}
