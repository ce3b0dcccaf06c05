import { crc32 } from "node:zlib";
import { MyriadError } from "../base/error.ts";

/** Bytes that the checksum takes at a frame's end. CRC-32 (IEEE), because Node has it natively; any flipped byte shows. */
export const CHECKSUM_BYTES = 4;

/** Writes the checksum of all bytes before the last four into the last four. */
export function sealChecksum(frame: Uint8Array): void {
  const at = frame.length - CHECKSUM_BYTES;
  viewOf(frame).setUint32(at, crc32(frame.subarray(0, at)), true);
}

/** Throws CORRUPT when the frame is not what was sealed. */
export function verifyChecksum(frame: Uint8Array): void {
  const at = frame.length - CHECKSUM_BYTES;
  if (at < 0 || viewOf(frame).getUint32(at, true) !== crc32(frame.subarray(0, at))) {
    throw new MyriadError("CORRUPT", `a frame of ${frame.length} bytes does not match its checksum`);
  }
}

const viewOf = (frame: Uint8Array): DataView => new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
