import { Born, count, defineEvent, defineModel, f64, json, last, RoundStarted, sum, u32, union } from "myriad";
import { runPartitioned } from "myriad/testing";
import { expect, it } from "vitest";

const Go = defineEvent("p.go", { n: u32 });
const Hit = defineEvent("p.hit", { n: u32 });
const both = async (s: any, o: any = {}) => {
  const a = await runPartitioned(s, o).catch((e) => ({ error: e.message }));
  const b = await runPartitioned(s, { workers: 2, placement: (i) => i % 2, ...o }).catch((e) => ({ error: e.message }));
  const strip = ({ remoteEvents, ...r }: any) => r;
  expect(strip(b)).toEqual(strip(a));
  return a as any;
};

it("A births without observations", async () => {
  const m = defineModel({ name: "a" });
  const C = m.agent("c").state(() => ({}));
  const P = m
    .agent("p")
    .state(() => ({}))
    .on(Go, (_s, _p, ctx) => ctx.spawn(C));
  const s = m.scenario({
    agents: [P, C],
    populate(w) {
      const g = w.spawn(P, 1);
      w.send(g.at(0), Go, { n: 0 });
    },
  });
  const r = await Promise.race([both(s), new Promise((_, j) => setTimeout(() => j(new Error("loops")), 2000))]);
  console.log("A", r);
}, 5000);

it("B born taken back", async () => {
  const m = defineModel({ name: "b" });
  const C: any = m
    .agent("c")
    .state(() => ({ born: 0, from: -2 }))
    .on(Born, (s, _p, ctx) => {
      s.born++;
      s.from = ctx.from;
    });
  const P = m
    .agent("p")
    .state(() => ({ n: 0, z: 0 }))
    .on(Go, (s, { n }, ctx) => {
      if (n === 0) {
        ctx.spawn(C);
        return;
      }
      if (n === 1) throw new Error("x");
      if (n === 2) {
        ctx.schedule(Hit, { n: 7 }, { delay: 0 });
      }
    })
    .on(Hit, (s) => {
      s.z++;
    });
  const s = m.scenario({
    agents: [P, C],
    onAgentError: "quarantine",
    populate(w) {
      const g = w.spawn(P, 2);
      w.send(0, Go, { n: 0 });
      w.send(0, Go, { n: 1 }, { time: 1 });
      w.send(1, Go, { n: 2 }, { time: 1 });
    },
    observe: { c: count(C) },
  });
  const r = await both(s);
  console.log("B", JSON.stringify(r.states));
  expect(r.states[2].state).toEqual({ born: 1, from: 0 });
});

it("C cancel same window timer after await", async () => {
  const m = defineModel({ name: "c" });
  const P = m
    .agent("p")
    .state(() => ({ hit: 0, cancelled: false }))
    .on(Go, async (s, _p, ctx) => {
      const h = ctx.schedule(Hit, { n: 1 }, { delay: 1.5 });
      await ctx.effect("e", 0, () => 1);
      s.cancelled = ctx.cancel(h);
    })
    .on(Hit, (s) => {
      s.hit++;
    });
  const s = m.scenario({
    agents: [P],
    populate(w) {
      const g = w.spawn(P, 4);
      for (const i of g) w.send(i, Go, { n: 0 });
    },
  });
  const r = await both(s);
  for (const row of r.states) expect(row.state).toEqual({ hit: 0, cancelled: true });
});

it("D ties in order", async () => {
  const m = defineModel({ name: "d", relations: ["r"] });
  const P = m
    .agent("p")
    .state(() => ({ n: [] as number[] }))
    .on(Go, (s, { n }, ctx) => {
      if (n === 0) {
        ctx.relate("r", 1, 1);
        ctx.relate("r", 2, 1);
      }
      if (n === 1) {
        ctx.unrelate("r", 2);
      }
      if (n === 2) s.n = [...ctx.neighbors("r")];
    });
  const s = m.scenario({
    agents: [P],
    populate(w) {
      w.spawn(P, 3);
      w.send(0, Go, { n: 0 });
      w.send(0, Go, { n: 1 });
      w.send(0, Go, { n: 2 }, { time: 1 });
    },
  });
  const r = await both(s);
  expect(r.states[0].state.n).toEqual([1]);
});

