import type { Clock } from "../base/clock.ts";
import type { WorkerLoop } from "../cluster/worker-loop.ts";
import { type LinkNews, PeerLinks } from "../net/peer-links.ts";
import type { Transport } from "../net/transport.ts";
import type { Log } from "./log.ts";
import type { PeerOptions } from "./peer-options.ts";

export interface PartPeersOptions {
  readonly transport: Transport;
  readonly peers: PeerOptions;
  readonly loop: WorkerLoop;
  /** Frames are kept until a checkpoint covers them. */
  readonly retain: boolean;
  /** Of a part that is loaded from a checkpoint: the first window that it runs. */
  readonly firstWindow: number | undefined;
  readonly onLinked: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** A part's links to its peers, which feed its loop. */
export function peersOfPart(options: PartPeersOptions): PeerLinks {
  const { transport, peers, loop, retain, firstWindow, onLinked, clock, log } = options;
  const { silenceMsMax, peerWaitMs, logs } = peers;
  return new PeerLinks({
    transport,
    clock,
    chance: Math.random,
    silenceMsMax,
    peerWaitMs,
    logs,
    retain,
    ...(firstWindow === undefined ? {} : { firstWindow }),
    frame: (peer, bytes) => loop.receive(peer, bytes),
    onOutlet: (outlet) => loop.setSender(outlet),
    onLinked,
    onLost: (peer, reason) => loop.peerLost(peer, reason),
    onNews: (news) => tell(news, log),
  });
}

function tell(news: LinkNews, log: Log): void {
  const { peer } = news;
  if (news.kind === "restored") log.info("stream of a peer stands again", { peer, reconnects: news.reconnects });
  else if (news.kind === "silent") log.warn("a peer acknowledges nothing", { peer });
  // A side that ends its stream does so when the run is over; if it is not, it will be said soon.
  else if (news.reason === null) log.debug("stream of a peer was ended", { peer });
  else log.warn("stream of a peer broke", { peer, reason: news.reason.message });
}

/** At the end: what did not fit into memory. */
export function tellSpilled(links: PeerLinks, loop: WorkerLoop, log: Log): void {
  const logs = links.peaks;
  const staged = loop.staged.peaks;
  if (logs.diskBytes + staged.diskBytes === 0) return;
  log.info("frames waited on disk", {
    logMemoryBytes: logs.memoryBytes,
    logDiskBytes: logs.diskBytes,
    stagedMemoryBytes: staged.memoryBytes,
    stagedDiskBytes: staged.diskBytes,
  });
}
