import { placementOnto } from "../cluster/placement-onto.ts";
import { Registry } from "../cluster/registry.ts";
import { AgentRows } from "../engine/agent-section.ts";
import { decodeCommon } from "../engine/common-section.ts";
import { openSection } from "../engine/section.ts";
import type { Program } from "../model/program.ts";
import type { CheckpointManifest } from "../store/checkpoint-manifest.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";

/** The registry of all agents of a checkpoint, as `workers` parts will load them. Throws CORRUPT, STORE_FAILED. */
export async function restoredRegistry(
  program: Program,
  store: Pick<CheckpointStore, "readPart">,
  manifest: CheckpointManifest,
  workers: number,
): Promise<Registry> {
  let placement: Uint16Array = new Uint16Array(0);
  let typeOf = new Uint16Array(0);
  const names: (readonly [number, string])[] = [];
  for (const worker of [...manifest.workers].sort((a, b) => a - b)) {
    for await (const bytes of store.readPart(manifest, worker)) {
      const section = openSection(bytes);
      if (section.kind === "common") {
        placement = placementOnto(decodeCommon(bytes).placement, manifest.workers.length, workers);
        typeOf = new Uint16Array(placement.length);
      } else if (section.kind === "agents") {
        const rows = new AgentRows(section);
        const { type, names: named } = rows.labels();
        for (let i = 0; i < type.length; i++) typeOf[rows.index[i]!] = type[i]!;
        for (const name of named) names.push(name);
      }
    }
  }
  const types = program.types.map(({ name }) => name);
  const registry = new Registry(types, typeOf, placement, placement.length);
  registry.setNames(names);
  return registry;
}
