import { crc32 } from "node:zlib";

/** CRC-32 of bytes, going on from that of what stands before them. */
export function crc(bytes: Uint8Array, before = 0): number {
  // zlib takes an empty buffer without memory for a question about the initial value, and answers 0.
  return bytes.length === 0 ? before : crc32(bytes, before);
}

/** As 8 hexadecimal digits. */
export const hex = (checksum: number): string => checksum.toString(16).padStart(8, "0");
