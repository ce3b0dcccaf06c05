import { join } from "node:path";
import { MyriadError } from "../base/error.ts";
import type { Disk } from "./disk.ts";
import { decodeRun, encodeRun, type RunManifest } from "./run-manifest.ts";
import { readSmallFile, writeSmallFile } from "./small-file.ts";

const MANIFEST = "run.json";

/** The names of all that survives a crash, in the folder of one run. */
export class RunFolder {
  /** The master's log. */
  readonly decisions: string;
  /** Manifests and parts; on several machines this is a shared folder. */
  readonly checkpoints: string;
  /** The answers of effects; shared as well. */
  readonly journal: string;
  readonly #disk: Disk;
  readonly #path: string;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#path = path;
    this.decisions = join(path, "decisions");
    this.checkpoints = join(path, "checkpoints");
    this.journal = join(path, "journal");
  }

  /** Writes what the run is, before it starts. Throws STORE_FAILED. */
  async write(manifest: RunManifest): Promise<void> {
    await this.#disk.makeFolder(this.#path);
    await writeSmallFile(this.#disk, join(this.#path, MANIFEST), encodeRun(manifest));
  }

  /** Throws INVALID_DATA when the folder is not that of a run; CORRUPT, MISMATCH, STORE_FAILED. */
  async read(): Promise<RunManifest> {
    const files = await this.#disk.list(this.#path);
    if (!files.some(({ name }) => name === MANIFEST)) {
      throw new MyriadError("INVALID_DATA", `"${this.#path}" is not the folder of a run: it has no ${MANIFEST}`);
    }
    const path = join(this.#path, MANIFEST);
    return decodeRun(await readSmallFile(this.#disk, path), path);
  }
}
