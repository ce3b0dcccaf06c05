import { MyriadError } from "../base/error.ts";

/**
 * What a master can ask of a running simulation. Each takes effect at a barrier, alike on all workers:
 * - stop: the run ends there;
 * - checkpoint: the state there is saved;
 * - pause: nothing goes on until the command is lifted;
 * - halt: the state there is saved, and the loops end, to be built anew with other members or another placement.
 */
export type CommandKind = "stop" | "checkpoint" | "pause" | "halt";

export interface Command {
  /** 1, 2, 3 ... in the order of the master's log. */
  readonly number: number;
  readonly kind: CommandKind;
  /** Of checkpoint and halt: the number of the checkpoint to be made. */
  readonly checkpoint: number;
}

/** A command, and the window whose closing frames all carried it: it took effect at that barrier. */
export interface AppliedCommand {
  readonly command: Command;
  readonly window: number;
}

/** What a worker knows of the commands, and of what a lost peer has said of them. */
export interface Account {
  /** What took effect since its loop began, ascending. */
  readonly applied: readonly AppliedCommand[];
  /** Windows that the peer has closed and the worker has not come past, with the number in the peer's closing frame. */
  readonly closed: readonly { readonly window: number; readonly command: number }[];
  /** The last window that the peer has closed. */
  readonly through: number;
}

/** What all survivors know together: for the one that comes in the lost worker's place. */
export function mergeAccounts(accounts: readonly Account[]): Account {
  const applied = new Map<number, AppliedCommand>();
  const closed = new Map<number, number>();
  for (const account of accounts) {
    for (const each of account.applied) applied.set(each.command.number, each);
    for (const { window, command } of account.closed) closed.set(window, command);
  }
  return {
    applied: [...applied.values()].sort((a, b) => a.command.number - b.command.number),
    closed: [...closed].map(([window, command]) => ({ window, command })).sort((a, b) => a.window - b.window),
    through: Math.max(Number.NEGATIVE_INFINITY, ...accounts.map(({ through }) => through)),
  };
}

/**
 * The commands that one worker has received. Its closing frames carry the highest number; what all have received by a
 * barrier takes effect there (protocol 11). A worker that is loaded from a checkpoint and catches up says in each window
 * what its predecessor has said, as far as others have heard it; so it finds the same commands at the same barriers.
 */
export class CommandQueue {
  readonly #commands: Command[] = [];
  #before: Account | undefined;
  readonly #base: number;
  #applied: number;
  #lifted = 0;

  /** `applied`: commands up to this number took effect before the loop begins. */
  constructor(applied = 0) {
    this.#base = applied;
    this.#applied = applied;
  }

  /** Comes in the place of a lost worker: before the loop begins. */
  inherit(before: Account): void {
    this.#before = before;
    for (const { command } of before.applied) this.accept(command);
  }

  /** What was inherited has been gone through when this window is closed; -Infinity: nothing was. */
  get through(): number {
    return this.#before?.through ?? Number.NEGATIVE_INFINITY;
  }

  /** The highest number received. */
  get highest(): number {
    return this.#commands.at(-1)?.number ?? this.#applied;
  }

  /** Commands up to this number have taken effect. */
  get applied(): number {
    return this.#applied;
  }

  /** The number of the first command to stop; Infinity: none has come. */
  get stop(): number {
    return this.#commands.find(({ kind }) => kind === "stop")?.number ?? Number.POSITIVE_INFINITY;
  }

  /** Takes a command; one that has come before is passed over. Throws PROTOCOL when one before it is missing. */
  accept(command: Command): void {
    if (command.number <= this.highest) return;
    if (command.number !== this.highest + 1) {
      throw new MyriadError("PROTOCOL", `command ${command.number} came after command ${this.highest}`);
    }
    this.#commands.push(command);
  }

  /** What the closing frames of a window say. */
  numberFor(window: number): number {
    const before = this.#before;
    if (before === undefined || window > before.through) return this.highest;
    const said = before.closed.find((each) => each.window === window);
    if (said !== undefined) return said.command;
    let number = this.#base;
    for (const { command, window: at } of before.applied) if (at <= window) number = Math.max(number, command.number);
    return number;
  }

  /** Commands that take effect now that all have received those up to `agreed`; each is given once, in order. */
  take(agreed: number): Command[] {
    const due = this.#commands.filter(({ number }) => number > this.#applied && number <= agreed);
    this.#applied = Math.max(this.#applied, due.at(-1)?.number ?? 0);
    return due;
  }

  /** A pause up to this number is over, or will be when it begins. */
  lift(number: number): void {
    this.#lifted = Math.max(this.#lifted, number);
  }

  isLifted({ number }: Command): boolean {
    return number <= this.#lifted;
  }
}
