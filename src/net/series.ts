import { comparePositions, type FramePosition } from "../wire/frame.ts";

/** A position, and whether it is the last of its window. */
export type Place = FramePosition & { readonly closing: boolean };

/** No frame has this number: windows have fewer. */
const ALL_FRAMES = 0xffff_ffff;

/**
 * The position of who has all frames of a window and of those before it. It does not say in how many frames they came:
 * a worker that computes a window anew may cut it at other places. For the same reason nothing less than whole windows
 * can be said to a worker that was restarted.
 */
export const allOf = (window: number): Place => ({ window, frameSeq: ALL_FRAMES, closing: true });

export const isWhole = ({ frameSeq }: FramePosition): boolean => frameSeq === ALL_FRAMES;

export const showPosition = (position: FramePosition): string =>
  isWhole(position) ? `all of window ${position.window}` : `${position.frameSeq} of window ${position.window}`;

/** Whether a frame is the one that comes after `last`, has come before, or leaves some out. */
export function follows(last: Place, { window, frameSeq }: FramePosition): "next" | "repeat" | "gap" {
  if (comparePositions({ window, frameSeq }, last) <= 0) return "repeat";
  const next = last.closing
    ? window > last.window && frameSeq === 0
    : window === last.window && frameSeq === last.frameSeq + 1;
  return next ? "next" : "gap";
}
