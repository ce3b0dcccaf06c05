import { count, defineModel, last, max, mean, NOBODY, RoundStarted, sum } from "myriad";
import { z } from "zod";
import { Application, Decision, Enquiry, Lead, Offer, Search, Vacancy } from "./events.ts";

const model = defineModel({
  name: "labor-market",
  params: z.object({
    separation: z.number().min(0).max(1).default(0.02),
    applications: z.number().int().min(1).default(3),
    concession: z.number().min(0).max(1).default(0.05),
    replacement: z.number().min(0).max(2).default(0.5),
    jobs: z.number().min(0).default(1),
  }),
  shared: { employed: sum(0), payroll: sum(0), benefit: last(1000) },
  relations: ["job", "client"],
});

const SCHOOL_LEAVING_AGE = 18;
const PENSION_AGE = 65;

type PersonProfile = { agency: number; skill: number; age: number; wish: number };

/** Works, loses a job now and then, looks for the next, and makes room for a school leaver at pension age. */
export const Person = model
  .agent("person")
  .state((profile: PersonProfile) => ({ ...profile, employer: NOBODY, wage: 0 }))
  .on(RoundStarted, (self, _, ctx) => {
    self.age += 1 / 12;
    const retires = self.age >= PENSION_AGE;
    if (self.employer !== NOBODY && (retires || ctx.random() < ctx.params.separation)) {
      ctx.unrelate("job", self.employer);
      ctx.shared.put("employed", -1);
      ctx.shared.put("payroll", -self.wage);
      self.employer = NOBODY;
      self.wage = 0;
    }
    if (retires) {
      const wish = ctx.shared.get("benefit");
      ctx.spawn(Person, { agency: self.agency, skill: ctx.random(), age: SCHOOL_LEAVING_AGE, wish });
      ctx.retire();
    } else if (self.employer === NOBODY) {
      ctx.schedule(Search, {}, { delay: 1 });
    }
  })
  .on(Search, async (self, _, ctx) => {
    self.wish = Math.max(self.wish * (1 - ctx.params.concession), ctx.shared.get("benefit"));
    for (let i = 0; i < ctx.params.applications; i++) {
      const { employer } = await ctx.request(self.agency, Enquiry, { wish: self.wish });
      if (employer === NOBODY) return;
      const { wage } = await ctx.request(employer, Application, { skill: self.skill });
      if (wage === 0) continue;
      const accepted = wage >= self.wish;
      ctx.send(employer, Decision, { accepted });
      if (!accepted) continue;

      ctx.relate("job", employer, wage);
      ctx.shared.put("employed", 1);
      ctx.shared.put("payroll", wage);
      self.employer = employer;
      self.wage = wage;
      self.wish = wage;
      return;
    }
  });

type EmployerProfile = { agency: number; jobs: number; wage: number };

/** Offers its open posts, first come first served. What stays open pays a little more next month, up to a ceiling. */
export const Employer = model
  .agent("employer")
  .state((profile: EmployerProfile) => ({ ...profile, ceiling: profile.wage * 1.25, staff: 0, open: 0, hired: 0 }))
  .on(RoundStarted, (self, _, ctx) => {
    self.wage = self.open > 0 ? Math.min(self.wage * 1.01, self.ceiling) : self.wage * 0.998;
    self.staff = ctx.degree("job");
    self.open = Math.max(0, self.jobs - self.staff);
    ctx.send(self.agency, Vacancy, { open: self.open, wage: self.wage });
  })
  .on(Application, (self, { skill }, ctx) => {
    if (self.open === 0) return ctx.reply(Offer, { wage: 0 });
    self.open -= 1; // kept free until the applicant decides
    ctx.reply(Offer, { wage: self.wage * (0.9 + 0.2 * skill) });
  })
  .on(Decision, (self, { accepted }) => {
    if (accepted) self.hired += 1;
    else self.open += 1;
  });

/** Brings people and vacancies of one occupation together. */
export const Agency = model
  .agent("agency")
  .state(() => ({ vacancies: new Map<number, number>(), placed: 0 }))
  .on(Vacancy, (self, { open, wage }, ctx) => {
    if (open > 0) self.vacancies.set(ctx.from, wage);
    else self.vacancies.delete(ctx.from);
  })
  .on(Enquiry, (self, { wish }, ctx) => {
    const suitable = [...self.vacancies].filter(([, wage]) => wage >= wish);
    if (suitable.length === 0) return ctx.reply(Lead, { employer: NOBODY });
    const [employer] = suitable[ctx.randomInt(suitable.length)]!;
    ctx.reply(Lead, { employer });
  });

/** Pays those without a job a share of the mean wage: below that, nobody works. */
export const Government = model
  .agent("government")
  .state(() => ({ benefit: 0 }))
  .on(RoundStarted, (self, _, ctx) => {
    const employed = ctx.shared.get("employed");
    if (employed > 0) ctx.shared.put("benefit", (ctx.params.replacement * ctx.shared.get("payroll")) / employed);
    self.benefit = ctx.shared.get("benefit");
  });

export default model.scenario({
  agents: [Person, Employer, Agency, Government],
  async populate(world, params) {
    world.spawn(Government, 1);
    for (const { occupation, people, employers, wage } of parse(await world.readText("data/occupations.csv"))) {
      const office = world.spawn(Agency, 1, undefined, { name: () => `agency:${occupation}` });
      const agency = office.at(0);
      const jobs = Math.round((people / employers) * params.jobs);
      const firms = world.spawn(Employer, employers, () => ({
        agency,
        jobs,
        wage: wage * (0.8 + 0.4 * world.random()),
      }));
      const seekers = world.spawn(Person, people, () => ({
        agency,
        skill: world.random(),
        age: SCHOOL_LEAVING_AGE + world.random() * (PENSION_AGE - SCHOOL_LEAVING_AGE),
        wish: wage,
      }));
      // No handler looks at these ties: they say who will talk to whom, so that these come to live on one worker.
      for (const clients of [firms, seekers]) world.relate("client", clients, office, toFirst(clients.length));
    }
  },
  observe: {
    employed: count(Person, (person) => person.employer !== NOBODY),
    jobless: count(Person, (person) => person.employer === NOBODY),
    meanWage: mean(Person, (person) => (person.employer === NOBODY ? undefined : person.wage)),
    payroll: sum(Person, (person) => person.wage),
    vacancies: sum(Employer, (employer) => employer.open),
    hired: sum(Employer, (employer) => employer.hired),
    benefit: max(Government, (government) => government.benefit),
  },
  until: { rounds: 48 },
});

/** Ties of all of one group to the first of another. */
const toFirst = (count: number) => Array.from({ length: count }, (_, i) => [i, 0] as const);

type Occupation = { occupation: string; people: number; employers: number; wage: number };

function parse(csv: string): Occupation[] {
  const rows = csv.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return rows.slice(1).map((row) => {
    const [occupation, people, employers, wage] = row.split(",");
    return { occupation: occupation!, people: Number(people), employers: Number(employers), wage: Number(wage) };
  });
}
