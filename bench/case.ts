/** What a reading counts. Rates are better when higher, all else when lower. */
export type Unit = "events/s" | "us" | "s" | "bytes";

/** Where and how much to measure. */
export interface Setting {
  /** The folder of the Myriad to measure, built. */
  readonly root: string;
  /** Multiplies the work of every case; 1 is what figures are published for. */
  readonly scale: number;
}

export interface Reading {
  readonly value: number;
  /** Of the run that was measured; absent for parts, and where the clock is a part of the states. */
  readonly stateHash?: string;
  /** Of all processes from start to exit; absent for parts. Load on the machine shows less in it than in any other figure. */
  readonly cpuSeconds?: number;
}

/** One figure, and how it is come by. */
export interface Case {
  readonly name: string;
  readonly unit: Unit;
  /** Part of the short run. */
  readonly quick: boolean;
  measure(setting: Setting): Promise<Reading>;
}

export const higherIsBetter = (unit: Unit): boolean => unit === "events/s";
