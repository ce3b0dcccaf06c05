import { join } from "node:path";
import { MyriadError } from "../base/error.ts";
import { type CheckpointManifest, decodeManifest, encodeManifest } from "./checkpoint-manifest.ts";
import { manifestFile, parseCheckpointFile, partFile } from "./checkpoint-name.ts";
import { removeOld } from "./checkpoint-pruning.ts";
import type { CheckpointDraft, CheckpointStore, OnBadFile } from "./checkpoint-store.ts";
import type { Disk } from "./disk.ts";
import { PART_FORMAT, type PartHeader } from "./part-format.ts";
import { readSections } from "./part-reader.ts";
import { PartWriter } from "./part-writer.ts";
import { readSmallFile, writeSmallFile } from "./small-file.ts";

/** Retained so that one that proves damaged has one before it. */
const KEEP_DEFAULT = 2;

export interface FileCheckpointsOptions {
  readonly disk: Disk;
  /** May be shared between machines. */
  readonly folder: string;
  readonly runId: string;
  /** Tells this process from all others, also from the one before it: letters and digits. */
  readonly writer: string;
}

/** Checkpoints as files in one folder: `ID.json` is the manifest, `ID-WORKER-...part` are the parts. */
export class FileCheckpoints implements CheckpointStore {
  readonly #options: FileCheckpointsOptions;
  #parts = 0;
  /** Found damaged: they do not count among those that are kept. */
  readonly #bad = new Set<number>();

  constructor(options: FileCheckpointsOptions) {
    if (!/^[A-Za-z0-9]+$/.test(options.writer)) {
      throw new MyriadError("INVALID_ARGUMENT", `writer "${options.writer}" must be letters and digits`);
    }
    this.#options = options;
  }

  async begin(id: number, { base }: { base?: number } = {}): Promise<CheckpointDraft> {
    const { disk, folder, runId, writer } = this.#options;
    await disk.makeFolder(folder);
    const kind = base === undefined ? "full" : "delta";
    return {
      part: (worker) => {
        const path = join(folder, partFile(id, worker, writer, this.#parts++));
        return PartWriter.create(disk, path, { format: PART_FORMAT, runId, checkpoint: id, kind, worker });
      },
    };
  }

  async commit(manifest: CheckpointManifest): Promise<void> {
    const { disk, folder, runId } = this.#options;
    if (manifest.runId !== runId)
      throw new MyriadError("MISMATCH", `a checkpoint of run ${manifest.runId}, not ${runId}`);
    await disk.makeFolder(folder);
    await writeSmallFile(disk, join(folder, manifestFile(manifest.id)), encodeManifest(manifest));
  }

  async newest(onBad: OnBadFile): Promise<CheckpointManifest | undefined> {
    const known = new Map<number, CheckpointManifest | undefined>();
    for (const id of (await this.#ids()).reverse()) {
      const manifest = await this.#whole(id, known, onBad);
      if (manifest !== undefined) return manifest;
    }
    return undefined;
  }

  async manifest(id: number): Promise<CheckpointManifest> {
    const { disk, folder, runId } = this.#options;
    const path = join(folder, manifestFile(id));
    const manifest = decodeManifest(await readSmallFile(disk, path), path);
    if (manifest.id !== id) throw new MyriadError("CORRUPT", `"${path}" is the manifest of checkpoint ${manifest.id}`);
    if (manifest.runId === runId) return manifest;
    throw new MyriadError("MISMATCH", `"${path}" is of run ${manifest.runId}, not of ${runId}`);
  }

  readPart(manifest: CheckpointManifest, worker: number): AsyncIterable<Uint8Array> {
    const info = manifest.parts.find((part) => part.worker === worker);
    if (info === undefined) {
      throw new MyriadError("INVALID_ARGUMENT", `checkpoint ${manifest.id} has no part of worker ${worker}`);
    }
    if (parseCheckpointFile(info.file)?.kind !== "part") {
      throw new MyriadError("CORRUPT", `checkpoint ${manifest.id} names "${info.file}", which is no part`);
    }
    const kind = manifest.base === null ? "full" : "delta";
    const header: PartHeader = { format: PART_FORMAT, runId: manifest.runId, checkpoint: manifest.id, kind, worker };
    return readSections(this.#options.disk, join(this.#options.folder, info.file), header, info);
  }

  async prune(keep = KEEP_DEFAULT): Promise<void> {
    const { disk, folder } = this.#options;
    await removeOld(disk, folder, keep, async (id) => (this.#bad.has(id) ? undefined : this.manifest(id)));
  }

  async #ids(): Promise<number[]> {
    const files = (await this.#options.disk.list(this.#options.folder)).map(({ name }) => parseCheckpointFile(name));
    const manifests = files.filter((file) => file?.kind === "manifest");
    return manifests.map((file) => file!.id).sort((a, b) => a - b);
  }

  /** The manifest of a checkpoint of which every byte has been read, and of all that it is based on; undefined when there is none. */
  async #whole(
    id: number,
    known: Map<number, CheckpointManifest | undefined>,
    onBad: OnBadFile,
  ): Promise<CheckpointManifest | undefined> {
    if (known.has(id)) return known.get(id);
    let file = manifestFile(id);
    let found: CheckpointManifest | undefined;
    try {
      const manifest = await this.manifest(id);
      for (const part of manifest.parts) {
        file = part.file;
        for await (const _section of this.readPart(manifest, part.worker));
      }
      const { base } = manifest;
      if (base === null || (base < id && (await this.#whole(base, known, onBad)) !== undefined)) found = manifest;
    } catch (reason) {
      const error = MyriadError.from(reason, "CORRUPT");
      if (error.code === "MISMATCH") throw error;
      onBad(file, error);
    }
    if (found === undefined) this.#bad.add(id);
    known.set(id, found);
    return found;
  }
}
