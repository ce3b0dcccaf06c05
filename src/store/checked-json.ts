import { MyriadError } from "../base/error.ts";
import { crc, hex } from "./crc.ts";

const encoder = new TextEncoder();

/** A value as JSON that people can read, with the checksum of its compact form. */
export function encodeChecked(value: object): Uint8Array {
  const checksum = hex(crc(encoder.encode(JSON.stringify(value))));
  return encoder.encode(`${JSON.stringify({ checksum, value }, null, 2)}\n`);
}

/** What `encodeChecked` made, to the byte; anything else throws CORRUPT naming `path`. */
export function decodeChecked(bytes: Uint8Array, path: string): unknown {
  const corrupt = (cause?: unknown): MyriadError =>
    new MyriadError("CORRUPT", `"${path}" is not what was written: its checksum does not fit`, { cause });
  let value: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    ({ value } = JSON.parse(text) as { value: unknown });
  } catch (reason) {
    throw corrupt(reason);
  }
  if (typeof value !== "object" || value === null) throw corrupt();
  if (Buffer.compare(encodeChecked(value), bytes) !== 0) throw corrupt();
  return value;
}
