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

/**
 * The commands that one worker has received. Its closings carry the highest number; what all have received by a barrier
 * takes effect there (protocol 11). A worker that is built anew and catches up repeats what took effect at which
 * barrier: until the last window that others have closed with its predecessor, it says what that one said.
 */
export class CommandQueue {
  readonly #commands: Command[] = [];
  readonly #history: readonly AppliedCommand[];
  readonly #through: number;
  readonly #base: number;
  #applied: number;
  #lifted = 0;

  /**
   * `applied`: commands up to this number took effect before the loop begins. `history`: what took effect since, at the
   * others, ascending. `through`: the last window that the others have closed with a predecessor.
   */
  constructor(applied = 0, history: readonly AppliedCommand[] = [], through = Number.NEGATIVE_INFINITY) {
    this.#history = history;
    this.#through = through;
    this.#base = applied;
    this.#applied = applied;
    for (const { command } of history) this.accept(command);
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

  /** What the closing of a window says: the highest number, or while catching up, that of the predecessor. */
  numberFor(window: number): number {
    if (window > this.#through) return this.highest;
    let number = this.#base;
    for (const { command, window: at } of this.#history) if (at <= window) number = Math.max(number, command.number);
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
