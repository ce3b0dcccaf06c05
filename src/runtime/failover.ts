import type { Clock } from "../base/clock.ts";
import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import { chooseHosts } from "../cluster/take-over.ts";
import type { CheckpointKeeper } from "./checkpoint-keeper.ts";
import type { Recovery } from "./config-limits.ts";
import type { Log } from "./log.ts";
import type { Parts } from "./parts.ts";
import type { RecoveryReport } from "./run.ts";
import type { WorkerLink } from "./worker-link.ts";

export interface FailoverOptions {
  readonly parts: Parts;
  readonly keeper: CheckpointKeeper;
  /** Processes that are attached, dead ones left out. */
  readonly hosts: () => readonly WorkerLink[];
  readonly agentsOf: (part: number) => number;
  /** The last window that any part was seen in. */
  readonly furthest: () => number;
  readonly recovery: Recovery;
  /** How long it waits for a worker when nobody has room. */
  readonly waitMs: number;
  /** Parts begin anew; what they have told in pieces is void. */
  readonly onBegin: (parts: readonly number[]) => void;
  /** What cannot be recovered from. */
  readonly onFailed: (reason: MyriadError) => void;
  readonly clock: Clock;
  readonly log: Log;
}

interface Loss {
  readonly why: string;
  /** Clock time of the last sign of life. */
  readonly lastMs: number;
  readonly sinceMs: number;
}

interface CatchingUp {
  readonly waiting: Set<number>;
  replayed: number;
  readonly done: () => void;
}

/** Brings parts back whose processes are gone. What is lost meanwhile is taken along: every attempt begins with all of it. */
export class Failover {
  readonly reports: RecoveryReport[] = [];
  readonly #options: FailoverOptions;
  readonly #lost = new Map<number, Loss>();
  /** Parts that are on their way back, by the loss that they came after, and what has come of it. */
  readonly #catchingUp = new Set<CatchingUp>();
  #newest: CatchingUp | undefined;
  #disturbed: Deferred<never> | undefined;
  #newcomer: Deferred | undefined;
  #running = false;
  #closed = false;

  constructor(options: FailoverOptions) {
    this.#options = options;
  }

