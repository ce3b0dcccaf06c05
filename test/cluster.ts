import { connectionsTo } from "./connections.ts";
import type { Running, Workshop } from "./processes.ts";

/** A master and its workers, each a process with a configuration of its own. */
export interface Cluster {
  readonly master: Running;
  readonly port: number;
  /** host:port of the master. */
  readonly at: string;
  /** By worker id. */
  readonly workers: readonly Running[];
  /** Ports of their data services. */
  readonly ports: readonly number[];
}

export interface ClusterWish {
  readonly name: string;
  readonly scenario: string;
  readonly workers: number;
  /** Lines of the master's configuration. */
  readonly master?: string;
  /** Of each worker's. */
  readonly worker?: string;
}

/** Starts them one after the other, so that each worker has the id of its number. */
export async function startCluster(shop: Workshop, wish: ClusterWish): Promise<Cluster> {
  const { name, scenario, workers: count, master: ofMaster = "", worker: ofWorker = "" } = wish;
  const config = `address: 127.0.0.1\nlistenPort: 0\nscenario: ${scenario}\nexpectedWorkers: ${count}\n${ofMaster}`;
  const master = shop.start("master", "--json", "--config", shop.file(`${name}.yaml`, config));
  const [, port] = await master.says(/"port":(\d+)[^\n]*"listening"/);
  const workers: Running[] = [];
  const ports: number[] = [];
  for (let i = 0; i < count; i++) {
    const text = `masterAddress: 127.0.0.1\nmasterPort: ${port}\nname: w${i}\n${ofWorker}`;
    const worker = shop.start("worker", "--config", shop.file(`${name}-w${i}.yaml`, text));
    const [, own] = await worker.says(/"port":(\d+)[^\n]*"attached"/);
    workers.push(worker);
    ports.push(Number(own));
  }
  return { master, port: Number(port), at: `127.0.0.1:${port}`, workers, ports };
}

/** TCP connections that each worker has opened and that stand, by the system's own table: to the master, and to each other. */
export function connectionsOf({ port, workers, ports }: Cluster): { toMaster: number[]; toPeers: number[][] } {
  return {
    toMaster: workers.map(({ pid }) => connectionsTo(port, pid)),
    toPeers: workers.map(({ pid }) => ports.map((peer) => connectionsTo(peer, pid))),
  };
}
