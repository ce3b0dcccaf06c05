import { ByteReader, type ByteWriter } from "../base/bytes.ts";
import { MyriadError } from "../base/error.ts";
import { CHECKSUM_BYTES, sealChecksum, verifyChecksum } from "../wire/checksum.ts";

/** What a section of a saved engine holds; the numbers are on disk. */
export const SECTION_KINDS = {
  /** What is equal on all workers. */
  common: 1,
  /** Agents: columns, names, states, ties. */
  agents: 2,
  /** Events to come. */
  events: 3,
  /** Suspended handlers. */
  activations: 4,
  /** Failures that no closing has told yet. */
  failures: 5,
  /** Counts of one worker. */
  part: 6,
} as const;

export type SectionKind = keyof typeof SECTION_KINDS;

/** Raised whenever the bytes of any section change their meaning: others are refused. */
export const SECTION_VERSION = 1;

const MAGIC = 0x5359_524d; // "MRYS"
/** Magic, version, kind, window, length, and four bytes that stay 0. On 8 bytes, so that a frame in the body is aligned. */
const HEADER_BYTES = 24;
const NAMES = new Map<number, SectionKind>(
  Object.entries(SECTION_KINDS).map(([name, id]) => [id, name as SectionKind]),
);

/** A section that has been found intact. */
export interface Section {
  readonly kind: SectionKind;
  /** The window that was to be run next when it was made. */
  readonly next: number;
  readonly body: Uint8Array;
}

/** Begins a section in an empty writer; the body follows, then `endSection`. */
export function beginSection(out: ByteWriter, kind: SectionKind, next: number): void {
  out.reset();
  out.u32(MAGIC);
  out.u16(SECTION_VERSION);
  out.u16(SECTION_KINDS[kind]);
  out.f64(next);
  out.f64(0);
}

/** The whole section, a copy. */
export function endSection(out: ByteWriter): Uint8Array {
  const length = out.length + CHECKSUM_BYTES;
  const bytes = new Uint8Array(length);
  bytes.set(out.bytes());
  new DataView(bytes.buffer).setUint32(16, length, true);
  sealChecksum(bytes);
  return bytes;
}

/** Reads a section. Throws MISMATCH for another version, CORRUPT for bytes that are not a whole section. */
export function openSection(bytes: Uint8Array): Section {
  const { length } = bytes;
  if (length < HEADER_BYTES + CHECKSUM_BYTES) throw corrupt(`${length} bytes are too few for a section`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  if (view.getUint32(0, true) !== MAGIC) throw corrupt(`${length} bytes are not a section of a checkpoint`);
  const version = view.getUint16(4, true);
  if (version !== SECTION_VERSION) {
    throw new MyriadError("MISMATCH", `a section of a checkpoint has version ${version}; this is ${SECTION_VERSION}`);
  }
  const told = view.getUint32(16, true);
  if (told !== length) throw corrupt(`a section of ${told} bytes has ${length}`);
  try {
    verifyChecksum(bytes);
  } catch (reason) {
    throw new MyriadError("CORRUPT", `a section of ${length} bytes does not match its checksum`, { cause: reason });
  }
  const kind = NAMES.get(view.getUint16(6, true));
  if (kind === undefined) throw corrupt(`a section of kind ${view.getUint16(6, true)}, which there is not`);
  // Not `subarray` of a Buffer: its slices would be views.
  const body = new Uint8Array(bytes.buffer, bytes.byteOffset + HEADER_BYTES, length - HEADER_BYTES - CHECKSUM_BYTES);
  return { kind, next: view.getFloat64(8, true), body };
}

type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** Appends the bytes of a column; its length is the reader's to know. */
export const putColumn = (out: ByteWriter, column: Column): void =>
  out.raw(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));

export const takeU16 = (reader: ByteReader, count: number): Uint16Array => new Uint16Array(copy(reader, count * 2));
export const takeU32 = (reader: ByteReader, count: number): Uint32Array => new Uint32Array(copy(reader, count * 4));
export const takeF64 = (reader: ByteReader, count: number): Float64Array => new Float64Array(copy(reader, count * 8));

/** Memory of its own: a column may be kept, and must be aligned. */
const copy = (reader: ByteReader, bytes: number): ArrayBuffer => reader.raw(bytes).slice().buffer as ArrayBuffer;

/** Throws CORRUPT unless all of a body has been read. */
export function expectEnd(reader: ByteReader, kind: SectionKind): void {
  if (reader.remaining !== 0) throw corrupt(`a section (${kind}) has ${reader.remaining} bytes too many`);
}

export const readerOf = ({ body }: Section): ByteReader => new ByteReader(body);

const corrupt = (message: string): MyriadError => new MyriadError("CORRUPT", message);
