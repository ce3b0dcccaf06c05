import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { MyriadError } from "../base/error.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import { crc } from "./crc.ts";

/*
 * One worker's part of a checkpoint: magic u32, header (length u32, CRC-32 u32, plain data), sections (length u32, CRC-32 u32 of length and contents,
 * contents), then END u32, count u32, bytes f64 of all before END, CRC-32 u32 of all before it. Nothing may follow.
 */
export const PART_MAGIC = 0x5059_4d01;
/** Rises when what stands in the file changes. */
export const PART_FORMAT = 1;
/** In the place of a section's length: there are no more. */
export const END = 0xffff_ffff;
/** A section stands in memory as a whole, on both ends. */
export const SECTION_BYTES_MAX = 64 * 1024 * 1024;
/** A header is some numbers and a run id; a longer one is none. */
const HEADER_BYTES_MAX = 4_096;
/** Before the header's contents, and before a section's. */
export const FRONT_BYTES = 8;
export const TRAILER_BYTES = 20;

export type CheckpointKind = "full" | "delta";

/** What a part says of itself. */
export interface PartHeader {
  readonly format: number;
  readonly runId: string;
  readonly checkpoint: number;
  readonly kind: CheckpointKind;
  readonly worker: number;
}

export interface PartTrailer {
  readonly sections: number;
  readonly bytes: number;
  readonly checksum: number;
}

/** Magic and header. */
export function encodeHeader(header: PartHeader): Uint8Array {
  const contents = encodePlain(header);
  const out = new ByteWriter();
  out.u32(PART_MAGIC);
  out.raw(encodeFront(contents));
  out.raw(contents);
  return out.bytes();
}

/** What stands before contents. */
export function encodeFront(contents: Uint8Array): Uint8Array {
  const out = new ByteWriter(FRONT_BYTES);
  out.u32(contents.length);
  out.u32(crc(contents, crc(out.bytes())));
  return out.bytes();
}

/** END and what follows it; `checksum` is that of all bytes before. */
export function encodeTrailer({ sections, bytes, checksum }: PartTrailer): Uint8Array {
  const out = new ByteWriter(TRAILER_BYTES);
  out.u32(END);
  out.u32(sections);
  out.f64(bytes);
  out.u32(crc(out.bytes(), checksum));
  return out.bytes();
}

/** Whether contents are those that their front was made for. */
export function frontFits(front: Uint8Array, contents: Uint8Array): boolean {
  return new ByteReader(front.subarray(4)).u32() === crc(contents, crc(front.subarray(0, 4)));
}

/** Length of the header's contents from magic and front. Throws CORRUPT. */
export function headerBytes(start: Uint8Array): number {
  const reader = new ByteReader(start);
  if (reader.u32() !== PART_MAGIC) throw new MyriadError("CORRUPT", "it is no part of a checkpoint");
  const length = reader.u32();
  if (length > HEADER_BYTES_MAX) throw new MyriadError("CORRUPT", `a header of ${length} bytes`);
  return length;
}

export const decodeHeader = (contents: Uint8Array): PartHeader => decodePlain(contents) as PartHeader;
