import { MyriadError } from "../base/error.ts";
import type { Preset } from "../placement/presets.ts";
import { CROSS_TYPE_FACTOR } from "../placement/types.ts";

/** `communities`: agents with ties stay together. `hash`: spread without regard to anything. `contiguous`: in the order in which they were spawned. */
export type PlacementMethod = "communities" | "hash" | "contiguous";

/** How hard communities are looked for, and what for. */
export interface CommunitiesOptions {
  readonly method: "communities";
  /** What a tie between agents of different types counts, when one between agents of the same type counts 1: above 0, at most 1,000. Default 3; 1 treats all alike. */
  readonly crossTypeWeight?: number;
  /** How far a worker's load may be above its share: 0 to 1, 0.03 by default. Raised where single agents are too heavy for it. */
  readonly imbalance?: number;
  /** What it may cost: `fast` (default), `eco` or `best`; see docs/placement.md. */
  readonly preset?: Preset;
}

/** What a scenario may say of the placement of its agents. It never shows in a result. */
export type PlacementDefinition = PlacementMethod | CommunitiesOptions;

/** The same with all defaults. `method` is undefined where the population decides: communities if it has ties, else contiguous. */
export interface PlacementRule {
  readonly method: PlacementMethod | undefined;
  readonly crossTypeWeight: number;
  readonly imbalance: number;
  readonly preset: Preset;
}

export const PLACEMENT_METHODS: readonly PlacementMethod[] = ["communities", "hash", "contiguous"];
const PRESETS: readonly Preset[] = ["fast", "eco", "best"];
const KEYS = ["method", "crossTypeWeight", "imbalance", "preset"];
const CROSS_TYPE_WEIGHT_MAX = 1_000;
const IMBALANCE_DEFAULT = 0.03;

export const isPlacementMethod = (value: unknown): value is PlacementMethod =>
  PLACEMENT_METHODS.includes(value as PlacementMethod);

/** Checks what a scenario says and fills in the defaults. Throws INVALID_SCENARIO naming field, value and range. */
export function placementRule(definition: PlacementDefinition | undefined): PlacementRule {
  if (definition === undefined || isPlacementMethod(definition)) return { method: definition, ...DEFAULTS };
  if (typeof definition !== "object" || definition === null) {
    throw invalid(`placement is ${shown(definition)}; it must be one of ${PLACEMENT_METHODS.join(", ")}, or a record`);
  }
  const unknown = Object.keys(definition).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw invalid(`unknown key "placement.${unknown}"; known are ${KEYS.join(", ")}`);
  const { method, crossTypeWeight, imbalance, preset } = { ...DEFAULTS, ...definition };
  if (method !== "communities") {
    throw invalid(`placement.method is ${shown(method)}; with options it must be "communities"`);
  }
  if (!(typeof crossTypeWeight === "number" && crossTypeWeight > 0 && crossTypeWeight <= CROSS_TYPE_WEIGHT_MAX)) {
    const range = `a number above 0, at most ${CROSS_TYPE_WEIGHT_MAX}`;
    throw invalid(`placement.crossTypeWeight is ${shown(crossTypeWeight)}; it must be ${range}`);
  }
  if (!(typeof imbalance === "number" && imbalance >= 0 && imbalance <= 1)) {
    throw invalid(`placement.imbalance is ${shown(imbalance)}; it must be a number from 0 to 1`);
  }
  if (!PRESETS.includes(preset)) {
    throw invalid(`placement.preset is ${shown(preset)}; it must be one of ${PRESETS.join(", ")}`);
  }
  return { method, crossTypeWeight, imbalance, preset };
}

const DEFAULTS: Omit<PlacementRule, "method"> = {
  crossTypeWeight: CROSS_TYPE_FACTOR,
  imbalance: IMBALANCE_DEFAULT,
  preset: "fast",
};

const shown = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value));

const invalid = (what: string): MyriadError => new MyriadError("INVALID_SCENARIO", `scenario: ${what}`);
