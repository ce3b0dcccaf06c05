import { MyriadError } from "../base/error.ts";
import { NAME_PATTERN } from "../base/limits.ts";
import type { Plain } from "../base/plain.ts";
import { type Field, type FieldKind, PayloadCodec } from "../wire/payload.ts";
import type { IfPlain } from "./plain-type.ts";

/** The type of one declared field. `T` is what handlers read and senders give. */
export interface FieldType<T> {
  readonly kind: FieldKind;
  /** Never set: carries `T` for inference. */
  readonly type?: T;
}

export type FieldTypes = Readonly<Record<string, FieldType<unknown>>>;

/** The payload that `fields` describe. An event without fields takes `{}` and nothing else. */
export type PayloadOf<F extends FieldTypes> = keyof F extends never
  ? Record<string, never>
  : { -readonly [K in keyof F]: F[K] extends FieldType<infer T> ? T : never };

const field = <T>(kind: FieldKind): FieldType<T> => Object.freeze({ kind });

/** An integer of 0 to 255. */
export const u8: FieldType<number> = field("u8");
/** An integer of 0 to 65535. */
export const u16: FieldType<number> = field("u16");
/** An integer of 0 to 2^32 - 1. */
export const u32: FieldType<number> = field("u32");
/** An integer of -2^31 to 2^31 - 1. */
export const i32: FieldType<number> = field("i32");
/** A number, rounded to single precision when it is sent. */
export const f32: FieldType<number> = field("f32");
/** Any number. */
export const f64: FieldType<number> = field("f64");
/** True or false. */
export const bool: FieldType<boolean> = field("bool");
/** A string; lone surrogates become U+FFFD when it is sent. */
export const text: FieldType<string> = field("text");
/** The index of an agent. */
export const ref: FieldType<number> = field("ref");
/** Any plain data, copied when it is sent: `json<{ title: string }>()`. */
export const json = <T = Plain>(..._refused: IfPlain<T, [], [reason: "T is not plain data"]>): FieldType<T> =>
  field<T>("json");

/** What agents exchange: `P` is its payload, `R` the payload of the event that answers it. */
export interface EventType<P = unknown, R = unknown> {
  readonly name: string;
  readonly fields: readonly Field[];
  /** Its number in this process, in order of definition: an index into `Program.eventIds`. */
  readonly ordinal: number;
  readonly codec: PayloadCodec;
  readonly reply: EventType<R> | undefined;
  /** Never set: carries `P` for inference. */
  readonly payload?: P;
}

const defined: EventType[] = [];

/** Every event defined in this process, by ordinal. */
export const definedEvents: readonly EventType[] = defined;

const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

function register(name: string, fields: FieldTypes, reply: EventType | undefined): EventType {
  const list = Object.entries(fields).map(([fieldName, type]): Field => {
    if (!FIELD_NAME.test(fieldName) || fieldName === "__proto__") {
      throw invalid(name, `field "${fieldName}" is not a name of [A-Za-z_][A-Za-z0-9_]* of at most 128 characters`);
    }
    if (typeof type !== "object" || type === null || !KINDS.has(type.kind)) {
      const hint = typeof type === "function" ? " (json is called: json<T>())" : "";
      throw invalid(name, `field "${fieldName}" is not one of ${[...KINDS].join(" ")}${hint}`);
    }
    return { name: fieldName, kind: type.kind };
  });
  const event: EventType = {
    name,
    fields: list,
    ordinal: defined.length,
    codec: new PayloadCodec(name, list),
    reply,
  };
  defined.push(event);
  return event;
}

const KINDS: ReadonlySet<FieldKind> = new Set<FieldKind>([
  "u8",
  "u16",
  "u32",
  "i32",
  "f32",
  "f64",
  "bool",
  "text",
  "ref",
  "json",
]);

const invalid = (name: string, what: string): MyriadError =>
  new MyriadError("INVALID_SCENARIO", `event ${JSON.stringify(name)}: ${what}`);

/** The first event of every agent, at the edge of the window after its birth; `ctx.from` is the parent, or `NOBODY`. */
export const Born = register("Born", {}, undefined) as EventType<Record<string, never>>;
/** Comes to every agent whose type handles it when the round before is quiescent; the first round has number 1. */
export const RoundStarted = register("RoundStarted", { round: u32 }, undefined) as EventType<{ round: number }>;
/** Comes at a round's quiescence; its handlers cannot send. */
export const RoundEnding = register("RoundEnding", { round: u32 }, undefined) as EventType<{ round: number }>;
/** Internal: an activation goes on; `call` is the number of the call that was answered. */
export const Continue = register("myriad:continue", { call: u32 }, undefined) as EventType<{ call: number }>;
/** Internal: a request was not answered in time. */
export const Timeout = register("myriad:timeout", { call: u32 }, undefined) as EventType<{ call: number }>;

/** By event type id; ids up to `FIRST_USER_EVENT` are reserved. */
export const BUILT_IN_EVENTS: readonly EventType[] = [Born, RoundStarted, RoundEnding, Continue, Timeout];
/** Event type ids of users' events start here. */
export const FIRST_USER_EVENT = 8;

const RESERVED_NAMES: ReadonlySet<string> = new Set(BUILT_IN_EVENTS.map((event) => event.name));

/** What an event may declare beside its fields. */
export interface EventOptions<R> {
  /** The event that answers it: types what `ctx.request` resolves to, and what `ctx.reply` may send. */
  readonly reply?: EventType<R>;
}

/**
 * Defines an event. `name` is unique in a scenario and at most 128 characters of `[A-Za-z0-9_.:-]`; fields are given
 * by kind (`u8 u16 u32 i32 f32 f64 bool text ref json<T>()`), and payloads are coerced to them or refused
 * (`INVALID_PAYLOAD`). Throws INVALID_SCENARIO naming the event and the field.
 */
export function defineEvent<F extends FieldTypes, R = Record<string, unknown>>(
  name: string,
  fields: F,
  options: EventOptions<R> = {},
): EventType<PayloadOf<F>, R> {
  if (typeof name !== "string" || !NAME_PATTERN.test(name)) {
    throw invalid(name, "the name is not 1 to 128 characters of [A-Za-z0-9_.:-]");
  }
  if (RESERVED_NAMES.has(name)) throw invalid(name, "the name is that of a built-in event");
  if (typeof fields !== "object" || fields === null)
    throw invalid(name, "fields are not a record such as { dose: f64 }");
  if (options.reply !== undefined && !isEvent(options.reply)) throw invalid(name, "reply is not an event");
  return register(name, fields, options.reply) as EventType<PayloadOf<F>, R>;
}

/** True for what `defineEvent` returned in this process. */
export const isEvent = (value: unknown): value is EventType =>
  typeof value === "object" && value !== null && defined[(value as EventType).ordinal] === value;
