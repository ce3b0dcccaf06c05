import { Born, defineEvent, defineModel } from "myriad";
import { z } from "zod";

const Next = defineEvent("bulk.next", {});
const RECORD_BYTES = 2 ** 18;

const model = defineModel({ name: "bulk", params: z.object({ bytes: z.number().positive() }) });
const TEXT = "x".repeat(RECORD_BYTES);

/** Records the same text window by window, until it is so many bytes in all. */
const Recorder = model
  .agent("recorder")
  .state(() => ({ sent: 0 }))
  .on(Born, (_self, _payload, ctx) => void ctx.schedule(Next, {}, { delay: 1 }))
  .on(Next, (self, _payload, ctx) => {
    ctx.record("text", TEXT);
    self.sent += RECORD_BYTES;
    if (self.sent < ctx.params.bytes) ctx.schedule(Next, {}, { delay: 1 });
  });

export default model.scenario({ agents: [Recorder], populate: (world) => void world.spawn(Recorder, 1) });
