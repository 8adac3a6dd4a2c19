// Memory operators of WebAssembly that generated code uses (core specification, section 5.4.6).

/** Operator codes (prefixed ones as 0xfd00 + n). */
export const opcode = {
  i32Load: 0x28,
  i64Load: 0x29,
  i32Load8U: 0x2d,
  i32Load16S: 0x2e,
  i32Load16U: 0x2f,
  i64Load16S: 0x32,
  i64Load16U: 0x33,
  i64Load32S: 0x34,
  i64Load32U: 0x35,
  i32Store: 0x36,
  i64Store: 0x37,
  i32Store8: 0x3a,
  v128Load: 0xfd00,
  v128Store: 0xfd0b,
  /** Zero-extending loads and truncating stores of i64 by access size. */
  i64LoadBySize: { 1: 0x31, 2: 0x33, 4: 0x35, 8: 0x29 },
  i64LoadSignedBySize: { 1: 0x30, 2: 0x32, 4: 0x34, 8: 0x29 },
  i64StoreBySize: { 1: 0x3c, 2: 0x3d, 4: 0x3e, 8: 0x37 },
} as const;
