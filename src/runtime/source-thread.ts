import { type ResourceLimits, Worker } from "node:worker_threads";

/** Loads TypeScript, then the entry: for running from sources, where no loader reaches into threads. */
const FROM_SOURCES = `
  const { workerData } = require("node:worker_threads");
  import(workerData.loader).then(({ register }) => {
    register({ tsconfig: false });
    return import(workerData.entry);
  });
`;

/** Starts a thread with the module of this folder that is called `name`, without its ending. */
export function startThread(name: string, resourceLimits: ResourceLimits = {}): Worker {
  const fromSources = import.meta.url.endsWith(".ts");
  const entry = new URL(`./${name}.${fromSources ? "ts" : "js"}`, import.meta.url);
  const options = { execArgv: [], resourceLimits };
  if (!fromSources) return new Worker(entry, options);
  const workerData = { entry: entry.href, loader: import.meta.resolve("tsx/esm/api") };
  return new Worker(FROM_SOURCES, { ...options, eval: true, workerData });
}
