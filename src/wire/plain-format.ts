/** The layout of encoded plain data: MessagePack, with extension types for what MessagePack lacks. */
export const NIL = 0xc0;
export const FALSE = 0xc2;
export const TRUE = 0xc3;
export const BIN32 = 0xc6;
export const EXT32 = 0xc9;
export const FLOAT64 = 0xcb;
export const UINT8 = 0xcc;
export const UINT16 = 0xcd;
export const UINT32 = 0xce;
export const INT8 = 0xd0;
export const INT16 = 0xd1;
export const INT32 = 0xd2;
export const FIXEXT1 = 0xd4;
export const STR8 = 0xd9;
export const STR16 = 0xda;
export const STR32 = 0xdb;
export const ARRAY32 = 0xdd;
export const MAP32 = 0xdf;

/** fixext1 of this type, data 0: undefined. */
export const EXT_UNDEFINED = 0;
/** An array key, value, key, value, ... in an extension: a Map. MessagePack's own map is a record. */
export const EXT_MAP = 1;
/** An array in an extension: a Set. */
export const EXT_SET = 2;
/** Extension type of the first of TYPED_ARRAYS; the others follow. */
export const EXT_TYPED = 16;

/** Element bytes are little endian, as in memory. Append only: a place in the list is part of the format. */
export const TYPED_ARRAYS = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
] as const;
