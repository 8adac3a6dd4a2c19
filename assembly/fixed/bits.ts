// Bit permutations under a mask or by index (Power ISA Book I, section 3.3.13).

/** bpermd: bit i of the last result byte is bit RS[byte i] of RB, 0 for indices over 63. */
export function bitPermute(_cpu: usize, indices: i64, source: i64): i64 {
  let result: u64 = 0;
  for (let i: u64 = 0; i < 8; i++) {
    const index = (<u64>indices >> (56 - (i << 3))) & 0xff;
    if (index < 64) result |= ((<u64>source >> (63 - index)) & 1) << (7 - i);
  }
  return <i64>result;
}

/** pextd: the bits of `source` under ones of `mask`, pulled together at the right. */
export function extractBits(_cpu: usize, source: i64, mask: i64): i64 {
  let result: u64 = 0;
  let place: u64 = 0;
  for (let rest = <u64>mask; rest !== 0; rest &= rest - 1) {
    result |= ((<u64>source >> ctz(rest)) & 1) << place;
    place++;
  }
  return <i64>result;
}

/** pdepd: the right-hand bits of `source` spread to the ones of `mask`. */
export function depositBits(_cpu: usize, source: i64, mask: i64): i64 {
  let result: u64 = 0;
  let bits = <u64>source;
  for (let rest = <u64>mask; rest !== 0; rest &= rest - 1) {
    result |= (bits & 1) << ctz(rest);
    bits >>= 1;
  }
  return <i64>result;
}

/** cfuged: bits under ones of the mask at the right, the others at the left, both in order. */
export function centrifugeBits(_cpu: usize, source: i64, mask: i64): i64 {
  const right = <u64>extractBits(_cpu, source, mask);
  const left = <u64>extractBits(_cpu, source, ~mask);
  const count = popcnt(<u64>mask);
  return <i64>(count === 64 ? right : (left << count) | right);
}
