/**
 * Profiles the process that loads it (`node --import`, or NODE_OPTIONS, which workers inherit) into the folder PROFILE_FOLDER, from
 * PROFILE_AFTER_MS after its first line, when modules are loaded and the first code is compiled, to its exit. `node --cpu-prof` does the same, but may not stand in NODE_OPTIONS.
 */
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  setTimeout(() => session.post("Profiler.start"), Number(process.env.PROFILE_AFTER_MS)).unref();
  process.once("exit", () => {
    session.post("Profiler.stop", (reason, stopped) => {
      // A process that has ended before its profile began has none.
      if (reason !== null) return;
      writeFileSync(join(process.env.PROFILE_FOLDER, `${process.pid}.cpuprofile`), JSON.stringify(stopped.profile));
    });
  });
}
