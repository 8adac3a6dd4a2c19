// cbcdtd, cdtbcd: binary coded decimal ↔ densely packed decimal (Power ISA Book I, sections 3.3.13.1 and 5.5).

/** Declet (10 bits) of three BCD digits (12 bits). */
export function decletOf(digits: u64): u64 {
  const high = (digits >> 8) & 0xf;
  const middle = (digits >> 4) & 0xf;
  const low = digits & 0xf;
  // The last bit of each digit stands in the declet as it is; the rest depends on which digits are 8 or 9.
  const p = high & 7;
  const q = middle & 7;
  const r = low & 7;
  const large = ((high >> 3) << 2) | ((middle >> 3) << 1) | (low >> 3);
  const h0 = p & 1;
  const m0 = q & 1;
  const l0 = r & 1;
  switch (<i32>large) {
    case 0:
      return (p << 7) | (q << 4) | r;
    case 1:
      return (p << 7) | (q << 4) | 8 | l0;
    case 2:
      return (p << 7) | ((r >> 1) << 5) | (m0 << 4) | 0xa | l0;
    case 3:
      return (p << 7) | (2 << 5) | (m0 << 4) | 0xe | l0;
    case 4:
      return ((r >> 1) << 8) | (h0 << 7) | (q << 4) | 0xc | l0;
    case 5:
      return ((q >> 1) << 8) | (h0 << 7) | (1 << 5) | (m0 << 4) | 0xe | l0;
    case 6:
      return ((r >> 1) << 8) | (h0 << 7) | (m0 << 4) | 0xe | l0;
    default:
      return (h0 << 7) | (3 << 5) | (m0 << 4) | 0xe | l0;
  }
}

/** Three BCD digits (12 bits) of a declet (10 bits); all 1024 declets have a value. */
export function digitsOf(declet: u64): u64 {
  const a = (declet >> 7) & 7;
  const b = (declet >> 4) & 7;
  const c = declet & 7;
  const a0 = a & 1;
  const b0 = b & 1;
  const c0 = c & 1;
  if ((declet & 8) === 0) return (a << 8) | (b << 4) | c;
  switch (<i32>((declet >> 1) & 3)) {
    case 0:
      return (a << 8) | (b << 4) | 8 | c0;
    case 1:
      return (a << 8) | ((8 | b0) << 4) | ((b >> 1) << 1) | c0;
    case 2:
      return ((8 | a0) << 8) | (b << 4) | ((a >> 1) << 1) | c0;
  }
  switch (<i32>(b >> 1)) {
    case 0:
      return ((8 | a0) << 8) | ((8 | b0) << 4) | ((a >> 1) << 1) | c0;
    case 1:
      return ((8 | a0) << 8) | (((a >> 1) << 5) | (b0 << 4)) | 8 | c0;
    case 2:
      return (a << 8) | ((8 | b0) << 4) | 8 | c0;
    default:
      return ((8 | a0) << 8) | ((8 | b0) << 4) | 8 | c0;
  }
}

/** cbcdtd: six digits in the low 24 bits of each word become two declets in its low 20 bits. */
export function bcdToDeclets(_cpu: usize, source: i64): i64 {
  const x = <u64>source;
  const low = (decletOf((x >> 12) & 0xfff) << 10) | decletOf(x & 0xfff);
  const high = (decletOf((x >> 44) & 0xfff) << 10) | decletOf((x >> 32) & 0xfff);
  return <i64>((high << 32) | low);
}

/** cdtbcd: two declets in the low 20 bits of each word become six digits in its low 24 bits. */
export function decletsToBcd(_cpu: usize, source: i64): i64 {
  const x = <u64>source;
  const low = (digitsOf((x >> 10) & 0x3ff) << 12) | digitsOf(x & 0x3ff);
  const high = (digitsOf((x >> 42) & 0x3ff) << 12) | digitsOf((x >> 32) & 0x3ff);
  return <i64>((high << 32) | low);
}
