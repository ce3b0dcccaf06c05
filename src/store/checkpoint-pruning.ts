import { join } from "node:path";
import type { CheckpointManifest } from "./checkpoint-manifest.ts";
import { parseCheckpointFile } from "./checkpoint-name.ts";
import type { Disk, DiskEntry } from "./disk.ts";

/** The manifest of a checkpoint; undefined or a rejection for one that is damaged. */
type Lookup = (id: number) => Promise<CheckpointManifest | undefined>;

/**
 * Removes from the folder what is older than the last `keep` whole checkpoints and not a base of theirs, and what was never committed. A checkpoint counts
 * as whole here when its files are there with their lengths: to read them through at each turn would cost as much as writing them. What is newer than the
 * last one may still be under way, and is left.
 */
export async function removeOld(disk: Disk, folder: string, keep: number, lookup: Lookup): Promise<void> {
  const entries = await disk.list(folder);
  const files = entries.flatMap(({ name }) => ({ name, ...parseCheckpointFile(name) }));
  const ids = files.filter(({ kind }) => kind === "manifest").map(({ id }) => id!);
  const whole = await wholeOnes(ids, entries, lookup);
  const last = [...whole.keys()].sort((a, b) => b - a).slice(0, Math.max(1, keep));
  if (last.length === 0) return;
  const [newest, oldest] = [last[0]!, last.at(-1)!];
  const needed = withBases(last, whole);
  const parts = new Set([...needed].flatMap((id) => whole.get(id)?.parts.map(({ file }) => file) ?? []));
  const old = (id: number): boolean => id < oldest && !needed.has(id);
  const manifests = files.filter(({ id, kind }) => kind === "manifest" && old(id!));
  for (const { name } of manifests) await disk.remove(join(folder, name));
  // A manifest may never outlive its parts.
  if (manifests.length > 0) await disk.syncFolder(folder);
  for (const { id, kind, name } of files) {
    if (id === undefined || kind === "manifest" || parts.has(name)) continue;
    // Of one that is damaged and not yet old, all is left for people to look at.
    const kept = kind === "part" && ids.includes(id) && !whole.has(id) && !old(id);
    if (id <= newest && !kept) await disk.remove(join(folder, name));
  }
}

async function wholeOnes(
  ids: readonly number[],
  entries: readonly DiskEntry[],
  lookup: Lookup,
): Promise<Map<number, CheckpointManifest>> {
  const bytesOf = new Map(entries.map(({ name, bytes }) => [name, bytes]));
  const found = new Map<number, CheckpointManifest>();
  for (const id of [...ids].sort((a, b) => a - b)) {
    const manifest = await lookup(id).catch(() => undefined);
    if (manifest === undefined || !manifest.parts.every(({ file, bytes }) => bytesOf.get(file) === bytes)) continue;
    if (manifest.base === null || found.has(manifest.base)) found.set(id, manifest);
  }
  return found;
}

function withBases(ids: readonly number[], whole: ReadonlyMap<number, CheckpointManifest>): Set<number> {
  const needed = new Set<number>();
  for (const id of ids) {
    for (let at: number | null = id; at !== null; at = whole.get(at)?.base ?? null) needed.add(at);
  }
  return needed;
}
