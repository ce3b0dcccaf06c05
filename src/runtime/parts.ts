import { Deferred } from "../base/deferred.ts";
import { MyriadError } from "../base/error.ts";
import { type Account, type Command, type CommandKind, mergeAccounts } from "../cluster/commands.ts";
import type { Replaced } from "../wire/gen/myriad/v1/control.ts";
import { decodePlain, encodePlain } from "../wire/plain-codec.ts";
import type { Committed } from "./checkpoint-keeper.ts";
import { PartLink, type PartStage } from "./part-link.ts";
import { FIRST_EPOCH } from "./run-setup.ts";
import type { RunSource } from "./run-source.ts";
import type { ToWorker, WorkerLink } from "./worker-link.ts";

export interface PartsOptions {
  /** The highest epoch that was used before. Default: none was. */
  readonly epoch?: number | undefined;
  /** What a part is told at first, and where its share of the population comes from. */
  readonly source: Pick<RunSource, "setupOf" | "send" | "release">;
}

/**
 * The parts of the run and who hosts them: has them loaded, connected and started, all anew in a new epoch, or some in the
 * place of others that were lost. What fails on the way leaves parts that may be begun or replaced again.
 */
export class Parts {
  readonly links: PartLink[] = [];
  epoch: number;
  readonly #options: PartsOptions;
  /** All that were ever given, the n-th with the number n. */
  readonly #commands: Command[] = [];
  readonly #accounts = new Map<string, Deferred<Account>>();

  constructor(options: PartsOptions) {
    this.#options = options;
    this.epoch = options.epoch ?? FIRST_EPOCH - 1;
  }

  /** The part, if this process hosts it since that epoch. */
  of(part: number, host: WorkerLink, epoch: number): PartLink | undefined {
    const link = this.links[part];
    return link?.host === host && link.epoch === epoch ? link : undefined;
  }

  /** Parts that a process hosts. */
  hostedBy(host: WorkerLink): PartLink[] {
    return this.links.filter((link) => link.host === host);
  }

  /**
   * All parts begin anew in a new epoch. `from`: a checkpoint; undefined: the population. `through`: they tell when they
   * have come past this window again.
   */
  async begin(hosts: readonly WorkerLink[], from: Committed | undefined, through?: number): Promise<void> {
    this.epoch++;
    for (const [part, host] of hosts.entries()) this.#assign(part, host);
    // What was said before is void: it took effect, or it will not.
    const commands = this.#commands.length;
    await Promise.all(this.links.map((link) => this.#load(link, from, commands)));
    this.#options.source.release();
    this.#connect(this.links);
    await Promise.all(this.links.map((link) => link.connected));
    const account = through === undefined ? undefined : { applied: [], closed: [], through };
    for (const link of this.links) this.#start(link, account, commands);
    // That the run is to end was meant for the run, and not for an epoch of it.
    if (this.#commands.slice(0, commands).some(({ kind }) => kind === "stop")) this.command("stop");
  }

  /** Other processes take lost parts over, from where the run has kept all that came since; the other parts go on. */
  async replace(hostOf: ReadonlyMap<number, WorkerLink>, from: Committed | undefined): Promise<void> {
    this.epoch++;
    const lost = [...hostOf].map(([part, host]) => this.#assign(part, host));
    const others = this.links.filter((link) => !lost.includes(link));
    const commands = from?.commands ?? 0;
    await Promise.all(lost.map((link) => this.#load(link, from, commands)));
    this.#options.source.release();
    const accounts = lost.map((link) => Promise.all(others.map((other) => this.#introduce(link, other))));
    const merged = (await Promise.all(accounts)).map(mergeAccounts);
    // Begun anew meanwhile, perhaps on the same host, which would take what is said to the old one for its own.
    if (lost.some(({ stage }) => stage === "lost")) throw new MyriadError("STOPPED", "parts are begun anew");
    this.#connect(lost);
    await Promise.all(lost.map((link) => link.connected));
    for (const [i, link] of lost.entries()) this.#start(link, merged[i]!, commands);
  }

  /** Gives all parts a command, those that are not there yet when they start. Returns its number. */
  command(kind: CommandKind, checkpoint = 0): number {
    const command = { number: this.#commands.length + 1, kind, checkpoint };
    this.#commands.push(command);
    for (const link of this.links) if (STARTED.has(link.stage)) link.send({ $case: "command", value: command });
    return command.number;
  }

  /** A part says what it knows of a lost one. */
  takeReplaced(part: number, { workerId, account }: Replaced): void {
    this.#accounts.get(`${workerId} ${part}`)?.resolve(decodePlain(account) as Account);
  }

  tellAll(message: ToWorker): void {
    for (const link of this.links) if (link.stage !== "lost") link.send(message);
  }

  #assign(part: number, host: WorkerLink): PartLink {
    this.links[part]?.lose(new MyriadError("STOPPED", `worker ${part} is begun anew`));
    return (this.links[part] = new PartLink(part, host, this.epoch));
  }

  async #load(link: PartLink, from: Committed | undefined, commands: number): Promise<void> {
    const { source } = this.#options;
    link.send({ $case: "setup", value: source.setupOf(link.part, this.epoch, from, commands) });
    if (from === undefined) await source.send(link);
    await link.loaded;
  }

  #connect(links: readonly PartLink[]): void {
    const peers = this.links.map(peerOf);
    for (const link of links) {
      link.send({ $case: "connect", value: { peers: peers.filter(({ workerId }) => workerId !== link.part) } });
    }
  }

  /** Has a part take the new one for its peer. Resolves to what it knows of the one before. */
  #introduce(link: PartLink, other: PartLink): Promise<Account> {
    const known = new Deferred<Account>();
    known.promise.catch(() => {});
    this.#accounts.set(`${link.part} ${other.part}`, known);
    other.send({ $case: "replace", value: { peer: peerOf(link), epoch: this.epoch } });
    return known.promise;
  }

  /** `commands`: it needs no more of those up to this number. */
  #start(link: PartLink, account: Account | undefined, commands: number): void {
    link.stage = "running";
    for (const value of this.#commands.slice(commands)) link.send({ $case: "command", value });
    link.send({ $case: "start", value: { account: account === undefined ? NONE : encodePlain(account) } });
  }
}

const peerOf = ({ part, address, incarnation }: PartLink) => ({ workerId: part, address, incarnation });

const NONE = new Uint8Array(0);
const STARTED: ReadonlySet<PartStage> = new Set(["running", "finished"]);
