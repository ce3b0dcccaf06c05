import { fileURLToPath } from "node:url";
import type { Case, Reading, Setting } from "./case.ts";
import { outputOf, runMyriad } from "./run-myriad.ts";
import { silentCutSeconds } from "./silent-cut.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const BULK_MAIN = here("./bulk-main.mjs");
const OPENING = here("./scenarios/opening.ts");
const PHOLD = here("../examples/phold");

/** What connections are worth: what stands behind what, what is warm, what is noticed. */
export const connectionCases = (): Case[] => [
  { name: "beats beside a GiB of bulk, 99% within", unit: "us", quick: false, measure: beatsBesideBulk },
  { name: "first window workers 2", unit: "us", quick: false, measure: (setting) => opening(setting, "first") },
  { name: "tenth window workers 2", unit: "us", quick: false, measure: (setting) => opening(setting, "tenth") },
  {
    name: "a silent cut is noticed, peerTimeout 2 s",
    unit: "s",
    quick: false,
    measure: async ({ root }) => ({ value: await silentCutSeconds(root, PHOLD) }),
  },
];

/** How much longer than the fastest 99 of 100 beats take, while a worker sends its master a gigabyte. */
async function beatsBesideBulk({ root, scale }: Setting): Promise<Reading> {
  const out = await outputOf(process.execPath, [BULK_MAIN, root, String(Math.ceil(2 ** 30 * scale))]);
  return { value: (JSON.parse(out) as { p99Ms: number }).p99Ms * 1000 };
}

/** Of a run whose agents send each other something in every window: with all connections warm, the first costs no more. */
async function opening({ root }: Setting, window: "first" | "tenth"): Promise<Reading> {
  const { result } = await runMyriad(root, { scenario: OPENING, workers: 2, placement: "contiguous" });
  return { value: result.observations[window] as number };
}
