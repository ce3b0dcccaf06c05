import { comparePositions, type FramePosition } from "../wire/frame.ts";

/** A position, and whether it is the last of its window. */
type Place = FramePosition & { readonly closing: boolean };

/** Whether a frame is the one that comes after `last`, has come before, or leaves some out. */
export function follows(last: Place, { window, frameSeq }: FramePosition): "next" | "repeat" | "gap" {
  if (comparePositions({ window, frameSeq }, last) <= 0) return "repeat";
  const next = last.closing
    ? window > last.window && frameSeq === 0
    : window === last.window && frameSeq === last.frameSeq + 1;
  return next ? "next" : "gap";
}
