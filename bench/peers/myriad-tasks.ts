import { fileURLToPath } from "node:url";
import { outputOf, runMyriad } from "../run-myriad.ts";
import type { Measured, Task } from "./peer.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Myriad on each task, on two worker processes where the peers use two. */
export const MYRIAD: Readonly<Record<Task, (root: string, scale: number) => Promise<Measured>>> = {
  /** PHOLD: each of 10,000 agents sends on what it gets, to a random agent; and in the order of virtual time. */
  messages: async (root, scale) => {
    const params = { lps: 10_000, remote: 1 };
    const until = Math.max(1, 200 * scale);
    const { result } = await runMyriad(root, { scenario: here("../../examples/phold"), workers: 2, params, until });
    return { task: "messages", how: "PHOLD, 2 workers", count: result.events, seconds: result.wallSeconds };
  },
  "round trips": async (root, scale) => {
    const turns = Math.max(20, Math.round(10_000 * scale));
    const scenario = here("../scenarios/ping-pong.ts");
    const wish = { scenario, workers: 2, params: { turns }, placement: "contiguous" };
    const { result } = await runMyriad(root, wish);
    return { task: "round trips", how: "two agents on 2 workers", count: turns / 2, seconds: result.wallSeconds };
  },
  epidemic: async (root, scale) => {
    const out = await outputOf(process.execPath, [here("./myriad-epidemic.mjs"), root, String(scale)]);
    return JSON.parse(out) as Measured;
  },
};
