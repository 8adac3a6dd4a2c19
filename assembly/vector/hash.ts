// SHA-2 sigma functions and polynomial multiply-sum (Power ISA Book I, sections 6.11.2 and 6.11.3; FIPS 180-4).

/** vshasigmaw: st chooses σ or Σ; bit i of six (from the left) chooses 0 or 1 for word i. */
export function vectorSigmaWords(_cpu: usize, t: usize, x: usize, st: i32, six: i32): void {
  for (let i: usize = 0; i < 4; i++) {
    const v = load<u32>(x + (i << 2));
    // Lane i is word 3 - i, whose bit is that of weight 2ⁱ.
    const second = (six >> <i32>i) & 1;
    let result: u32;
    if (st) {
      result = second ? rotr(v, 6) ^ rotr(v, 11) ^ rotr(v, 25) : rotr(v, 2) ^ rotr(v, 13) ^ rotr(v, 22);
    } else {
      result = second ? rotr(v, 17) ^ rotr(v, 19) ^ (v >> 10) : rotr(v, 7) ^ rotr(v, 18) ^ (v >> 3);
    }
    store<u32>(t + (i << 2), result);
  }
}

/** vshasigmad: bit 2·i of six for doubleword i. */
export function vectorSigmaDoublewords(_cpu: usize, t: usize, x: usize, st: i32, six: i32): void {
  for (let i: usize = 0; i < 2; i++) {
    const v = load<u64>(x + (i << 3));
    const second = (six >> (2 * <i32>i + 1)) & 1;
    let result: u64;
    if (st) {
      result = second ? rotr(v, 14) ^ rotr(v, 18) ^ rotr(v, 41) : rotr(v, 28) ^ rotr(v, 34) ^ rotr(v, 39);
    } else {
      result = second ? rotr(v, 19) ^ rotr(v, 61) ^ (v >> 6) : rotr(v, 1) ^ rotr(v, 8) ^ (v >> 7);
    }
    store<u64>(t + (i << 3), result);
  }
}

/** Product without carries of two numbers of at most 32 bits. */
function multiplyPolynomials(x: u64, y: u64): u64 {
  let result: u64 = 0;
  for (; y !== 0; y >>= 1) {
    result ^= x & (0 - (y & 1));
    x <<= 1;
  }
  return result;
}

/** vpmsum…: exclusive or of the products of each pair of elements of `size` bytes (1, 2, 4, 8). */
export function vectorPolynomialSum(_cpu: usize, t: usize, x: usize, y: usize, size: i32): void {
  if (size === 8) {
    sumDoublewords(t, x, y);
    return;
  }
  const bits = (<u64>size) << 3;
  const mask = ~(<u64>0) >> (64 - bits);
  for (let half: usize = 0; half < 16; half += 8) {
    const left = load<u64>(x + half);
    const right = load<u64>(y + half);
    let result: u64 = 0;
    for (let at: u64 = 0; at < 64; at += 2 * bits) {
      const low = multiplyPolynomials((left >> at) & mask, (right >> at) & mask);
      const high = multiplyPolynomials((left >> (at + bits)) & mask, (right >> (at + bits)) & mask);
      result |= (low ^ high) << at;
    }
    store<u64>(t + half, result);
  }
}

function sumDoublewords(t: usize, x: usize, y: usize): void {
  let low: u64 = 0;
  let high: u64 = 0;
  for (let half: usize = 0; half < 16; half += 8) {
    const v = load<u64>(x + half);
    const w = load<u64>(y + half);
    for (let i: u64 = 0; i < 64; i++) {
      const take = 0 - ((w >> i) & 1);
      low ^= (v << i) & take;
      // Two shifts, since one by 64 (i = 0) would be none.
      high ^= ((v >> 1) >> (63 - i)) & take;
    }
  }
  store<u64>(t, low);
  store<u64>(t, high, 8);
}
