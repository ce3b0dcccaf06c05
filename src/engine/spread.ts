import { type EventBatch, metaType, PHASE_EVENT, packMeta } from "../wire/event-batch.ts";
import type { Core } from "./core.ts";

/** Spreads the publishes that a peer's frame brought over those own agents that the senders address, and empties the batch. */
export function spreadPublishes(core: Core, publishes: EventBatch): void {
  for (let row = 0; row < publishes.count; row++) {
    const from = publishes.from[row]!;
    const followers = core.relations.followers(publishes.to[row]!, from);
    core.counts.remote += core.spread(
      followers,
      true,
      from,
      publishes.time[row]!,
      publishes.seq[row]!,
      packMeta(PHASE_EVENT, 0, 0, metaType(publishes.meta[row]!)),
      publishes,
      publishes.offset[row]!,
    );
  }
  publishes.clear();
}
