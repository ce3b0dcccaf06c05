/** At the end of each process that loads it (by NODE_OPTIONS, which workers inherit): its processor seconds into the folder CPU_FOLDER. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  process.once("exit", () => {
    const { user, system } = process.cpuUsage();
    writeFileSync(join(process.env.CPU_FOLDER, String(process.pid)), String((user + system) / 1e6));
  });
}
