import { posix } from "node:path";
import type { SeededStream } from "../base/random.ts";
import type { DiskEntry } from "./disk.ts";
import type { SimFile } from "./sim-file.ts";

type Names = Map<string, SimFile>;
/** One operation on the names of a folder that a crash may undo. */
interface Change {
  readonly folder: string;
  readonly apply: (names: Names) => void;
}

/** The names of the simulated disk: as processes see them, and as a crash may leave them. */
export class SimNames {
  readonly #seen: Names = new Map();
  readonly #safe: Names = new Map();
  #changes: Change[] = [];

  get(path: string): SimFile | undefined {
    return this.#seen.get(path);
  }

  list(folder: string): DiskEntry[] {
    const inside = [...this.#seen].filter(([path]) => posix.dirname(path) === folder);
    const entries = inside.map(([path, file]) => ({ name: posix.basename(path), bytes: file.bytes }));
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  place(path: string, file: SimFile): void {
    this.#seen.set(path, file);
    this.#safe.set(path, file);
  }

  set(path: string, file: SimFile): void {
    this.#change(path, (names) => names.set(path, file));
  }

  remove(path: string): void {
    this.#change(path, (names) => names.delete(path));
  }

  /** Both names change at once or not at all. */
  rename(from: string, to: string): void {
    const file = this.#seen.get(from)!;
    this.#change(to, (names) => {
      names.delete(from);
      names.set(to, file);
    });
  }

  sync(folder: string): void {
    for (const change of this.#changes) if (change.folder === folder) change.apply(this.#safe);
    this.#changes = this.#changes.filter((change) => change.folder !== folder);
  }

  /** Of the changes since the last sync some are kept, in their order. */
  crash(stream: SeededStream): void {
    const keepsAll = stream.integer(3) === 0;
    for (const change of this.#changes) if (keepsAll || stream.integer(2) === 0) change.apply(this.#safe);
    this.#changes = [];
    this.#seen.clear();
    for (const [path, file] of this.#safe) this.#seen.set(path, file);
    for (const file of new Set(this.#seen.values())) file.crash(stream);
  }

  #change(path: string, apply: Change["apply"]): void {
    apply(this.#seen);
    this.#changes.push({ folder: posix.dirname(path), apply });
  }
}
