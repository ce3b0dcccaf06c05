import { afterEach, describe, expect, it } from "vitest";
import { MyriadError } from "../base/error.ts";
import { FRAME_BYTES_MAX } from "../base/limits.ts";
import { SERIES_START } from "../wire/frame.ts";
import { PROTOCOL_VERSION } from "./hello.ts";
import type { PeerAddress, PeerIdentity, PeerSink, PeerStream, Transport } from "./transport.ts";

const START = { received: SERIES_START, attempt: 0 };

/** A sink that keeps what comes and lets tests wait for it. */
class Inbox implements PeerSink {
  readonly frames: Uint8Array[] = [];
  ended: { reason: Error | null } | undefined;
  drains = 0;
  onRoom: () => void = () => {};
  #waiting: { done: () => boolean; resolve: () => void }[] = [];

  frame(bytes: Uint8Array): void {
    this.frames.push(bytes);
    this.#wake();
  }
  closed(reason: Error | null): void {
    this.ended = { reason };
    this.#wake();
  }
  drained(): void {
    this.drains++;
    this.onRoom();
    this.#wake();
  }
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ done, resolve }));
  }
  #wake(): void {
    for (const waiter of this.#waiting.filter((entry) => entry.done())) waiter.resolve();
    this.#waiting = this.#waiting.filter((entry) => !entry.done());
  }
}

const identity = (worker: number, changes: Partial<PeerIdentity> = {}): PeerIdentity => ({
  protocolVersion: PROTOCOL_VERSION,
  runId: "run-a",
  run: 7,
  epoch: 1,
  scenarioHash: "abc",
  worker,
  incarnation: `life-${worker}`,
  ...changes,
});

interface Pair {
  /** Listens, and sends its events to the other one. */
  source: Transport;
  reader: Transport;
  at: PeerAddress;
  sourceInbox: Inbox;
  /** The stream at the source, once the reader has connected. */
  accepted: PeerStream[];
  refuseWith(reason: MyriadError | undefined): void;
}

