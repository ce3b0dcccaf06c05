import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { MyriadError } from "../src/base/error.ts";

/** A built copy of Myriad. */
export interface Built {
  readonly root: string;
  readonly revision: string;
  /** Removes what was made for it. */
  dispose(): void;
}

/**
 * `base` is a folder with a built Myriad, which is taken as it is; or a revision, which is built in a temporary working
 * tree beside `here`. Packages are those of `here` while the lock files agree, else installed. Throws INVALID_ARGUMENT.
 */
export function buildRevision(base: string, here: string): Built {
  if (existsSync(join(base, "bin/myriad.js"))) {
    if (!existsSync(join(base, "dist"))) {
      throw new MyriadError("INVALID_ARGUMENT", `--base ${base} is not built; run npm run build there`);
    }
    return { root: resolve(base), revision: base, dispose: () => {} };
  }
  const revision = resolveRevision(base, here);
  const folder = mkdtempSync(join(tmpdir(), "myriad-base-"));
  const root = join(folder, "tree");
  const dispose = (): void => {
    rmSync(folder, { recursive: true, force: true });
    git(here, "worktree", "prune");
  };
  try {
    git(here, "worktree", "add", "--detach", root, revision);
    install(root, here);
    run("npm", ["run", "--silent", "build"], root);
    return { root, revision, dispose };
  } catch (reason) {
    dispose();
    throw reason;
  }
}

function resolveRevision(base: string, here: string): string {
  try {
    return git(here, "rev-parse", "--verify", "--quiet", `${base}^{commit}`);
  } catch {
    throw new MyriadError("INVALID_ARGUMENT", `--base ${base} is neither a built folder nor a revision known to git`);
  }
}

function install(root: string, here: string): void {
  const lock = (folder: string): string => readFileSync(join(folder, "package-lock.json"), "utf8");
  const modules = join(here, "node_modules");
  if (lock(root) === lock(here) && existsSync(modules)) symlinkSync(realpathSync(modules), join(root, "node_modules"));
  else run("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], root);
}

const git = (here: string, ...args: string[]): string => run("git", ["-C", here, ...args], here).trim();

const run = (command: string, args: string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
