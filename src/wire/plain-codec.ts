import { Packr } from "msgpackr";
import { MyriadError } from "../base/error.ts";

/** Records carry their keys, so that Maps stay Maps; Set, typed arrays, NaN and undefined have extensions. */
const packr = new Packr({ useRecords: true, mapsAsObjects: false, moreTypes: true });

/** Bytes of plain data, in MessagePack. Expects what `snapshot` admits. Never a Buffer: bytes are plain data themselves. */
export function encodePlain(value: unknown): Uint8Array {
  const { buffer, byteOffset, byteLength } = packr.pack(value);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The value back, sharing no memory with `bytes`. Throws CORRUPT when the bytes are not exactly one value. */
export function decodePlain(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes);
  } catch (reason) {
    throw new MyriadError("CORRUPT", `plain data: ${reason instanceof Error ? reason.message : String(reason)}`, {
      cause: reason,
    });
  }
}
