import { MyriadError } from "../base/error.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of the disk is used up",
  EROFS: "the disk is read-only",
  EIO: "the disk reports a fault",
  EACCES: "no permission",
  EPERM: "no permission",
  ENOENT: "there is no such file or folder",
  EEXIST: "it exists already",
  EMFILE: "this process has too many open files",
  EFBIG: "the file would be too large",
};

/** STORE_FAILED that names the operation, the path and what the system said. */
export function diskFailure(operation: string, path: string, reason: unknown): MyriadError {
  if (reason instanceof MyriadError) return reason;
  const code = (reason as NodeJS.ErrnoException).code;
  const known = code === undefined ? undefined : REASONS[code];
  const why = known === undefined ? (code ?? String(reason)) : `${known} (${code})`;
  return new MyriadError("STORE_FAILED", `${operation} "${path}": ${why}`, { cause: reason });
}

/** What every later use of a file throws once a write or a sync of it has failed. */
export function givenUp(path: string, first: MyriadError): MyriadError {
  return new MyriadError("STORE_FAILED", `"${path}" was given up after an earlier failure: ${first.message}`, {
    cause: first,
  });
}
