import { MyriadError } from "./error.ts";
import { didYouMean } from "./suggest.ts";

/** One option of a group. An integer, unless it is in seconds. */
export interface NumberOption {
  readonly initial: number;
  /** Smallest and largest value, both allowed. */
  readonly min: number;
  readonly max: number;
  readonly seconds?: boolean;
}

/**
 * A group of options as a user writes them, those left out by default. Throws INVALID_CONFIG naming group, option, value
 * and range, or the option that was meant.
 */
export function numberOptions<K extends string>(
  group: string,
  table: Readonly<Record<K, NumberOption>>,
  given: Readonly<Record<string, unknown>>,
): Record<K, number> {
  const options = {} as Record<K, number>;
  const names = Object.keys(table) as K[];
  for (const name of names) options[name] = table[name].initial;
  for (const [name, value] of Object.entries(given)) {
    const option = names.includes(name as K) ? table[name as K] : undefined;
    if (option === undefined) {
      const known = `known are ${names.join(", ")}`;
      throw new MyriadError("INVALID_CONFIG", `${group}: unknown key "${name}"${didYouMean(name, names)}; ${known}`);
    }
    const { min, max, seconds = false } = option;
    const whole = seconds || Number.isInteger(value);
    if (typeof value !== "number" || !whole || !(value >= min && value <= max)) {
      const range = `${seconds ? "a number of seconds" : "an integer"} from ${min} to ${max}`;
      throw new MyriadError("INVALID_CONFIG", `${group}.${name} is ${JSON.stringify(value)}; it must be ${range}`);
    }
    options[name as K] = value;
  }
  return options;
}
