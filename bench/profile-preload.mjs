/**
 * Profiles the process that loads it (`node --import`, or NODE_OPTIONS, which workers inherit) from its first line to its
 * exit, into the folder PROFILE_FOLDER. `node --cpu-prof` does the same, but may not stand in NODE_OPTIONS.
 */
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.start");
  process.once("exit", () => {
    session.post("Profiler.stop", (reason, stopped) => {
      if (reason !== null) throw reason;
      writeFileSync(join(process.env.PROFILE_FOLDER, `${process.pid}.cpuprofile`), JSON.stringify(stopped.profile));
    });
  });
}
