import { Worker } from "node:worker_threads";

/** The file descriptor on which a spawned worker holds one end of a socket pair; its parent holds the other. */
const PARENT_FD = 3;

/**
 * Kills this process as soon as its parent is gone, whatever its own event loop is doing: a thread with an event loop
 * of its own watches the socket, whose other end the system closes when the parent dies, even by SIGKILL.
 * (A thread that blocks in `readSync` would do as well, but then `process.exit` waits for it for ever.)
 */
export function startOrphanGuard(): void {
  const code = `
    const { Socket } = require("node:net");
    const die = () => process.kill(process.pid, "SIGKILL");
    new Socket({ fd: ${PARENT_FD} }).on("end", die).on("error", die).resume();
  `;
  new Worker(code, { eval: true }).unref();
}
