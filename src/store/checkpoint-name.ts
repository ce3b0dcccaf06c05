/** Names of the files in the folder of checkpoints. */
export const manifestFile = (id: number): string => `${id}.json`;

/** `writer` tells processes apart, `number` the parts of one: nobody, however late, writes into another's file. */
export const partFile = (id: number, worker: number, writer: string, number: number): string =>
  `${id}-${worker}-${writer}-${number}.part`;

export interface CheckpointFile {
  readonly id: number;
  /** `rubbish`: a manifest that never got its name. */
  readonly kind: "manifest" | "part" | "rubbish";
}

/** Undefined for a file that is none of ours. */
export function parseCheckpointFile(file: string): CheckpointFile | undefined {
  const [, manifest, ending] = /^(\d+)\.json(\.tmp)?$/.exec(file) ?? [];
  if (manifest !== undefined) return { id: Number(manifest), kind: ending === undefined ? "manifest" : "rubbish" };
  const [, part] = /^(\d+)-\d+-[A-Za-z0-9]+-\d+\.part$/.exec(file) ?? [];
  return part === undefined ? undefined : { id: Number(part), kind: "part" };
}