  /** A process is gone, and its parts with it. */
  lose(host: WorkerLink, why: string): void {
    const { parts, clock, log } = this.#options;
    const gone = parts.hostedBy(host);
    const sinceMs = clock.now();
    for (const link of gone) {
      this.#lost.set(link.part, { why, lastMs: host.health.lastMs, sinceMs });
      link.lose(new MyriadError("UNAVAILABLE", `${link.title} is lost: ${why}`));
    }
    log.warn("worker lost", { worker: host.name, parts: gone.map(({ part }) => part).join(" "), reason: why });
    if (gone.length === 0) return;
    this.#disturbed?.reject(new MyriadError("UNAVAILABLE", "another worker was lost"));
    if (!this.#running) void this.#recover();
  }

  /** A process has come that could take parts over. */
  joined(): void {
    this.#newcomer?.resolve();
  }

  /** A part has come past what it had told the others before it was lost. */
  caughtUp(part: number, replayed: number): void {
    let counted = false;
    // The newest first: what a part that was lost twice computes again is counted once.
    for (const group of [...this.#catchingUp].reverse()) {
      if (!group.waiting.delete(part)) continue;
      if (!counted) group.replayed += replayed;
      counted = true;
      if (group.waiting.size > 0) continue;
      this.#catchingUp.delete(group);
      group.done();
    }
  }

  close(): void {
    this.#closed = true;
    this.#disturbed?.reject(new MyriadError("STOPPED", "the run is over"));
    this.#newcomer?.resolve();
  }

  async #recover(): Promise<void> {
    this.#running = true;
    try {
      while (this.#lost.size > 0 && !this.#closed) {
        const disturbed = new Deferred<never>();
        this.#disturbed = disturbed;
        this.#newest = undefined;
        disturbed.promise.catch(() => {});
        const lost = new Map(this.#lost);
        try {
          await Promise.race([this.#attempt(lost, disturbed), disturbed.promise]);
          for (const [part, loss] of lost) if (this.#lost.get(part) === loss) this.#lost.delete(part);
        } catch (reason) {
          if (!disturbed.settled) throw reason;
          // The next attempt takes all of it along, and tells of it.
          if (this.#newest !== undefined) this.#catchingUp.delete(this.#newest);
        }
      }
    } catch (reason) {
      if (!this.#closed) this.#options.onFailed(MyriadError.from(reason, "UNAVAILABLE"));
    } finally {
      this.#running = false;
    }
  }

  /** Nothing is done any more once it is `disturbed`: the next attempt is under way. */
  async #attempt(lost: ReadonlyMap<number, Loss>, disturbed: Deferred<never>): Promise<void> {
    const { parts, keeper, recovery, clock, log, onBegin } = this.#options;
    // A checkpoint that all have reached the barrier of may still be completed, by those that come. One that is being
    // committed is waited for, lest it release frames that are needed by who begins from the one before.
    await keeper.lose(lost.keys());
    const hostOf = await this.#hostsFor([...lost.keys()]);
    if (disturbed.settled) return;
    const from = keeper.latest;
    const all = recovery === "rollback";
    const begun = all ? parts.links.map(({ part }) => part) : [...lost.keys()];
    onBegin(begun);
    const fromWindow = from?.window ?? null;
    const names = [...hostOf].map(([part, host]) => `${part} -> ${host.name}`).join(", ");
    log.info("recovering", {
      mode: recovery,
      parts: names,
      checkpoint: from?.checkpoint ?? 0,
      window: fromWindow ?? 0,
    });
    const first = [...lost.values()].reduce((a, b) => (a.sinceMs <= b.sinceMs ? a : b));
    const report = (replayedEvents: number): void => {
      const recoveredSeconds = (clock.now() - first.sinceMs) / 1000;
      this.reports.push({
        workers: [...lost.keys()],
        why: first.why,
        mode: recovery,
        fromWindow,
        detectedSeconds: Math.max(0, first.sinceMs - first.lastMs) / 1000,
        recoveredSeconds,
        replayedEvents,
      });
      log.info("recovered", { parts: [...lost.keys()].join(" "), seconds: recoveredSeconds, replayedEvents });
    };
    const group: CatchingUp = { waiting: new Set(begun), replayed: 0, done: () => report(group.replayed) };
    this.#catchingUp.add(group);
    this.#newest = group;
    if (!all) return parts.replace(hostOf, from);
    keeper.abandon("all parts begin anew");
    const hosts = parts.links.map((link) => hostOf.get(link.part) ?? link.host);
    await parts.begin(hosts, from, this.#options.furthest());
  }

  /** Who takes which part over. Where nobody can, waits for a worker to come. Throws CAPACITY when none does. */
  async #hostsFor(lost: readonly number[]): Promise<Map<number, WorkerLink>> {
    const { parts, hosts, agentsOf, waitMs, clock, log } = this.#options;
    const untilMs = clock.now() + waitMs;
    for (;;) {
      const able = hosts();
      try {
        const chosen = chooseHosts(
          lost.map((part) => ({ part, agents: agentsOf(part) })),
          able.map((host) => {
            const own = parts.hostedBy(host).filter(({ stage }) => stage !== "lost");
            const agents = own.reduce((sum, { part }) => sum + agentsOf(part), 0);
            const { agentsMax, capacity } = host.offer;
            return { id: host.id, parts: own.length, agents, agentsMax, capacity };
          }),
        );
        return new Map([...chosen].map(([part, id]) => [part, able.find((host) => host.id === id)!]));
      } catch (reason) {
        const leftMs = untilMs - clock.now();
        if (leftMs <= 0) throw reason;
        log.warn("waiting for a worker", { reason: (reason as Error).message, forMs: Math.round(leftMs) });
        await this.#newcomerWithin(leftMs);
        if (this.#closed) throw reason;
      }
    }
  }

  async #newcomerWithin(ms: number): Promise<void> {
    this.#newcomer = new Deferred();
    const cancel = this.#options.clock.setTimer(ms, () => this.#newcomer?.resolve());
    await this.#newcomer.promise;
    cancel();
  }
}
