import type { Placement } from "./placement.ts";
import type { TrafficReport } from "./traffic-report.ts";

/** Standard errors by which a saving must differ from none. */
const ERRORS_MIN = 2;

/** What another placement would save, by the events that were sampled for it. */
export interface Saving {
  /** Share of the events that are remote now. */
  readonly remoteNow: number;
  /** Share of them that would be. */
  readonly remoteNext: number;
  /** What is saved, over the remote events of now; 0 where it could be chance. */
  readonly share: number;
}

/** Judges by events that no plan was made from: what was only chance in the ties saves nothing here. Each sample stands for all events of its part. */
export function savingOf(reports: readonly TrafficReport[], present: Placement, next: Placement): Saving {
  let all = 0;
  let now = 0;
  let remote = 0;
  let variance = 0;
  for (const { counts, sampleFrom, sampleTo } of reports) {
    if (sampleFrom.length === 0) continue;
    const weight = counts.reduce((a, b) => a + b, 0) / sampleFrom.length;
    for (let i = 0; i < sampleFrom.length; i++) {
      const [a, b] = [sampleFrom[i]!, sampleTo[i]!];
      if (a >= present.length || b >= present.length) continue;
      const before = present[a] === present[b] ? 0 : weight;
      const after = next[a] === next[b] ? 0 : weight;
      all += weight;
      now += before;
      remote += after;
      variance += (before - after) ** 2;
    }
  }
  if (all === 0) return { remoteNow: 0, remoteNext: 0, share: 0 };
  const isSure = now - remote > ERRORS_MIN * Math.sqrt(variance);
  return { remoteNow: now / all, remoteNext: remote / all, share: isSure ? (now - remote) / now : 0 };
}
