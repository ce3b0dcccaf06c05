import { systemClock } from "../base/clock.ts";
import { MyriadError } from "../base/error.ts";
import { type Account, type Command, CommandQueue, mergeAccounts } from "../cluster/commands.ts";
import { type LoopEnd, WorkerLoop } from "../cluster/worker-loop.ts";
import type { EffectRunner } from "../engine/effects.ts";
import { Engine } from "../engine/engine.ts";
import type { Population } from "../model/population.ts";
import type { Program } from "../model/program.ts";
import { PROTOCOL_VERSION } from "../net/hello.ts";
import { type MemoryNetwork, MemoryTransport } from "../net/memory.ts";
import { PeerLinks } from "../net/peer-links.ts";
import type { SpillLimits } from "../store/spill-budget.ts";
import { loadPart } from "./load-part.ts";

export interface CrashClusterOptions {
  readonly program: Program;
  readonly population: Population;
  readonly placement: Uint16Array;
  readonly workers: number;
  readonly runner: (worker: number) => EffectRunner;
  readonly network: MemoryNetwork;
  readonly limits: SpillLimits;
}

/** What one checkpoint holds, once all workers have brought their parts. */
interface Saved {
  readonly command: number;
  readonly next: number;
  readonly common: Uint8Array;
  readonly sections: Uint8Array[][];
  readonly parts: Uint8Array[];
}

/** One life of one worker. */
interface Life {
  readonly engine: Engine;
  readonly loop: WorkerLoop;
  readonly links: PeerLinks;
  readonly transport: MemoryTransport;
  readonly commands: CommandQueue;
  readonly incarnation: string;
  readonly linked: Promise<void>;
  address: string;
}

const CHUNK_BYTES = 3_000;
const RUN = 7;
const RUN_ID = "crash";

/**
 * Workers in one process with real engines, loops and links over a network in memory: any of them can be lost at any
 * moment, and another comes in its place from the last checkpoint that was committed.
 */
export class CrashCluster {
  readonly #options: CrashClusterOptions;
  readonly lives: Life[] = [];
  readonly #ends: Promise<LoopEnd>[] = [];
  #epoch = 1;
  #commands: Command[] = [];
  /** Parts of checkpoints that are not whole yet, by number. */
  readonly #partial = new Map<
    number,
    (Partial<Saved> & { parts: Uint8Array[]; sections: Uint8Array[][] }) | undefined
  >();
  committed: Saved | undefined;

