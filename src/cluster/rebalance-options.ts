import { MyriadError } from "../base/error.ts";

/** When and how much to move. Shares are of 1. */
export interface RebalanceOptions {
  /** No moves for traffic that would save less than this share of the remote events. */
  readonly hysteresis: number;
  /** No moves for load while no part carries more than this above its share. */
  readonly loadHysteresis: number;
  /** Agents moved at a time, as a share of all. A part without agents gets its share at once all the same. */
  readonly movesMax: number;
  /** How far above its share a part may be after moves. */
  readonly imbalance: number;
  /** Events that a move must save, of those noted on the ties. */
  readonly minGain: number;
  /** What an agent counts beside the events that it handles, as a share of the mean agent: it takes memory. */
  readonly ballast: number;
  /** How strongly agents hold to where they are when a better place is looked for, in mean ties. */
  readonly home: number;
}

/** Defaults, and the allowed ranges. */
const TABLE: Readonly<Record<keyof RebalanceOptions, readonly [initial: number, min: number, max: number]>> = {
  hysteresis: [0.1, 0, 1],
  loadHysteresis: [0.1, 0, 1_000],
  movesMax: [0.05, 0, 1],
  imbalance: [0.03, 0, 1_000],
  minGain: [1, 0, 1e9],
  ballast: [0.25, 0, 1],
  home: [0.1, 0, 1],
};

/** The options with defaults for those left out. Throws INVALID_ARGUMENT naming option, value and range. */
export function rebalanceOptions(given: Partial<RebalanceOptions>): RebalanceOptions {
  const option = (name: keyof RebalanceOptions): number => {
    const [initial, min, max] = TABLE[name];
    const value = given[name] ?? initial;
    if (!(value >= min && value <= max)) {
      throw new MyriadError("INVALID_ARGUMENT", `rebalance ${name} is ${value}; it must be from ${min} to ${max}`);
    }
    return value;
  };
  return {
    hysteresis: option("hysteresis"),
    loadHysteresis: option("loadHysteresis"),
    movesMax: option("movesMax"),
    imbalance: option("imbalance"),
    minGain: option("minGain"),
    ballast: option("ballast"),
    home: option("home"),
  };
}
