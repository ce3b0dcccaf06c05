import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MyriadError } from "../base/error.ts";
import { RECORD_BYTES_MAX, RECORD_HEAD_BYTES, saltOf } from "./record.ts";
import { RecordFile } from "./record-file.ts";
import { readRecords, type TornTail } from "./record-reader.ts";
import { SimDisk } from "./sim-disk.ts";

const PATH = "f/one.log";
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const begin = (disk: SimDisk, number = 0): RecordFile =>
  new RecordFile({ disk, path: PATH, identity: "one", header: text("header"), number });

/** Each batch in one sync; the first goes with the header. Returns the offsets at which batches end. */
async function write(disk: SimDisk, batches: readonly (readonly string[])[], number = 0): Promise<number[]> {
  const file = begin(disk, number);
  const ends: number[] = [];
  for (const batch of batches) {
    for (const record of batch) file.add(text(record));
    await file.sync();
    ends.push(disk.contents(PATH).length);
  }
  return ends;
}

interface Outcome {
  readonly records: string[];
  readonly torn: TornTail[];
  readonly error: string;
}

async function read(disk: SimDisk, identity = "one"): Promise<Outcome> {
  const torn: TornTail[] = [];
  const records: string[] = [];
  try {
    for await (const { contents } of readRecords(disk, PATH, saltOf(identity), (tail) => torn.push(tail))) {
      records.push(new TextDecoder().decode(contents));
    }
    return { records, torn, error: "" };
  } catch (reason) {
    expect(reason).toBeInstanceOf(MyriadError);
    return { records, torn, error: (reason as MyriadError).message };
  }
}

const batches = fc.array(fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 4,
});

describe("a file of records", () => {
  test("numbers them on from the first", async () => {
    const disk = new SimDisk(1);
    await write(disk, [["a", "b"], ["c"]], 40);
    const numbers: number[] = [];
    for await (const { number } of readRecords(disk, PATH, saltOf("one"))) numbers.push(number);
    expect(numbers).toEqual([40, 41, 42, 43]);
  });

  test("is torn when its last batch is damaged, and CORRUPT when one is that was on disk before another was written", async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.nat({ max: 1_000_000 }),
        fc.integer({ min: 1, max: 255 }),
        async (all, where, flip) => {
          const disk = new SimDisk(1);
          const ends = await write(disk, all);
          const bytes = disk.contents(PATH);
          const at = where % bytes.length;
          bytes[at]! ^= flip;
          disk.place(PATH, bytes);
          const { records, torn, error } = await read(disk);
          const written = ["header", ...all.flat()];
          expect(records).toEqual(written.slice(0, records.length));
          // The seal of the first batch is all that stands behind its records.
          const sealed = at >= ends[0]! - RECORD_HEAD_BYTES && at < ends[0]! ? 0 : at;
          if (sealed < (ends.at(-2) ?? ends[0]!))
            expect(error).toMatch(/^CORRUPT: "f\/one.log": the record at byte \d+ is damaged/);
          else expect([torn.length, error]).toEqual([1, ""]);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("cut off anywhere in its first batch is CORRUPT, behind it torn", async () => {
    const disk = new SimDisk(1);
    const ends = await write(disk, [["a", "bb"], ["c"], ["dd", "e"]]);
    const good = disk.contents(PATH);
    for (let length = 0; length < good.length; length++) {
      disk.place(PATH, good.slice(0, length));
      const { records, torn, error } = await read(disk);
      if (length < ends[0]!) expect(error).toMatch(/^CORRUPT/);
      else expect([error, torn.length]).toEqual(["", ends.includes(length) || length === good.length - 28 ? 0 : 1]);
      expect(["header", "a", "bb", "c", "dd", "e"].slice(0, records.length)).toEqual(records);
    }
  });

  test("takes no records of another file for its own, nor bytes in a record that look like one", async () => {
    const disk = new SimDisk(1);
    await write(disk, [["a"], ["b"]]);
    expect(await read(disk, "two")).toMatchObject({ records: ["header"], error: expect.stringMatching(/^CORRUPT/) });
    const other = new SimDisk(1);
    const file = begin(other);
    await file.sync();
    const end = other.contents(PATH).length;
    // A record, settled later, of a file that is named otherwise.
    const foreign = new RecordFile({ disk, path: "f/x.log", identity: "x", header: text("header"), number: 90 });
    await foreign.sync();
    file.add(text("torn"));
    file.add(disk.contents("f/x.log"));
    await file.sync();
    const bytes = other.contents(PATH);
    bytes[end + 5]! ^= 1;
    other.place(PATH, bytes);
    expect(await read(other)).toEqual({ records: ["header"], torn: [{ path: PATH, offset: end }], error: "" });
  });

  test("fails for good when its first batch cannot get its name", async () => {
    const disk = new SimDisk(1);
    const file = begin(disk);
    disk.readOnly = true;
    await expect(file.sync()).rejects.toThrow("STORE_FAILED: make the folder");
    disk.readOnly = false;
    file.add(text("a"));
    await expect(file.sync()).rejects.toThrow("STORE_FAILED: make the folder");
    await expect(file.close()).rejects.toThrow("STORE_FAILED");
    expect(await disk.list("f")).toEqual([]);
  });

  test("never takes the place of another", async () => {
    const disk = new SimDisk(1);
    await write(disk, [["a"]]);
    await expect(begin(disk).sync()).rejects.toThrow('STORE_FAILED: create "f/one.log": it exists already (EEXIST)');
    expect((await read(disk)).records).toEqual(["header", "a"]);
  });

  test("takes no record above the limit", () => {
    const file = begin(new SimDisk(1));
    const tooLarge = { length: RECORD_BYTES_MAX + 1 } as Uint8Array;
    expect(() => file.add(tooLarge)).toThrow(
      `LIMIT: a record has ${RECORD_BYTES_MAX} bytes at most, not ${RECORD_BYTES_MAX + 1}`,
    );
    file.add({ length: RECORD_BYTES_MAX } as Uint8Array);
  });
});
