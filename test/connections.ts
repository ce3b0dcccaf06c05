import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A TCP connection as the operating system lists it. */
interface TcpRow {
  readonly localPort: number;
  readonly remotePort: number;
  readonly established: boolean;
  readonly inode: string;
}

const ESTABLISHED = "01";

/** The rows of /proc/net/tcp and tcp6. */
function tcpTable(pid: number | "self"): TcpRow[] {
  return ["tcp", "tcp6"].flatMap((name) => {
    const lines = readFileSync(`/proc/${pid}/net/${name}`, "utf8").trim().split("\n").slice(1);
    return lines.map((line) => {
      const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
      const port = (address: string): number => Number.parseInt(address.slice(address.lastIndexOf(":") + 1), 16);
      return {
        localPort: port(local!),
        remotePort: port(remote!),
        established: state === ESTABLISHED,
        inode: inode!,
      };
    });
  });
}

/** Sockets that a process holds. */
function socketsOf(pid: number | "self"): Set<string> {
  const inodes = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const found = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`));
      if (found) inodes.add(found[1]!);
    } catch {
      // Closed since the folder was read.
    }
  }
  return inodes;
}

/** How many connections to a port a process has opened that stand, by the operating system's own table. Linux alone has it. */
export function connectionsTo(port: number, pid: number | "self" = "self"): number {
  const own = socketsOf(pid);
  return tcpTable(pid).filter((row) => row.established && row.remotePort === port && own.has(row.inode)).length;
}

export const HAS_TCP_TABLE = process.platform === "linux";
