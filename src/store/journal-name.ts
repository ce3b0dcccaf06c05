import { MyriadError } from "../base/error.ts";

/** What tells one file of the journal from the others; all of it stands in the file's name. */
export interface JournalName {
  /** The checkpoint after whose cut the answers came in. */
  readonly checkpoint: number;
  readonly part: number;
  readonly epoch: number;
  /** Of the process that writes: letters and digits. */
  readonly incarnation: string;
}

const PATTERN = /^(\d+)-(\d+)-(\d+)-([A-Za-z0-9]+)\.log$/;

export const journalFile = ({ checkpoint, part, epoch, incarnation }: JournalName): string =>
  `${checkpoint}-${part}-${epoch}-${incarnation}.log`;

/** Undefined for a file that is none of the journal. */
export function parseJournalName(file: string): JournalName | undefined {
  const [, checkpoint, part, epoch, incarnation] = PATTERN.exec(file) ?? [];
  if (incarnation === undefined) return undefined;
  return { checkpoint: Number(checkpoint), part: Number(part), epoch: Number(epoch), incarnation };
}

/** Throws INVALID_ARGUMENT for a name that could not be read back. */
export function checkJournalName(name: JournalName): void {
  const file = journalFile(name);
  if (PATTERN.test(file)) return;
  throw new MyriadError(
    "INVALID_ARGUMENT",
    `a journal "${file}": checkpoint, part and epoch must be integers of 0 or more, the incarnation letters and digits`,
  );
}
