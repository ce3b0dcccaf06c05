import { PlainReader } from "./plain-reader.ts";
import { PlainWriter } from "./plain-writer.ts";

const writer = new PlainWriter();

/**
 * Bytes of plain data, in MessagePack. Exact: what decodes is what was encoded, -0, NaN and the order of keys included;
 * undefined properties are left out. Expects what `snapshot` admits. Throws NOT_PLAIN_DATA for functions, class instances and the like.
 */
export const encodePlain = (value: unknown): Uint8Array => writer.encode(value);

/** The value back, sharing no memory with `bytes`. Throws CORRUPT when the bytes are not exactly one value. */
export const decodePlain = (bytes: Uint8Array): unknown => new PlainReader(bytes).decode();
