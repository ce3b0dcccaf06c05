import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CheckpointManifest } from "./checkpoint-manifest.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { FileCheckpoints } from "./file-checkpoints.ts";
import type { PartInfo } from "./part-writer.ts";
import { SimDisk } from "./sim-disk.ts";

const FOLDER = "run/checkpoints";
const store = (disk: SimDisk, writer = "m1", runId = "r1"): FileCheckpoints =>
  new FileCheckpoints({ disk, folder: FOLDER, runId, writer });
const manifestOf = (id: number, parts: PartInfo[], base: number | null = null): CheckpointManifest => ({
  format: 1,
  runId: "r1",
  seed: 7,
  scenarioHash: "5eed",
  nodeMajor: 20,
  arch: "x64",
  id,
  window: id * 10,
  epoch: 1,
  workers: parts.map(({ worker }) => worker),
  placement: 0,
  base,
  parts,
  time: "2026-01-01T00:00:00.000Z",
});
const sectionsOf = (id: number, worker: number): Uint8Array[] =>
  [0, 1, 300].map((length) => new Uint8Array(length).fill(id * 16 + worker));

/** Two workers write their parts, and the master commits. */
async function take(disk: SimDisk, id: number, base?: number): Promise<void> {
  const parts: PartInfo[] = [];
  for (const worker of [0, 1]) {
    const draft = await store(disk, `w${worker}`).begin(id, base === undefined ? {} : { base });
    const part = await draft.part(worker);
    for (const section of sectionsOf(id, worker)) await part.write(section);
    parts.push(await part.close());
  }
  await store(disk).commit(manifestOf(id, parts, base ?? null));
}

async function read(checkpoints: CheckpointStore, manifest: CheckpointManifest, worker: number): Promise<Uint8Array[]> {
  const sections: Uint8Array[] = [];
  for await (const section of checkpoints.readPart(manifest, worker)) sections.push(section);
  return sections;
}

interface Found {
  readonly id: number | undefined;
  readonly bad: string[];
}

/** The newest checkpoint, which must be whole, and what was found bad on the way. */
async function newest(disk: SimDisk): Promise<Found> {
  const bad: string[] = [];
  const checkpoints = store(disk);
  const manifest = await checkpoints.newest((file, reason) => bad.push(`${file} ${reason.code}`));
  if (manifest === undefined) return { id: undefined, bad };
  for (const worker of [0, 1])
    expect(await read(checkpoints, manifest, worker)).toEqual(sectionsOf(manifest.id, worker));
  return { id: manifest.id, bad };
}

const names = async (disk: SimDisk): Promise<string[]> => (await disk.list(FOLDER)).map(({ name }) => name);