/** The behaviour that every transport has. `make` gives one that can reach the others made in the same test. */
export function transportSuite(name: string, makeNetwork: () => () => Transport): void {
  describe(`${name} transport`, () => {
    const opened: Transport[] = [];
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((transport) => transport.close()));
    });

    async function pair(
      changes: Partial<PeerIdentity> = {},
      onRoom: (stream: PeerStream) => void = () => {},
    ): Promise<Pair> {
      const make = makeNetwork();
      const [source, reader] = [make(), make()];
      opened.push(source, reader);
      source.identity = identity(0);
      reader.identity = identity(1, changes);
      const sourceInbox = new Inbox();
      const accepted: PeerStream[] = [];
      let refusal: MyriadError | undefined;
      const address = await source.listen((stream) => {
        if (refusal !== undefined) throw refusal;
        accepted.push(stream);
        sourceInbox.onRoom = () => onRoom(stream);
        return sourceInbox;
      });
      const refuseWith = (reason: MyriadError | undefined): void => void (refusal = reason);
      return { source, reader, at: { worker: 0, address, incarnation: "life-0" }, sourceInbox, accepted, refuseWith };
    }

    it("carries frames in order, unchanged, from the worker that listens to the one that connects", async () => {
      const { reader, at, accepted } = await pair();
      const inbox = new Inbox();
      const stream = await reader.connect(at, inbox, START);
      expect([stream.peer, accepted[0]!.peer, accepted[0]!.incarnation]).toEqual([0, 1, "life-1"]);
      for (let i = 0; i < 100; i++) accepted[0]!.send(Uint8Array.of(i, 1, 2));
      await inbox.until(() => inbox.frames.length === 100);
      expect(inbox.frames.map((frame) => frame[0])).toEqual(Array.from({ length: 100 }, (_, i) => i));
      expect([...inbox.frames[99]!]).toEqual([99, 1, 2]);
    });

    it("carries answers the other way", async () => {
      const { reader, at, sourceInbox } = await pair();
      const stream = await reader.connect(at, new Inbox(), START);
      stream.send(Uint8Array.of(5));
      await sourceInbox.until(() => sourceInbox.frames.length === 1);
      expect([...sourceInbox.frames[0]!]).toEqual([5]);
    });

    it("says from where on frames are wanted, and when the accepted side may send", async () => {
      const { reader, at, accepted, sourceInbox } = await pair();
      const from = { received: { window: 17, frameSeq: 4 }, attempt: 3 };
      const stream = await reader.connect(at, new Inbox(), from);
      const { received, attempt } = accepted[0]!;
      expect({ received, attempt }).toEqual(from);
      expect([stream.received, stream.attempt]).toEqual([from.received, 3]);
      await sourceInbox.until(() => sourceInbox.drains === 1);
    });

    it("brings nothing to a side that has paused, says so to the sender, and brings all when it goes on", async () => {
      const { reader, at, accepted, sourceInbox } = await pair();
      const inbox = new Inbox();
      const stream = await reader.connect(at, inbox, START);
      const count = 100;
      const frame = new Uint8Array(512 * 1024);
      accepted[0]!.send(frame);
      await inbox.until(() => inbox.frames.length === 1);
      stream.pause();
      let taken = true;
      for (let i = 1; i < count; i++) taken = accepted[0]!.send(frame);
      expect(taken).toBe(false);
      const { drains } = sourceInbox;
      // What comes the other way is not held up.
      stream.send(Uint8Array.of(1));
      await sourceInbox.until(() => sourceInbox.frames.length === 1);
      expect([inbox.frames.length, sourceInbox.drains]).toEqual([1, drains]);
      stream.resume();
      await inbox.until(() => inbox.frames.length === count);
      await sourceInbox.until(() => sourceInbox.drains > drains);
    });

    it("brings a frame that is sent as soon as it may be", async () => {
      const { reader, at } = await pair({}, (stream) => stream.send(Uint8Array.of(7)));
      const inbox = new Inbox();
      await reader.connect(at, inbox, START);
      await inbox.until(() => inbox.frames.length === 1);
      expect([...inbox.frames[0]!]).toEqual([7]);
    });

    it.each([
      ["MISMATCH", /MISMATCH.*no place for you/],
      ["UNAVAILABLE", /UNAVAILABLE/],
    ] as const)("tells a peer that is sent away with %s", async (code, message) => {
      const { reader, at, refuseWith } = await pair();
      refuseWith(new MyriadError(code, "no place for you"));
      await expect(reader.connect(at, new Inbox(), START)).rejects.toThrow(message);
      refuseWith(undefined);
      await reader.connect(at, new Inbox(), START);
    });

    it("takes a frame of the greatest size and refuses one byte more", async () => {
      const { reader, at, accepted } = await pair();
      const inbox = new Inbox();
      await reader.connect(at, inbox, START);
      const largest = new Uint8Array(FRAME_BYTES_MAX);
      largest[FRAME_BYTES_MAX - 1] = 9;
      accepted[0]!.send(largest);
      await inbox.until(() => inbox.frames.length === 1);
      expect(inbox.frames[0]!.length).toBe(FRAME_BYTES_MAX);
      expect(inbox.frames[0]![FRAME_BYTES_MAX - 1]).toBe(9);
      expect(() => accepted[0]!.send(new Uint8Array(FRAME_BYTES_MAX + 1))).toThrow(/LIMIT.*4194305/);
    });

    it("says when the peer is slow, loses nothing, and says when there is room again", async () => {
      const { reader, at, accepted, sourceInbox } = await pair();
      const inbox = new Inbox();
      await reader.connect(at, inbox, START);
      await sourceInbox.until(() => sourceInbox.drains > 0);
      const drainsBefore = sourceInbox.drains;
      let sent = 0;
      while (accepted[0]!.send(new Uint8Array(65536)) && sent < 10_000) sent++;
      expect(sent).toBeLessThan(10_000);
      await sourceInbox.until(() => sourceInbox.drains > drainsBefore);
      await inbox.until(() => inbox.frames.length === sent + 1);
    });

    const differences: [string, Partial<PeerIdentity>, RegExp][] = [
      [
        "protocol version",
        { protocolVersion: 99 },
        new RegExp(`MISMATCH.*protocol version.*99.*has ${PROTOCOL_VERSION}$`),
      ],
      ["run id", { runId: "run-b" }, /MISMATCH.*run id.*run-b.*run-a/],
      ["scenario hash", { scenarioHash: "abd" }, /MISMATCH.*scenario hash.*abd.*abc/],
      ["epoch", { epoch: 2 }, /UNAVAILABLE.*epoch.*has 2.*has 1/],
      ["run number", { run: 8 }, /MISMATCH.*run number.*has 8.*has 7/],
    ];
    it.each(differences)("refuses a peer of another %s, naming both", async (_field, changes, message) => {
      const { reader, at, accepted } = await pair(changes);
      const inbox = new Inbox();
      await expect(reader.connect(at, inbox, START)).rejects.toThrow(message);
      expect(accepted).toEqual([]);
      expect(inbox.ended).toBeUndefined();
    });

    it("refuses peers until it has been given a run", async () => {
      const { source, reader, at } = await pair();
      source.identity = undefined;
      await expect(reader.connect(at, new Inbox(), START)).rejects.toThrow(/MISMATCH.*not been given a run/);
    });

    it("finds out that another process answers at the address", async () => {
      const { reader, at } = await pair();
      await expect(reader.connect({ ...at, incarnation: "older" }, new Inbox(), START)).rejects.toThrow(
        /MISMATCH.*incarnation.*older.*life-0/,
      );
    });

    it("cannot reach an address where nobody listens", async () => {
      const { source, reader, at } = await pair();
      await source.close();
      await expect(reader.connect(at, new Inbox(), START)).rejects.toThrow(/UNAVAILABLE.*worker 0/);
    });

    it.each(["source", "reader"] as const)("tells both sides, once, when the %s closes", async (side) => {
      const { reader, at, accepted, sourceInbox } = await pair();
      const inbox = new Inbox();
      const stream = await reader.connect(at, inbox, START);
      (side === "source" ? accepted[0]! : stream).close();
      await Promise.all([inbox, sourceInbox].map((box) => box.until(() => box.ended !== undefined)));
      expect(() => (side === "source" ? accepted[0]! : stream).send(Uint8Array.of(1))).toThrow(/UNAVAILABLE/);
    });
  });
}
