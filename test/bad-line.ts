import { createServer, connect as dial, type Server, type Socket } from "node:net";

/** Towards the server that the proxy stands before, or back from it. */
type Direction = "up" | "down";

export interface LineOptions {
  /** Uniform in [0, 1). */
  readonly chance: () => number;
  /** Bytes between two cuts, on average; 0: none. Cuts fall at any byte, also within a frame or a greeting. */
  readonly bytesPerCut?: number;
  /** No more cuts than this. */
  readonly cutsMax?: number;
  /** Longest time that a piece is held up. */
  readonly delayMsMax?: number;
}

/** One connection of a client, and the one to the server. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Directions in which bytes vanish. */
  readonly silent: Set<Direction>;
  /** Bytes to the next cut. */
  untilCut: number;
}

/** A TCP proxy on the loopback that treats connections badly: under a seed, as far as bytes come in the same pieces. */
export class BadLine {
  cuts = 0;
  flipped = 0;
  /** Told each connection that a client opens. */
  onClient: () => void = () => {};
  readonly #options: LineOptions;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** Directions in which nothing is read. */
  readonly #held = new Set<Direction>();
  #target: Promise<number>;
  #setTarget!: (port: number) => void;
  /** One bit is to be flipped so many bytes on. */
  #flip: { bytes: number; readonly direction: Direction; readonly flipped: () => void } | undefined;

  constructor(options: LineOptions) {
    this.#options = options;
    this.#target = new Promise((resolve) => (this.#setTarget = resolve));
    this.#server = createServer({ allowHalfOpen: true }, (client) => void this.#open(client));
  }

  /** Resolves to the port. */
  listen(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => resolve(this.port));
    });
  }

  /** Whom it stands before; clients that came earlier have waited. */
  forwardTo(port: number): void {
    this.#setTarget(port);
  }

  /** From now on all that comes on the connections of this moment vanishes in one direction; new ones are well. */
  goSilent(direction: Direction): void {
    for (const { silent } of this.#pairs) silent.add(direction);
  }

  /** From now on nothing is read in one direction: who sends finds the line full, and nothing is lost. */
  hold(direction: Direction): void {
    this.#held.add(direction);
    for (const pair of this.#pairs) sourceOf(pair, direction).pause();
  }

  /** Reads on. */
  release(direction: Direction): void {
    this.#held.delete(direction);
    for (const pair of this.#pairs) sourceOf(pair, direction).resume();
  }

  /** Flips one bit when so many more bytes have come in the direction; resolves then. */
  flipAfter(bytes: number, direction: Direction): Promise<void> {
    return new Promise((flipped) => (this.#flip = { bytes, direction, flipped }));
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) this.#end(pair);
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #open(client: Socket): Promise<void> {
    client.on("error", () => {});
    this.onClient();
    const server = dial(await this.#target, "127.0.0.1");
    const pair: Pair = { client, server, silent: new Set(), untilCut: this.#cutAfter() };
    this.#pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => this.#end(pair));
      socket.on("close", () => this.#end(pair));
    }
    this.#pump(pair, "up");
    this.#pump(pair, "down");
  }

  #pump(pair: Pair, direction: Direction): void {
    const [from, to] = direction === "up" ? [pair.client, pair.server] : [pair.server, pair.client];
    const { chance, delayMsMax = 0 } = this.#options;
    let last = Promise.resolve();
    from.on("data", (piece) => {
      last = last.then(async () => {
        if (delayMsMax > 0) await new Promise((resolve) => setTimeout(resolve, chance() * delayMsMax));
        this.#pass(pair, direction, piece, to);
      });
    });
    if (this.#held.has(direction)) from.pause();
    from.on("end", () => void last.then(() => to.end()));
  }

  #pass(pair: Pair, direction: Direction, piece: Buffer, to: Socket): void {
    if (!this.#pairs.has(pair) || pair.silent.has(direction)) return;
    this.#flipIn(direction, piece);
    const { cutsMax = Number.POSITIVE_INFINITY } = this.#options;
    if (piece.length < pair.untilCut || this.cuts >= cutsMax) {
      pair.untilCut -= piece.length;
      to.write(piece);
      return;
    }
    this.cuts++;
    // What came before the cut still goes out; then both sides learn of it by a reset.
    to.write(piece.subarray(0, pair.untilCut), () => this.#end(pair));
  }

  #flipIn(direction: Direction, piece: Buffer): void {
    const flip = this.#flip;
    if (flip === undefined || direction !== flip.direction) return;
    flip.bytes -= piece.length;
    if (flip.bytes >= 0) return;
    piece[piece.length + flip.bytes]! ^= 1 << Math.floor(this.#options.chance() * 8);
    this.flipped++;
    this.#flip = undefined;
    flip.flipped();
  }

  #cutAfter(): number {
    const { bytesPerCut = 0, chance } = this.#options;
    return bytesPerCut === 0 ? Number.POSITIVE_INFINITY : Math.ceil(chance() * 2 * bytesPerCut);
  }

  #end(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    pair.client.resetAndDestroy();
    pair.server.resetAndDestroy();
  }
}

const sourceOf = ({ client, server }: Pair, direction: Direction): Socket => (direction === "up" ? client : server);