it("E sample beyond until.time", async () => {
  const m = defineModel({ name: "e" });
  const P = m
    .agent("p")
    .state(() => ({ n: 0 }))
    .on(Go, (s, _p, ctx) => {
      s.n++;
      ctx.schedule(Go, { n: 0 }, { delay: 0.4 });
    });
  const s = m.scenario({
    agents: [P],
    populate(w) {
      w.spawn(P, 3);
      w.send(0, Go, { n: 0 });
    },
    until: { time: 2.5 },
    observe: { n: sum(P, (s) => s.n) },
  });
  const r = await both(s);
  console.log("E", r.virtualTime, JSON.stringify(r.samples), r.observations);
  expect(r.samples.at(-1).time).toBeLessThanOrEqual(2.5);
});

it("F publish to those who do not handle", async () => {
  const m = defineModel({ name: "f", relations: ["r"] });
  const Q = m.agent("q").state(() => ({ n: 0 }));
  const P = m
    .agent("p")
    .state(() => ({ n: 0 }))
    .on(Go, (_s, _p, ctx) => {
      ctx.publish("r", Hit, { n: 0 }, { delay: 5 });
    });
  const s = m.scenario({
    agents: [P, Q],
    events: [Hit],
    populate(w) {
      const g = w.spawn(P, 1);
      const q = w.spawn(Q, 3);
      w.relate("r", g, q, [
        [0, 0],
        [0, 1],
        [0, 2],
      ]);
      w.send(0, Go, { n: 0 });
    },
    observe: { n: count(P) },
  });
  const r = await both(s);
  console.log("F", r);
});

it("G roundLimit with publish", async () => {
  const m = defineModel({ name: "g", relations: ["r"] });
  const P = m
    .agent("p")
    .state(() => ({ n: 0 }))
    .on(RoundStarted, (_s, _p, ctx) => {
      if (ctx.id === 3) ctx.publish("r", Go, { n: 0 });
    })
    .on(Go, (_s, _p, ctx) => {
      ctx.publish("r", Go, { n: 0 });
    });
  const s = m.scenario({
    agents: [P],
    roundLimit: 5,
    populate(w) {
      const g = w.spawn(P, 6);
      w.relate("r", g, [
        [2, 3],
        [3, 5],
      ]);
    },
  });
  const r = await both(s);
  console.log("G", r);
});

it("H newborn's failure", async () => {
  const m = defineModel({ name: "h" });
  const C = m.agent("c").state(() => {
    throw new Error("still");
    return {};
  });
  const P = m
    .agent("p")
    .state(() => ({}))
    .on(Go, (_s, _p, ctx) => ctx.spawn(C));
  const s = m.scenario({
    agents: [P, C],
    populate(w) {
      const g = w.spawn(P, 2);
      w.send(g.at(0), Go, { n: 0 });
    },
    observe: { c: count(C) },
  });
  const s2 = m.scenario({
    agents: [P, C],
    populate(w) {
      const g = w.spawn(P, 2);
      w.send(g.at(0), Go, { n: 0 });
    },
  });
  const r = await both(s);
  expect(r.error).toMatch(/still/);
  const r2 = await Promise.race([both(s2), new Promise((_, j) => setTimeout(() => j(new Error("loops")), 2000))]);
  expect((r2 as any).error).toMatch(/still/);
}, 5000);

it("I last of waiting events", async () => {
  const m = defineModel({ name: "i", shared: { x: last(0) } });
  const P = m
    .agent("p")
    .state(() => ({ seen: [] as number[] }))
    .on(Go, async (s, _p, ctx) => {
      await ctx.effect("e", 0, () => 1, { thinkTime: 4 });
    })
    .on(Hit, (s, { n }, ctx) => {
      s.seen.push(n);
      ctx.shared.put("x", n);
    });
  const s = m.scenario({
    agents: [P],
    populate(w) {
      w.spawn(P, 1);
      w.send(0, Go, { n: 0 });
      for (let i = 20; i > 0; i--) w.send(0, Hit, { n: i }, { time: 3 - i / 10 });
    },
  });
  const r = await both(s);
  console.log("I", JSON.stringify(r.states));
  const m2 = await import("myriad/testing");
});
