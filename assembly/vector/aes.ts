// AES rounds (Power ISA Book I, section 6.11.1; FIPS 197). State byte i of FIPS 197 is Power byte element i.

/** The S-box, then its inverse, filled on first use. */
const tables = memory.data(512, 16);

/** Multiplication by x in GF(2⁸) modulo x⁸ + x⁴ + x³ + x + 1. */
function times2(v: u32): u32 {
  return ((v << 1) ^ (v & 0x80 ? 0x11b : 0)) & 0xff;
}

/** Where the S-box lies. */
function substitution(): usize {
  // S[0] = 0x63 is written last, so a table that has it is complete.
  if (load<u8>(tables) !== 0) return tables;
  // p runs through the powers of the generator 3, q through their inverses.
  let p: u32 = 1;
  let q: u32 = 1;
  do {
    p ^= times2(p);
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    if (q & 0x80) q ^= 0x09;
    q &= 0xff;
    const affine = q ^ rotate(q, 1) ^ rotate(q, 2) ^ rotate(q, 3) ^ rotate(q, 4) ^ 0x63;
    store<u8>(tables + p, <u8>affine);
    store<u8>(tables + 256 + affine, <u8>p);
  } while (p !== 1);
  store<u8>(tables + 256 + 0x63, 0);
  store<u8>(tables, 0x63);
  return tables;
}

function rotate(v: u32, n: u32): u32 {
  return ((v << n) | (v >> (8 - n))) & 0xff;
}

/** Power byte element i of the register at `v`. */
function byteOf(v: usize, i: u32): u32 {
  return <u32>load<u8>(v + 15 - <usize>(i & 15));
}

/** A column of four bytes, row 0 in the most significant one. */
function column(a: u32, b: u32, c: u32, d: u32): u32 {
  return (a << 24) | (b << 16) | (c << 8) | d;
}

function mix(a: u32, b: u32, c: u32, d: u32): u32 {
  const all = a ^ b ^ c ^ d;
  return column(a ^ all ^ times2(a ^ b), b ^ all ^ times2(b ^ c), c ^ all ^ times2(c ^ d), d ^ all ^ times2(d ^ a));
}

/** The inverse of {@link mix}: its matrix is that of mix times one with 5 and 4. */
function inverseMix(a: u32, b: u32, c: u32, d: u32): u32 {
  const ac = times2(times2(a ^ c));
  const bd = times2(times2(b ^ d));
  return mix(a ^ ac, b ^ bd, c ^ ac, d ^ bd);
}

/** vcipher, vcipherlast (last ≠ 0). */
export function vectorCipher(_cpu: usize, t: usize, x: usize, key: usize, last: i32): void {
  const s = substitution();
  const c0 = cipherColumn(s, x, 0, last) ^ load<u32>(key, 12);
  const c1 = cipherColumn(s, x, 4, last) ^ load<u32>(key, 8);
  const c2 = cipherColumn(s, x, 8, last) ^ load<u32>(key, 4);
  const c3 = cipherColumn(s, x, 12, last) ^ load<u32>(key);
  storeColumns(t, c0, c1, c2, c3);
}

function cipherColumn(s: usize, x: usize, start: u32, last: i32): u32 {
  const a = <u32>load<u8>(s + byteOf(x, start));
  const b = <u32>load<u8>(s + byteOf(x, start + 5));
  const c = <u32>load<u8>(s + byteOf(x, start + 10));
  const d = <u32>load<u8>(s + byteOf(x, start + 15));
  return last ? column(a, b, c, d) : mix(a, b, c, d);
}

/** vncipher, vncipherlast (last ≠ 0): the key is added before the columns are mixed. */
export function vectorInverseCipher(_cpu: usize, t: usize, x: usize, key: usize, last: i32): void {
  const s = substitution() + 256;
  const c0 = inverseColumn(s, x, 0, load<u32>(key, 12), last);
  const c1 = inverseColumn(s, x, 4, load<u32>(key, 8), last);
  const c2 = inverseColumn(s, x, 8, load<u32>(key, 4), last);
  const c3 = inverseColumn(s, x, 12, load<u32>(key), last);
  storeColumns(t, c0, c1, c2, c3);
}

function inverseColumn(s: usize, x: usize, start: u32, key: u32, last: i32): u32 {
  const a = <u32>load<u8>(s + byteOf(x, start)) ^ (key >> 24);
  const b = <u32>load<u8>(s + byteOf(x, start + 13)) ^ ((key >> 16) & 255);
  const c = <u32>load<u8>(s + byteOf(x, start + 10)) ^ ((key >> 8) & 255);
  const d = <u32>load<u8>(s + byteOf(x, start + 7)) ^ (key & 255);
  return last ? column(a, b, c, d) : inverseMix(a, b, c, d);
}

function storeColumns(t: usize, c0: u32, c1: u32, c2: u32, c3: u32): void {
  store<u32>(t, c3);
  store<u32>(t, c2, 4);
  store<u32>(t, c1, 8);
  store<u32>(t, c0, 12);
}

/** vsbox. */
export function vectorSubstituteBytes(_cpu: usize, t: usize, x: usize): void {
  const s = substitution();
  for (let i: usize = 0; i < 16; i++) store<u8>(t + i, load<u8>(s + load<u8>(x + i)));
}
