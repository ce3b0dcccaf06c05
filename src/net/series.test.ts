import { expect, test } from "vitest";
import { SERIES_START } from "../wire/frame.ts";
import { follows } from "./series.ts";

const at = (window: number, frameSeq: number, closing = false) => ({ window, frameSeq, closing });
const START = { ...SERIES_START, closing: true };

test.each([
  [START, at(-1, 0), "next"],
  [START, at(-1, 1), "gap"],
  [at(3, 4), at(3, 5), "next"],
  [at(3, 4), at(3, 6), "gap"],
  [at(3, 4), at(4, 0), "gap"],
  [at(3, 4), at(3, 4), "repeat"],
  [at(3, 4), at(2, 9), "repeat"],
  [at(3, 4, true), at(4, 0), "next"],
  [at(3, 4, true), at(9, 0), "next"],
  [at(3, 4, true), at(4, 1), "gap"],
  [at(3, 4, true), at(3, 5), "gap"],
  [at(3, 4, true), at(3, 0), "repeat"],
  [at(3, 4), at(Number.NaN, 0), "gap"],
] as const)("after %o, %o is: %s", (last, frame, expected) => expect(follows(last, frame)).toBe(expected));
