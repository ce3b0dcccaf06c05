import { MyriadError } from "../base/error.ts";
import { CHECKSUM_BYTES, type FramePosition, sealChecksum, verifyChecksum } from "../wire/frame.ts";

/** The bytes with their checksum behind them. */
export function seal(bytes: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(bytes.length + CHECKSUM_BYTES);
  sealed.set(bytes);
  sealChecksum(sealed);
  return sealed;
}

/** What was sealed. Throws CORRUPT when it is not. */
export function unseal(sealed: Uint8Array): Uint8Array {
  verifyChecksum(sealed);
  return sealed.subarray(0, sealed.length - CHECKSUM_BYTES);
}

/** Window f64, number u32, little endian. */
const ACK_LENGTH = 12;

/** What a receiver says of the last frame that it has: all up to that one need not be kept for it any more. */
export function encodeAck({ window, frameSeq }: FramePosition): Uint8Array {
  const view = new DataView(new ArrayBuffer(ACK_LENGTH));
  view.setFloat64(0, window, true);
  view.setUint32(8, frameSeq, true);
  return seal(new Uint8Array(view.buffer));
}

/** Throws CORRUPT for anything but an acknowledgement as it was sent. */
export function decodeAck(sealed: Uint8Array): FramePosition {
  const bytes = unseal(sealed);
  if (bytes.length !== ACK_LENGTH) throw new MyriadError("CORRUPT", `an acknowledgement of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { window: view.getFloat64(0, true), frameSeq: view.getUint32(8, true) };
}