  constructor(options: CrashClusterOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { workers, population, placement } = this.#options;
    for (let self = 0; self < workers; self++) {
      const life = await this.#bear(self, new CommandQueue());
      this.lives[self] = life;
      loadPart(life.engine, population, placement, self);
    }
    await Promise.all(this.lives.map((life, self) => life.links.connect(this.#peersOf(self))));
    await Promise.all(this.lives.map((life) => life.linked));
    for (const [self, life] of this.lives.entries()) this.#run(self, life.loop.run());
  }

  /** Gives a command to all workers at once. */
  command(kind: Command["kind"]): void {
    const number = this.#commands.length + 1;
    const command = { number, kind, checkpoint: number };
    this.#commands.push(command);
    for (const life of this.lives) life.commands.accept(command);
  }

  /** Ends a worker as `kill -9` would. */
  kill(self: number): void {
    const life = this.lives[self]!;
    void life.transport.close();
    life.loop.fail(new MyriadError("STOPPED", "killed"));
    life.links.close();
  }

  /** Others come in the place of the killed ones, from the last checkpoint, or else from the beginning. */
  async recover(lost: readonly number[]): Promise<void> {
    const { population, placement } = this.#options;
    this.#epoch++;
    const survivors = [...this.lives.keys()].filter((self) => !lost.includes(self));
    const accounts = new Map<number, Account>();
    for (const self of lost)
      accounts.set(self, mergeAccounts(survivors.map((peer) => this.lives[peer]!.loop.account(self))));
    const saved = this.committed;
    for (const self of lost) {
      const commands = new CommandQueue(saved?.command);
      commands.inherit(accounts.get(self)!);
      for (const command of this.#commands) commands.accept(command);
      const life = await this.#bear(self, commands, saved?.next);
      this.lives[self] = life;
      if (saved === undefined) loadPart(life.engine, population, placement, self);
      else {
        life.engine.load(saved.common);
        for (const section of saved.sections.flat()) life.engine.adopt(section);
        life.engine.adopt(saved.parts[self]!);
        await life.engine.opened();
      }
    }
    for (const peer of survivors) {
      const { links, loop, transport } = this.lives[peer]!;
      transport.identity = { ...transport.identity!, epoch: this.#epoch };
      loop.epoch = this.#epoch;
      for (const self of lost) {
        const { address, incarnation } = this.lives[self]!;
        links.restart({ worker: self, address, incarnation });
        loop.discard(self);
      }
    }
    await Promise.all(lost.map((self) => this.lives[self]!.links.connect(this.#peersOf(self))));
    await Promise.all(lost.map((self) => this.lives[self]!.linked));
    for (const self of lost) this.#run(self, this.lives[self]!.loop.run(saved?.next));
  }

  /** What the loops of the workers' last lives come to. */
  async ends(): Promise<LoopEnd[]> {
    return Promise.all(this.#ends);
  }

  async close(): Promise<void> {
    for (const life of this.lives) {
      life.loop.fail(new MyriadError("STOPPED", "closed"));
      life.links.close();
      await life.transport.close();
    }
  }

  #run(self: number, end: Promise<LoopEnd>): void {
    end.catch(() => undefined);
    this.#ends[self] = end;
  }

  #peersOf(self: number) {
    return this.lives.flatMap(({ address, incarnation }, worker) =>
      worker === self ? [] : [{ worker, address, incarnation }],
    );
  }

  async #bear(self: number, commands: CommandQueue, firstWindow?: number): Promise<Life> {
    const { program, workers, network, limits, runner } = this.#options;
    const incarnation = `${self}-${this.#epoch}`;
    const transport = new MemoryTransport(network);
    const engine = new Engine({
      program,
      self,
      workers,
      runId: RUN_ID,
      runner: runner(self),
      flush: (peer, batch) => loop.flush(peer, batch),
    });
    const loop: WorkerLoop = new WorkerLoop({
      engine,
      self,
      workers,
      run: RUN,
      epoch: this.#epoch,
      codecs: program.codecs,
      clock: systemClock,
      staging: limits,
      commands,
      onCommand: (command, next) => this.#carryOut(self, life, command, next),
    });
    let onLinked!: () => void;
    const linked = new Promise<void>((resolve) => {
      onLinked = resolve;
    });
    const links = new PeerLinks({
      transport,
      clock: systemClock,
      chance: () => 0.5,
      silenceMsMax: 60_000,
      peerWaitMs: 60_000,
      logs: limits,
      retain: true,
      ...(firstWindow === undefined ? {} : { firstWindow }),
      frame: (peer, bytes) => loop.receive(peer, bytes),
      onOutlet: (outlet) => loop.setSender(outlet),
      onLinked,
      onLost: (peer, reason) => loop.peerLost(peer, reason),
      onNews: () => {},
    });
    transport.identity = {
      protocolVersion: PROTOCOL_VERSION,
      runId: RUN_ID,
      run: RUN,
      epoch: this.#epoch,
      scenarioHash: "",
      worker: self,
      incarnation,
    };
    const address = await transport.listen((stream) => links.accept(stream));
    const life: Life = { engine, loop, links, transport, commands, incarnation, linked, address };
    return life;
  }

  #carryOut(self: number, life: Life, { kind, number }: Command, next: number): undefined {
    if (kind !== "checkpoint" || this.lives[self] !== life) return;
    const { engine } = life;
    engine.takeSamples();
    engine.takeRecords();
    engine.takeBirths();
    if (!this.#partial.has(number)) this.#partial.set(number, { parts: [], sections: [] });
    const partial = this.#partial.get(number)!;
    const common = engine.saveCommon(next);
    if (partial.common !== undefined && Buffer.compare(partial.common, common) !== 0) {
      throw new MyriadError("PROTOCOL", `workers differ at checkpoint ${number}`);
    }
    Object.assign(partial, { command: number, next, common });
    partial.sections[self] = [...engine.saveAgents(next, { chunkBytes: CHUNK_BYTES })];
    partial.parts[self] = engine.savePart(next);
    if (Object.keys(partial.parts).length < this.#options.workers) return;
    if ((this.committed?.command ?? 0) >= number) return;
    this.committed = partial as Saved;
    for (const each of this.lives) each.links.release(next);
  }
}
