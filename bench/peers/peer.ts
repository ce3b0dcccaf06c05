import { fileURLToPath } from "node:url";

/** What all do, each in its own way. */
export type Task = "messages" | "round trips" | "epidemic";

/** One line that a harness prints. */
export interface Measured {
  readonly task: Task;
  /** What was counted, and how it was written. */
  readonly how: string;
  readonly count: number;
  readonly seconds: number;
}

/** What users would pick instead. */
export interface Peer {
  readonly name: string;
  /** Installs into the folder that it is given; absent where there is nothing to install. */
  readonly install?: string;
  /** The harness, as a command, for the folder and the part of the work to do. */
  command(folder: string, scale: number): string[];
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const PEERS: readonly Peer[] = [
  {
    name: "Ray 2.60.0",
    install: here("./ray/install.sh"),
    command: (folder, scale) => [`${folder}/venv/bin/python`, here("./ray/harness.py"), String(scale), `${folder}/ray`],
  },
  {
    name: "Mesa 3.3.1",
    install: here("./mesa/install.sh"),
    command: (folder, scale) => [
      `${folder}/venv/bin/python`,
      here("./mesa/harness.py"),
      String(scale),
      here("../../examples/epidemic/data/friendships.el.gz"),
    ],
  },
  {
    name: "Moleculer 0.14.36",
    install: here("./moleculer/install.sh"),
    command: (folder, scale) => [process.execPath, `${folder}/harness.mjs`, String(scale)],
  },
  {
    name: "worker threads",
    command: (_folder, scale) => [process.execPath, here("./worker-threads/harness.mjs"), String(scale)],
  },
];