describe("checkpoints in files", () => {
  test("there is one once it is committed, and its parts are read back", async () => {
    const disk = new SimDisk(1);
    expect(await newest(disk)).toEqual({ id: undefined, bad: [] });
    await take(disk, 1);
    expect(await newest(disk)).toEqual({ id: 1, bad: [] });
    const part = await (await store(disk, "w0").begin(2)).part(0);
    await part.write(new Uint8Array(10));
    await part.close();
    expect(await newest(disk)).toEqual({ id: 1, bad: [] });
    const manifest = await store(disk).manifest(1);
    expect(manifest.window).toBe(10);
    expect(() => store(disk).readPart(manifest, 2)).toThrow("INVALID_ARGUMENT: checkpoint 1 has no part of worker 2");
  });

  test("a part is not written to by two at once, takes no section that is too large, and can be given up", async () => {
    const disk = new SimDisk(1);
    const draft = await store(disk).begin(1);
    const part = await draft.part(0);
    const first = part.write(new Uint8Array(400_000));
    await expect(part.write(new Uint8Array(1))).rejects.toThrow(/written to by two at once/);
    await first;
    const limit = 64 * 1024 * 1024;
    await expect(part.write(new Uint8Array(limit + 1))).rejects.toThrow(`LIMIT: a section has ${limit} bytes at most`);
    const late = await (await store(disk).begin(1)).part(0).catch((reason: Error) => reason.message);
    expect(late).toMatch(/STORE_FAILED: create .*1-0-m1-0.part": it exists already/);
    await part.discard();
    expect(await names(disk)).toEqual([]);
  });

  test("a process that was declared dead writes into no file but its own", async () => {
    const disk = new SimDisk(1);
    const sleeper = await (await store(disk, "w0").begin(1)).part(0);
    const parts: PartInfo[] = [];
    for (const worker of [0, 1]) {
      const part = await (await store(disk, "x9").begin(1)).part(worker);
      for (const section of sectionsOf(1, worker)) await part.write(section);
      parts.push(await part.close());
    }
    await store(disk).commit(manifestOf(1, parts));
    await sleeper.write(new Uint8Array(1_000));
    await sleeper.close();
    expect(await newest(disk)).toEqual({ id: 1, bad: [] });
    await store(disk).prune();
    expect(await names(disk)).toEqual(["1-0-x9-0.part", "1-1-x9-0.part", "1.json"]);
  });

  test("another run or format is refused, not gone back behind", async () => {
    const disk = new SimDisk(1);
    await take(disk, 1);
    await expect(store(disk, "m1", "r2").newest(() => {})).rejects.toThrow(
      'MISMATCH: "run/checkpoints/1.json" is of run r1',
    );
    await store(disk).commit({ ...manifestOf(2, []), format: 9 });
    await expect(newest(disk)).rejects.toThrow('MISMATCH: "run/checkpoints/2.json" has format 9; this version reads 1');
    await expect(store(disk).commit({ ...manifestOf(3, []), runId: "r2" })).rejects.toThrow("MISMATCH");
    expect(() => store(disk, "../x")).toThrow('INVALID_ARGUMENT: writer "../x"');
    const outside = { worker: 0, file: "../../etc/passwd", bytes: 1, sections: 0, checksum: "00000000" };
    expect(() => store(disk).readPart(manifestOf(4, [outside]), 0)).toThrow(
      /CORRUPT: .*"..\/..\/etc\/passwd", which is no part/,
    );
  });

  test("a full disk fails the part, and leaves the checkpoint before it", async () => {
    const disk = new SimDisk(1);
    await take(disk, 1);
    for (let freeBytes = 0; freeBytes < 1_400; freeBytes += 50) {
      disk.freeBytes = freeBytes;
      await expect(take(disk, 2)).rejects.toThrow(/STORE_FAILED: write "run\/checkpoints\/2.*": the disk is full/);
      disk.freeBytes = Number.POSITIVE_INFINITY;
      expect(await newest(disk)).toEqual({ id: 1, bad: [] });
      for (const name of await names(disk)) if (name.startsWith("2")) await disk.remove(`${FOLDER}/${name}`);
    }
    disk.failingSyncs = 1;
    await expect(take(disk, 3)).rejects.toThrow(/STORE_FAILED: fsync .*EIO/);
    expect(await newest(disk)).toEqual({ id: 1, bad: [] });
  });
});

describe("damage to a checkpoint", () => {
  const two = async (): Promise<SimDisk> => {
    const disk = new SimDisk(1);
    await take(disk, 1);
    await take(disk, 2);
    return disk;
  };

  test("is found at every byte, flipped or cut off, the file is named, and the one before is used", async () => {
    const disk = await two();
    for (const file of (await names(disk)).filter((name) => name.startsWith("2"))) {
      const path = `${FOLDER}/${file}`;
      const good = disk.contents(path);
      for (let at = 0; at < good.length; at++) {
        const flipped = good.slice();
        flipped[at]! ^= 1 << (at % 8);
        for (const bad of [flipped, good.slice(0, at)]) {
          disk.place(path, bad);
          const found: string[] = [];
          const used = await store(disk).newest((name, reason) => found.push(`${name} ${reason.code}`));
          expect([used?.id, found]).toEqual([1, [`${file} CORRUPT`]]);
        }
      }
      disk.place(path, good);
      expect(await newest(disk)).toEqual({ id: 2, bad: [] });
    }
  });

  test("also when bytes were added, a part is missing, or stands in for another", async () => {
    const disk = await two();
    const [first, second] = ["2-0-w0-0.part", "2-1-w1-0.part"] as const;
    const good = disk.contents(`${FOLDER}/${first}`);
    disk.place(`${FOLDER}/${first}`, new Uint8Array([...good, 0]));
    expect(await newest(disk)).toEqual({ id: 1, bad: [`${first} CORRUPT`] });
    disk.place(`${FOLDER}/${first}`, disk.contents(`${FOLDER}/${second}`));
    expect(await newest(disk)).toEqual({ id: 1, bad: [`${first} CORRUPT`] });
    disk.place(`${FOLDER}/${first}`, disk.contents(`${FOLDER}/1-0-w0-0.part`));
    expect(await newest(disk)).toEqual({ id: 1, bad: [`${first} CORRUPT`] });
    await disk.remove(`${FOLDER}/${first}`);
    expect(await newest(disk)).toEqual({ id: 1, bad: [`${first} STORE_FAILED`] });
    disk.place(`${FOLDER}/${first}`, good);
    disk.place(`${FOLDER}/2.json`, disk.contents(`${FOLDER}/1.json`));
    expect(await newest(disk)).toEqual({ id: 1, bad: ["2.json CORRUPT"] });
  });

  test("to a base damages what is built on it", async () => {
    const disk = new SimDisk(1);
    await take(disk, 1);
    await take(disk, 2);
    await take(disk, 3, 2);
    await take(disk, 4, 3);
    expect((await newest(disk)).id).toBe(4);
    disk.place(`${FOLDER}/2-0-w0-0.part`, new Uint8Array(5));
    expect(await newest(disk)).toEqual({ id: 1, bad: ["2-0-w0-0.part CORRUPT"] });
  });
});

describe("pruning", () => {
  test("keeps the last two, what they are based on, and what may be under way", async () => {
    const disk = new SimDisk(1);
    await take(disk, 1);
    await take(disk, 2);
    await take(disk, 3, 2);
    await take(disk, 4, 3);
    await (await (await store(disk, "dead").begin(3)).part(0)).close();
    await (await (await store(disk, "w0").begin(5)).part(0)).close();
    disk.place(`${FOLDER}/4.json.tmp`, new Uint8Array(3));
    await store(disk).prune();
    const parts = [2, 3, 4].flatMap((id) => [`${id}-0-w0-0.part`, `${id}-1-w1-0.part`, `${id}.json`]);
    expect(await names(disk)).toEqual([...parts, "5-0-w0-0.part"]);
    expect((await newest(disk)).id).toBe(4);
    await take(disk, 6);
    await take(disk, 7);
    await store(disk).prune();
    expect((await names(disk)).map((name) => name[0])).toEqual(["6", "6", "6", "7", "7", "7"]);
  });

  test("does not count one that is damaged", async () => {
    const disk = new SimDisk(1);
    for (const id of [1, 2, 3]) await take(disk, id);
    const damaged = disk.contents(`${FOLDER}/2-0-w0-0.part`);
    damaged[100]! ^= 1;
    disk.place(`${FOLDER}/2-0-w0-0.part`, damaged);
    disk.place(`${FOLDER}/3.json`, new Uint8Array(5));
    const checkpoints = store(disk);
    expect((await checkpoints.newest(() => {}))!.id).toBe(1);
    await checkpoints.prune();
    expect((await names(disk)).filter((name) => name.endsWith("json"))).toEqual(["1.json", "2.json", "3.json"]);
    await take(disk, 4);
    await checkpoints.prune();
    expect((await names(disk)).filter((name) => name.endsWith("json"))).toEqual([
      "1.json",
      "2.json",
      "3.json",
      "4.json",
    ]);
    await take(disk, 5);
    await checkpoints.prune();
    expect((await names(disk)).map((name) => name[0])).toEqual(["4", "4", "4", "5", "5", "5"]);
  });
});

const STEPS = ["full", "delta", "prune"] as const;

/** Takes checkpoints until the process dies; `certain` is the last that was committed. */
async function workUntilCrash(
  disk: SimDisk,
  work: readonly (typeof STEPS)[number][],
  state: { next: number; certain: number },
) {
  try {
    for (const step of work) {
      if (step === "prune") await store(disk).prune();
      else {
        const id = state.next++;
        await take(disk, id, step === "delta" && state.certain > 0 ? state.certain : undefined);
        state.certain = id;
      }
    }
    return true;
  } catch (reason) {
    if (!/the process has died/.test((reason as Error).message)) throw reason;
    return false;
  }
}

async function survives(
  work: readonly (typeof STEPS)[number][],
  crashes: readonly number[],
  seed: number,
): Promise<boolean> {
  const disk = new SimDisk(seed);
  const state = { next: 1, certain: 0 };
  let all = false;
  for (const crashAt of crashes) {
    disk.crashAt = crashAt;
    all = await workUntilCrash(disk, work, state);
    disk.crash();
    const { id = 0, bad } = await newest(disk);
    // One that was being committed may be there, but then as a whole.
    expect(bad).toEqual([]);
    expect(id === state.certain || id === state.next - 1).toBe(true);
    state.certain = id;
    // No manifest outlives its parts: neither a new one nor one that was being removed.
    const files = await names(disk);
    for (const name of files.filter((file) => /^\d+\.json$/.test(file))) {
      const { parts } = await store(disk).manifest(Number.parseInt(name, 10));
      expect(files).toEqual(expect.arrayContaining(parts.map(({ file }) => file)));
    }
  }
  return all;
}

describe("a crash", () => {
  test("at every operation of a few checkpoints leaves the last that was committed, and shows no other", async () => {
    const work = ["full", "delta", "full", "prune", "full", "prune"] as const;
    for (let crashAt = 0, all = false; !all; crashAt++) {
      for (let seed = 0; seed < 6; seed++) all = await survives(work, [crashAt], seed * 1_000 + crashAt);
    }
  });

  test("and another, anywhere, too", async () => {
    const steps = fc.array(fc.constantFrom(...STEPS), { maxLength: 12 });
    const crashes = fc.array(fc.nat({ max: 250 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(steps, crashes, fc.nat(), async (work, at, seed) => void (await survives(work, at, seed))),
      { numRuns: 300 },
    );
  });
});
