import { pathToFileURL } from "node:url";

/** The file URL of a stack frame's file: Node names ES modules by URL and CommonJS modules by path; loaders add queries. */
function frameUrl(site: NodeJS.CallSite): string | undefined {
  const name = site.getFileName();
  if (name === undefined || name === null) return undefined;
  if (name.startsWith("file:")) return name.replace(/[?#].*$/, "");
  return name.startsWith("/") ? pathToFileURL(name.replace(/\?.*$/, "")).href : undefined;
}

/**
 * The file URL of the first caller outside the modules `own` (their `import.meta.url`) and this one; undefined when no
 * frame has a file.
 */
export function callerFile(own: readonly string[]): string | undefined {
  const skipped = new Set([...own, import.meta.url].map((url) => url.replace(/[?#].*$/, "")));
  const before = Error.prepareStackTrace;
  const limit = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = 32;
    Error.prepareStackTrace = (_error, sites) => sites;
    const sites = new Error().stack as unknown as NodeJS.CallSite[];
    return sites.map(frameUrl).find((url) => url !== undefined && !skipped.has(url));
  } finally {
    Error.prepareStackTrace = before;
    Error.stackTraceLimit = limit;
  }
}
