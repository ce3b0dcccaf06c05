import type { Engine } from "../engine/engine.ts";
import type { Population } from "../model/population.ts";

/** Fills an engine with those agents of a population that `placement` gives to worker `self`. */
export function loadPart(engine: Engine, population: Population, placement: Uint16Array, self: number): void {
  const { count, typeOf, names, profiles, relations, events } = population;
  const own: number[] = [];
  for (let index = 0; index < count; index++) if (placement[index] === self) own.push(index);
  engine.setPlacement(placement);
  engine.loadAgents(
    0,
    Uint16Array.from(own, (index) => typeOf[index]!),
    own.map((index) => names.get(index)),
    { get: (i) => profiles.get(own[i]!) },
    Uint32Array.from(own),
  );
  for (const [id, { directed, source, target, weight }] of relations.entries()) {
    engine.loadRelation(id, directed, source, target, weight);
  }
  engine.loadEvents(events);
  engine.open();
}
