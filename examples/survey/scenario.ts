import { count, defineEvent, defineModel, sum } from "myriad";
import { z } from "zod";
import { latencyMs } from "./question.ts";
import { ask } from "./service.ts";

export const Invited = defineEvent("invited", {});

const model = defineModel({
  name: "survey",
  params: z.object({
    agents: z.number().int().min(1).default(2_000),
    questions: z.number().int().min(1).default(5),
  }),
  lookahead: 10, // virtual time counts milliseconds
});

/** Answers its questions one after another; what it thinks comes from outside. */
export const Respondent = model
  .agent("respondent")
  .state(() => ({ answers: [] as number[], finished: false }))
  .on(Invited, async (self, _, ctx) => {
    for (let question = 0; question < ctx.params.questions; question++) {
      const thinkTime = latencyMs(ctx.id, question);
      self.answers.push(await ctx.effect("answer", { agent: ctx.id, question }, ask, { thinkTime }));
    }
    self.finished = true;
  });

export default model.scenario({
  agents: [Respondent],
  populate(world, params) {
    const respondents = world.spawn(Respondent, params.agents);
    for (const respondent of respondents) world.send(respondent, Invited, {});
  },
  observe: {
    finished: count(Respondent, (respondent) => respondent.finished),
    answers: sum(Respondent, (respondent) => respondent.answers.length),
    agreement: sum(Respondent, (respondent) => respondent.answers.reduce((total, answer) => total + answer, 0)),
  },
});
