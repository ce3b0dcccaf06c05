import type { ByteWriter } from "../base/bytes.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import type { Activation } from "./activation.ts";
import type { AgentFailure } from "./failure.ts";
import type { ActivationRecord } from "./journal.ts";
import { beginSection, endSection, readerOf, type Section } from "./section.ts";

/** The records of suspended handlers, in sections of about `chunkBytes`: of each its agent, its length, its bytes. */
export function* activationSections(
  out: ByteWriter,
  next: number,
  activations: Iterable<Activation>,
  chunkBytes: number,
): Iterable<Uint8Array> {
  let open = false;
  for (const activation of activations) {
    if (!open) beginSection(out, "activations", next);
    open = true;
    const bytes = encodePlain(activation.encode());
    out.u32(activation.ctx.id);
    out.u32(bytes.length);
    out.raw(bytes);
    if (out.length < chunkBytes) continue;
    yield endSection(out);
    open = false;
  }
  if (open) yield endSection(out);
}

/** The records of those agents that `wants` names. */
export function* recordsOf(section: Section, wants: (index: number) => boolean): Iterable<ActivationRecord> {
  const reader = readerOf(section);
  while (reader.remaining > 0) {
    const agent = reader.u32();
    const bytes = reader.raw(reader.u32());
    if (wants(agent)) yield decodePlain(bytes) as ActivationRecord;
  }
}

export function failureSection(out: ByteWriter, next: number, failures: readonly AgentFailure[]): Uint8Array {
  beginSection(out, "failures", next);
  out.raw(encodePlain(failures));
  return endSection(out);
}

export const failuresOf = ({ body }: Section): AgentFailure[] => decodePlain(body) as AgentFailure[];
