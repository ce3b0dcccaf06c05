import { MyriadError } from "../base/error.ts";
import { PAYLOAD_BYTES_MAX } from "../base/limits.ts";
import { snapshot } from "../base/plain.ts";
import type { EventBatch } from "./event-batch.ts";
import { encodePlain } from "./plain-codec.ts";

/** Kinds of declared fields. `ref` is an agent's index; `json` is any plain data. */
export type FieldKind = "u8" | "u16" | "u32" | "i32" | "f32" | "f64" | "bool" | "text" | "ref" | "json";

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
}

/** True for kinds whose word is an index into `refs`. */
export const isVariable = (kind: FieldKind): boolean => kind === "text" || kind === "json";

type Payload = Record<string, unknown>;

/**
 * Writes payloads of one event type into a batch and reads them back. Writing coerces to the declared kinds (f32 is
 * rounded, text made well formed, json copied), so that an event is the same whether or not it crosses a wire.
 */
export class PayloadCodec {
  readonly event: string;
  readonly fields: readonly Field[];
  /** True when a payload holds nothing but numbers: it is then copied word by word. */
  readonly numeric: boolean;
  /** True when a payload can hold objects: rows must not share it, since who receives one may change it. */
  readonly owned: boolean;
  readonly read: (batch: EventBatch, row: number) => Payload;

  constructor(event: string, fields: readonly Field[]) {
    this.event = event;
    this.fields = fields;
    this.numeric = !fields.some((field) => isVariable(field.kind));
    this.owned = fields.some((field) => field.kind === "json");
    this.read = compileReader(fields);
  }

  /** Appends a copy of the payload at `offset` of another batch; `fresh` copies objects too, so that two rows share none. */
  copy(from: EventBatch, offset: number, to: EventBatch, fresh: boolean): void {
    const { words, refs } = from;
    if (this.numeric) {
      for (let f = 0; f < this.fields.length; f++) to.pushWord(words[offset + f]!);
      return;
    }
    for (let f = 0; f < this.fields.length; f++) {
      const word = words[offset + f]!;
      const kind = this.fields[f]!.kind;
      if (kind === "json" && fresh) to.pushRef(snapshot(refs[word], this.event));
      else if (isVariable(kind)) to.pushRef(refs[word]);
      else to.pushWord(word);
    }
    to.refBytes += this.#bytesAtMost(from, offset);
  }

  /** Appends the payload after the row just pushed. Throws INVALID_PAYLOAD naming event, field and value. */
  write(batch: EventBatch, payload: Payload): void {
    const fields = this.fields;
    if (fields.length > 0 && (typeof payload !== "object" || payload === null)) {
      throw new MyriadError("INVALID_PAYLOAD", `event "${this.event}": its payload is ${show(payload)}, not a record`);
    }
    for (let f = 0; f < fields.length; f++) {
      const field = fields[f]!;
      const value = payload[field.name];
      if (field.kind === "f64" && typeof value === "number") batch.pushWord(value);
      else this.#writeField(batch, field, value);
    }
    if (!this.numeric) this.#checkSize(batch);
  }

  /** Counts the text and json just written. Throws LIMIT when they would not fit into a frame. */
  #checkSize(batch: EventBatch): void {
    const first = batch.wordCount - this.fields.length;
    const most = this.#bytesAtMost(batch, first);
    batch.refBytes += most;
    if (most <= PAYLOAD_BYTES_MAX) return;
    let bytes = 0;
    for (let f = 0; f < this.fields.length; f++) {
      const { kind } = this.fields[f]!;
      const value = batch.refs[batch.words[first + f]!];
      if (kind === "text") bytes += Buffer.byteLength(value as string);
      else if (kind === "json") bytes += encodePlain(value).length;
    }
    if (bytes <= PAYLOAD_BYTES_MAX) return;
    throw new MyriadError(
      "LIMIT",
      `event "${this.event}": ${bytes} bytes of text and json; at most ${PAYLOAD_BYTES_MAX}`,
    );
  }

  /** An upper bound of what the text and json of the payload at `offset` take when encoded. */
  #bytesAtMost({ words, refs }: EventBatch, offset: number): number {
    let bytes = 0;
    for (let f = 0; f < this.fields.length; f++) {
      if (isVariable(this.fields[f]!.kind)) bytes += sizeAtMost(refs[words[offset + f]!]);
    }
    return bytes;
  }

  #writeField(batch: EventBatch, field: Field, value: unknown): void {
    if (field.kind === "text" && typeof value === "string") batch.pushRef(value.toWellFormed());
    else if (field.kind === "json" && value !== undefined) {
      batch.pushRef(snapshot(value, `${this.event}.${field.name}`));
    } else if (field.kind === "bool" && typeof value === "boolean") batch.pushWord(value ? 1 : 0);
    else if (typeof value === "number" && isNumberOf(field.kind, value)) {
      batch.pushWord(field.kind === "f32" ? Math.fround(value) : value + 0);
    } else {
      const shown = show(value);
      throw new MyriadError(
        "INVALID_PAYLOAD",
        `event "${this.event}", field "${field.name}": ${shown} is not ${DESCRIPTION[field.kind]}`,
      );
    }
  }
}

/** An upper bound of what plain data takes when encoded. */
function sizeAtMost(value: unknown): number {
  if (typeof value === "string") return 5 + value.length * 3;
  if (typeof value !== "object" || value === null) return 9;
  if (ArrayBuffer.isView(value)) return 16 + value.byteLength;
  let bytes = 8;
  if (value instanceof Map) for (const [key, part] of value) bytes += sizeAtMost(key) + sizeAtMost(part);
  else if (Array.isArray(value) || value instanceof Set) for (const part of value) bytes += sizeAtMost(part);
  else for (const key in value) bytes += 8 + key.length * 3 + sizeAtMost((value as Payload)[key]);
  return bytes;
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

const DESCRIPTION: Record<FieldKind, string> = {
  u8: "an integer of 0 to 255",
  u16: "an integer of 0 to 65535",
  u32: "an integer of 0 to 4294967295",
  i32: "an integer of -2147483648 to 2147483647",
  f32: "a number",
  f64: "a number",
  bool: "true or false",
  text: "a string",
  ref: "an agent's index",
  json: "plain data",
};

function isNumberOf(kind: FieldKind, value: number): boolean {
  switch (kind) {
    case "u8":
      return (value & 0xff) === value;
    case "u16":
      return (value & 0xffff) === value;
    case "u32":
    case "ref":
      return value >>> 0 === value;
    case "i32":
      return (value | 0) === value;
    case "f32":
    case "f64":
      return true;
    default:
      return false;
  }
}

/**
 * A reader that builds its object as one literal: hidden classes stay monomorphic and reading costs one allocation.
 * Field names are identifiers (checked where events are defined) and quoted here all the same.
 */
function compileReader(fields: readonly Field[]): (batch: EventBatch, row: number) => Payload {
  if (fields.length === 0) {
    const empty: Payload = Object.freeze({});
    return () => empty;
  }
  const parts = fields.map((field, f) => {
    const word = `w[o+${f}]`;
    const value = isVariable(field.kind) ? `b.refs[${word}]` : field.kind === "bool" ? `${word}!==0` : word;
    return `${JSON.stringify(field.name)}:${value}`;
  });
  const body = `const w=b.words,o=b.offset[r];return {${parts.join(",")}};`;
  return new Function("b", "r", body) as (batch: EventBatch, row: number) => Payload;
}
