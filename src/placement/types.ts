import { MyriadError } from "../base/error.ts";
import type { Csr } from "./csr.ts";
import { UNITS_MAX } from "./csr.ts";

/** Edges between agents of different types count this much more: the followed system scores so, to keep types mixed on every worker. */
export const CROSS_TYPE_FACTOR = 3;

/**
 * The same graph with the edges between types made heavier, so that placement keeps agents of different types that talk to each other together.
 * `factor`: one number for every pair of different types, or `factor(a, b)` for each pair, equal ones too. `typeOf[v]`: type of vertex v.
 */
export function weighTypes(
  graph: Csr,
  typeOf: ArrayLike<number>,
  factor: number | ((a: number, b: number) => number) = CROSS_TYPE_FACTOR,
): Csr {
  if (typeOf.length !== graph.vertexCount) {
    throw new MyriadError("INVALID_PLACEMENT", `${typeOf.length} types for ${graph.vertexCount} agents`);
  }
  const of = typeof factor === "number" ? (a: number, b: number): number => (a === b ? 1 : factor) : factor;
  const factors = new Map<number, number>();
  const factorFor = (v: number, u: number): number => {
    const a = Math.min(typeOf[v]!, typeOf[u]!);
    const b = Math.max(typeOf[v]!, typeOf[u]!);
    const key = a * 65_536 + b;
    let known = factors.get(key);
    if (known === undefined) {
      known = of(a, b);
      if (!(known >= 0 && known < Infinity)) {
        throw new MyriadError(
          "INVALID_PLACEMENT",
          `the factor of types ${a} and ${b} is ${known}; it must be finite and not negative`,
        );
      }
      factors.set(key, known);
    }
    return known;
  };
  const raised = new Float64Array(graph.targets.length);
  let total = 0;
  for (let v = 0; v < graph.vertexCount; v++) {
    for (let i = graph.offsets[v]!; i < graph.offsets[v + 1]!; i++) {
      total += raised[i] = graph.edgeWeights[i]! * factorFor(v, graph.targets[i]!);
    }
  }
  return requantised(graph, raised, total / 2);
}

/** The graph with other edge weights (in units, both directions alike), scaled so that they are integers again and small enough. */
export function requantised(graph: Csr, units: Float64Array, total: number): Csr {
  const fine = units.every((weight) => Number.isInteger(weight));
  const scale = fine && total <= UNITS_MAX ? 1 : 2 ** Math.floor(Math.log2((UNITS_MAX - units.length) / total));
  const edgeWeights = new Int32Array(units.length);
  for (let i = 0; i < units.length; i++) edgeWeights[i] = Math.max(1, Math.round(units[i]! * scale));
  return { ...graph, edgeWeights, unitsPerWeight: graph.unitsPerWeight * scale };
}
