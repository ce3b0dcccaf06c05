import type { ByteWriter } from "../base/bytes.ts";
import type { Counts } from "./counts.ts";
import { beginSection, endSection, expectEnd, readerOf, type Section } from "./section.ts";

/** What one worker has counted of its own. Sums over workers mean something; which of them counted does not. */
const OWN = ["delivered", "remote", "undeliverable", "dropped", "effects"] as const;

export function encodePart(out: ByteWriter, counts: Readonly<Counts>, next: number): Uint8Array {
  beginSection(out, "part", next);
  for (const name of OWN) out.f64(counts[name]);
  return endSection(out);
}

/** Adds the counts of a section. */
export function addPart(counts: Counts, section: Section): void {
  const reader = readerOf(section);
  for (const name of OWN) counts[name] += reader.f64();
  expectEnd(reader, "part");
}
