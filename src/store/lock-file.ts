import { randomBytes } from "node:crypto";
import { link, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MyriadError } from "../base/error.ts";
import type { DiskLock } from "./disk.ts";
import { isGone, type LockOwner, parseOwner, thisOwner } from "./lock-owner.ts";

/** Another may take and leave the lock while we look; so often in a row is no accident. */
const ATTEMPTS_MAX = 100;

/**
 * A lock as a file `PATH.N` that says who has it. It is linked into place, so it is never seen half written, and one of a process that has gone is never
 * removed to be made again (two who do that remove each other's): the next takes N + 1, and of those who see the same N only one succeeds.
 *
 * Limits: a file stays when its process is killed; whether that one is gone can only be told on the same machine and in the same container, so elsewhere
 * the lock is refused until the file is removed by hand. A machine that takes another's host name and has another boot id is taken for it, restarted.
 * The file system needs hard links. Nothing stops a process that ignores the lock.
 */
export async function takeLock(path: string): Promise<DiskLock> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  const here = await thisOwner();
  const mine = join(folder, `${prefix}${randomBytes(8).toString("hex")}.new`);
  await writeFile(mine, JSON.stringify(here), { flag: "wx", flush: true });
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const held = await numbersIn(folder, prefix);
      for (const number of held) {
        const { gone, who } = await ownerOf(join(folder, prefix + number), here);
        if (!gone) throw refusal(join(folder, prefix + number), who);
      }
      const taken = (held.at(-1) ?? 0) + 1;
      const file = join(folder, prefix + taken);
      if (!(await linked(mine, file))) continue;
      // Since we looked, another may have taken and cleaned up, and a number that was stale may be one in use. Of two who are here at the same time, the
      // later one sees the other.
      const others = (await numbersIn(folder, prefix)).filter((number) => number !== taken);
      const files = others.map((number) => join(folder, prefix + number));
      const owners = await Promise.all(files.map((other) => ownerOf(other, here)));
      if (owners.every(({ gone }) => gone)) {
        for (const other of files) await rm(other, { force: true });
        return { release: () => rm(file, { force: true }) };
      }
      await rm(file, { force: true });
    }
    throw new MyriadError("STORE_FAILED", `lock "${path}": others take it all the time`);
  } finally {
    await rm(mine, { force: true });
  }
}

/** The numbers of the lock's files, ascending. */
async function numbersIn(folder: string, prefix: string): Promise<number[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix));
  const numbers = names.map((name) => name.slice(prefix.length)).filter((rest) => /^[1-9]\d{0,14}$/.test(rest));
  return numbers.map(Number).sort((a, b) => a - b);
}

/** Who has a lock's file. One that is there no more counts as gone, one that cannot be read as alive. */
async function ownerOf(file: string, here: LockOwner): Promise<{ gone: boolean; who: string }> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (reason) {
    if ((reason as NodeJS.ErrnoException).code === "ENOENT") return { gone: true, who: "nobody" };
    throw reason;
  }
  const owner = parseOwner(text);
  if (owner === undefined) return { gone: false, who: "an unknown process" };
  return { gone: await isGone(owner, here), who: `process ${owner.pid} of ${owner.host}` };
}

const refusal = (file: string, who: string): MyriadError =>
  new MyriadError("STORE_FAILED", `"${file}" is held by ${who}; if that is certainly gone, remove the file`);

/** False when there is one already. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (reason) {
    if ((reason as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw reason;
  }
}
