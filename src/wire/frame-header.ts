import { MyriadError } from "../base/error.ts";
import { FRAME_BYTES_MAX } from "../base/limits.ts";
import { CHECKSUM_BYTES } from "./checksum.ts";

/**
 * The layout of a frame, little endian:
 *
 *     0 magic u32, 4 version u16, 6 flags u16, 8 run u32, 12 epoch u32, 16 window f64, 24 sender u16, 26 reserved u16,
 *    28 frameSeq u32, 32 count u32, 36 blobBytes u32, 40 closingBytes u32, 44 bytes u32 (of the whole frame),
 *    48 command u32, 52 reserved u32
 *    56 columns of the rows: time f64, to u32, from u32, seq u32, meta u32
 *       per event type present, by ascending id, its rows in row order: hidden words of replies u32, then a column a field;
 *       a column of text holds u32 ends within the blob, one of json the end of one array of all values; the first of
 *       all such columns starts at 0
 *       blob, closing section (on 8 bytes), checksum u32 (on 4 bytes)
 *
 * A column starts at a multiple of its element's size, gaps are zero.
 */
export const HEADER_BYTES = 56;
/** Bytes of a row in the columns that all events have. */
export const ROW_BYTES = 24;
export const FRAME_VERSION = 2;
/** "MYRF" */
const MAGIC = 0x4652_594d;
const FLAG_CLOSING = 1;

/** Whose frame it is. Run and epoch refuse what is late; (window, sender, frameSeq) names a frame within them. */
export interface FrameStamp {
  readonly run: number;
  readonly epoch: number;
  /** Index of the window whose events it carries; -1 is the opening exchange. */
  readonly window: number;
  /** Worker id. */
  readonly sender: number;
  /** Number of the frame among the sender's of this window. */
  readonly frameSeq: number;
  /** The highest number of a master's command that the sender had received. Default 0. */
  readonly command?: number;
}

/** Where a frame stands in the series that one worker sends another: by window, then by number. */
export type FramePosition = Pick<FrameStamp, "window" | "frameSeq">;

/** Before the first frame. */
export const SERIES_START: FramePosition = { window: Number.NEGATIVE_INFINITY, frameSeq: 0 };

/** Below 0: `a` comes first; 0: the same frame. */
export const comparePositions = (a: FramePosition, b: FramePosition): number =>
  a.window === b.window ? a.frameSeq - b.frameSeq : a.window < b.window ? -1 : 1;

/** The position of a frame that is known to be one: of those that this worker has encoded. */
export function positionOf(frame: Uint8Array): FramePosition {
  const view = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES);
  return { window: view.getFloat64(16, true), frameSeq: view.getUint32(28, true) };
}

export interface FrameHeader extends FrameStamp {
  readonly command: number;
  /** The sender's last frame of the window. */
  readonly closing: boolean;
  /** Events. */
  readonly count: number;
  readonly blobBytes: number;
  readonly closingBytes: number;
}

export const alignTo = (at: number, bytes: number): number => Math.ceil(at / bytes) * bytes;

/** Where the closing section starts and the frame ends, given where the blob does. */
export const closingStart = (blobEnd: number): number => alignTo(blobEnd, 8);
export const frameBytes = (closingAt: number, closingBytes: number): number =>
  closingAt + alignTo(closingBytes, 4) + CHECKSUM_BYTES;

export function writeHeader(frame: Uint8Array, header: Omit<FrameHeader, "command"> & FrameStamp): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, FRAME_VERSION, true);
  view.setUint16(6, header.closing ? FLAG_CLOSING : 0, true);
  view.setUint32(8, header.run, true);
  view.setUint32(12, header.epoch, true);
  view.setFloat64(16, header.window, true);
  view.setUint16(24, header.sender, true);
  view.setUint32(28, header.frameSeq, true);
  view.setUint32(32, header.count, true);
  view.setUint32(36, header.blobBytes, true);
  view.setUint32(40, header.closingBytes, true);
  view.setUint32(44, frame.length, true);
  view.setUint32(48, header.command ?? 0, true);
}

/** Reads a frame's header. Throws CORRUPT when the bytes are not one whole frame; does not look at the checksum. */
export function readHeader(frame: Uint8Array): FrameHeader {
  const length = frame.length;
  if (length < HEADER_BYTES + CHECKSUM_BYTES) throw corrupt(`${length} bytes are too few for a frame`);
  if (length > FRAME_BYTES_MAX) throw corrupt(`a frame of ${length} bytes, more than ${FRAME_BYTES_MAX}`);
  const view = new DataView(frame.buffer, frame.byteOffset, length);
  if (view.getUint32(0, true) !== MAGIC) throw corrupt("the bytes are not a frame");
  const version = view.getUint16(4, true);
  if (version !== FRAME_VERSION) throw corrupt(`a frame of version ${version}, not ${FRAME_VERSION}`);
  if (view.getUint32(44, true) !== length) {
    throw corrupt(`a frame of ${view.getUint32(44, true)} bytes came as ${length}`);
  }
  const count = view.getUint32(32, true);
  const blobBytes = view.getUint32(36, true);
  const closingBytes = view.getUint32(40, true);
  if (frameBytes(closingStart(HEADER_BYTES + count * ROW_BYTES + blobBytes), closingBytes) > length) {
    throw corrupt(`${count} events do not fit into a frame of ${length} bytes`);
  }
  return {
    run: view.getUint32(8, true),
    epoch: view.getUint32(12, true),
    window: view.getFloat64(16, true),
    sender: view.getUint16(24, true),
    frameSeq: view.getUint32(28, true),
    command: view.getUint32(48, true),
    closing: (view.getUint16(6, true) & FLAG_CLOSING) !== 0,
    count,
    blobBytes,
    closingBytes,
  };
}

/** The closing section that the frames of one window carry together; a view when one of them has it all. */
export function closingOf(frames: readonly Uint8Array[]): Uint8Array {
  const parts = frames.map(sectionOf).filter((part) => part.length > 0);
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function sectionOf(frame: Uint8Array): Uint8Array {
  const { closingBytes } = readHeader(frame);
  const start = frame.length - CHECKSUM_BYTES - alignTo(closingBytes, 4);
  return frame.subarray(start, start + closingBytes);
}

const corrupt = (message: string): MyriadError => new MyriadError("CORRUPT", message);
