import { bool, defineEvent, f64, ref, u16 } from "myriad";

/** Employer to agency: so many posts are open, at this wage; none withdraws the vacancy. */
export const Vacancy = defineEvent("vacancy", { open: u16, wage: f64 });

/** Agency to person: apply here. `NOBODY` when there is nothing. */
export const Lead = defineEvent("lead", { employer: ref });
/** Person to agency: is there a post that pays what I wish? */
export const Enquiry = defineEvent("enquiry", { wish: f64 }, { reply: Lead });

/** Employer to person: what we would pay you; 0 is a refusal. */
export const Offer = defineEvent("offer", { wage: f64 });
/** Person to employer. */
export const Application = defineEvent("application", { skill: f64 }, { reply: Offer });
/** Person to employer: whether the offer is taken. */
export const Decision = defineEvent("decision", { accepted: bool });

/** Without a job: to oneself, once the month's vacancies are out. */
export const Search = defineEvent("search", {});
