import { readFileSync } from "node:fs";

/** Versions that a run's bits may depend on. */
export interface Versions {
  myriad: string;
  node: string;
  arch: string;
}

/** Version of this package, as package.json has it. */
export const packageVersion = (): string => {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
};

export const versions = (): Versions => ({ myriad: packageVersion(), node: process.versions.node, arch: process.arch });
