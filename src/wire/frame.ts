/** A frame: many events of one window from one worker to another, in one buffer. The layout stands in frame-header.ts. */
export { CHECKSUM_BYTES, sealChecksum, verifyChecksum } from "./checksum.ts";
export { decodeEvents } from "./frame-decode.ts";
export { encodeFrame, encodeFrames } from "./frame-encode.ts";
export {
  closingOf,
  comparePositions,
  type FramePosition,
  type FrameStamp,
  positionOf,
  readHeader,
  SERIES_START,
} from "./frame-header.ts";
