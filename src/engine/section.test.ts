import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MyriadError } from "../base/error.ts";
import { populate } from "../model/populate.ts";
import { compile } from "../model/program.ts";
import { dataFiles } from "../store/data-file.ts";
import { Lockstep } from "../testing/lockstep.ts";
import { RecordedEffects } from "../testing/recorded-effects.ts";
import { Engine } from "./engine.ts";
import { openSection, SECTION_VERSION } from "./section.ts";
import { stubs, thinkers } from "./thinkers.suite.ts";

const program = compile(thinkers, { seed: 3 });
const runner = (): RecordedEffects => new RecordedEffects(stubs);

/** Sections of each kind, of a run in its midst. */
async function sections(): Promise<Map<string, Uint8Array>> {
  const placement = new Uint16Array(12);
  const population = await populate(program, dataFiles);
  const lockstep = new Lockstep({ program, population, placement, workers: 1, runId: "test", runner });
  for (let i = 0; i < 6; i++) await lockstep.step();
  const saved = lockstep.save();
  return new Map([saved.common, ...saved.sections, ...saved.parts].map((bytes) => [openSection(bytes).kind, bytes]));
}

const codeOf = (work: () => void): string => {
  try {
    work();
    return "nothing";
  } catch (reason) {
    return reason instanceof MyriadError ? reason.code : String(reason);
  }
};

const all = await sections();
const kinds = [...all.keys()].sort();

/** What comes of loading, or adopting, bytes. */
function attempt(bytes: Uint8Array, kind: string): string {
  const engine = new Engine({ program, runId: "test", runner: runner() });
  if (kind === "common") return codeOf(() => engine.load(bytes));
  engine.load(all.get("common")!);
  return codeOf(() => engine.adopt(bytes));
}

describe("a section", () => {
  it("is one of these", () => {
    expect(kinds).toEqual(["activations", "agents", "common", "events", "part"]);
    for (const kind of kinds) expect(attempt(all.get(kind)!, kind)).toBe("nothing");
  });

  it.each(kinds)("of %s that is truncated anywhere is refused", (kind) => {
    const bytes = all.get(kind)!;
    for (let end = 0; end < bytes.length; end++) expect(attempt(bytes.slice(0, end), kind)).toBe("CORRUPT");
    expect(attempt(Uint8Array.from([...bytes, 0]), kind)).toBe("CORRUPT");
  });

  it.each(kinds)("of %s in which anything is flipped is refused", (kind) => {
    const bytes = all.get(kind)!;
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const odd = bytes.slice();
        odd[at]! ^= bits;
        // The version is looked at first: bytes of another one may be laid out in another way.
        expect(attempt(odd, kind)).toBe(at === 4 || at === 5 ? "MISMATCH" : "CORRUPT");
      }),
      { numRuns: 300 },
    );
  });

  it("of another version is refused, naming both", () => {
    const odd = all.get("agents")!.slice();
    odd[4] = SECTION_VERSION + 1;
    expect(() => openSection(odd)).toThrow(
      `MISMATCH: a section of a checkpoint has version ${SECTION_VERSION + 1}; this is ${SECTION_VERSION}`,
    );
  });

  it("of another kind is refused where only one kind has its place", () => {
    const engine = new Engine({ program, runId: "test", runner: runner() });
    expect(() => engine.load(all.get("agents")!)).toThrow("MISMATCH: a section (agents) is given as the common one");
    engine.load(all.get("common")!);
    expect(() => engine.adopt(all.get("common")!)).toThrow(/MISMATCH: the common section/);
  });

  it("may stand at any place in memory", () => {
    for (const kind of kinds) {
      const bytes = all.get(kind)!;
      for (const shift of [1, 4]) {
        const place = Buffer.alloc(bytes.length + 8);
        place.set(bytes, shift);
        expect(attempt(place.subarray(shift, shift + bytes.length), kind)).toBe("nothing");
      }
    }
  });
});
