import { fileURLToPath } from "node:url";
import type { Case } from "./case.ts";
import { outputOf } from "./run-myriad.ts";

const MAIN = fileURLToPath(new URL("./save-main.ts", import.meta.url));

/** An engine with a million agents put into sections, and a new one filled from them: the pause of a checkpoint, and of a resume. */
export const saveCases = (): Case[] =>
  (["save", "load"] as const).map((what) => ({
    name: `${what} 1M agents`,
    unit: "s",
    quick: false,
    measure: async ({ root, scale }) => {
      const out = await outputOf(process.execPath, ["--import", "tsx", MAIN, root, String(scale)]);
      const { cpuSeconds, ...seconds } = JSON.parse(out) as { save: number; load: number; cpuSeconds: number };
      return { value: seconds[what], cpuSeconds };
    },
  }));
