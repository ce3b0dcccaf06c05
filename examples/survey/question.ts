/** The fastest and the slowest answer of the service, in milliseconds. */
export const LATENCY_MS_MIN = 20;
export const LATENCY_MS_MAX = 400;

/** How long the service takes over one agent's question: it depends on the two alone, so that every run meets the same. */
export function latencyMs(agent: number, question: number): number {
  return LATENCY_MS_MIN + Math.floor(hash(agent, question) * (LATENCY_MS_MAX - LATENCY_MS_MIN + 1));
}

/** The answer, from 1 (disagrees) to 5 (agrees). */
export function answerOf(agent: number, question: number): number {
  return 1 + Math.floor(hash(question + 1_000_003, agent) * 5);
}

/** A number in [0, 1) that two integers decide: the finalizer of MurmurHash3 (Appleby). */
function hash(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
