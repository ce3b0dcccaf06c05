import { fileURLToPath } from "node:url";
import type { Case } from "./case.ts";
import { outputOf } from "./run-myriad.ts";

export const PARTS = ["encode f64", "decode f64", "encode json", "decode json"] as const;
export type Part = (typeof PARTS)[number];

const MAIN = fileURLToPath(new URL("./part-main.ts", import.meta.url));

/** Parts of the data path, each in a process of its own, measured by mitata: frames to and from bytes. */
export const partCases = (): Case[] =>
  PARTS.map((part) => ({
    name: `frame ${part}`,
    unit: "events/s",
    quick: true,
    measure: async ({ root, scale }) => {
      const out = await outputOf(process.execPath, ["--import", "tsx", MAIN, root, part, String(scale)]);
      return { value: (JSON.parse(out) as { eventsPerSecond: number }).eventsPerSecond };
    },
  }));
