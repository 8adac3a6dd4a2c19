// Bit permutes (Power ISA Book I, section 6.12).

/** vbpermq: 16 bits of x, chosen by the bytes of y (128 and above give 0), in the low halfword of doubleword 0. */
export function vectorBitPermuteQuadword(_cpu: usize, t: usize, x: usize, y: usize): void {
  let result: u64 = 0;
  for (let i: usize = 0; i < 16; i++) {
    const index = <u32>load<u8>(y + i);
    // Bit 0 is the leftmost: bit 7 of the byte at lane 15.
    if (index < 128) result |= (<u64>((load<u8>(x + ((127 - index) >> 3)) >> <u8>(7 - (index & 7))) & 1)) << i;
  }
  store<u64>(t, 0);
  store<u64>(t, result, 8);
}

/** vbpermd: for each doubleword eight bits of x's, chosen by the bytes of y's (64 and above give 0). */
export function vectorBitPermuteDoublewords(_cpu: usize, t: usize, x: usize, y: usize): void {
  for (let half: usize = 0; half < 16; half += 8) {
    const bits = load<u64>(x + half);
    let result: u64 = 0;
    for (let i: usize = 0; i < 8; i++) {
      const index = <u64>load<u8>(y + half + i);
      if (index < 64) result |= ((bits >> (63 - index)) & 1) << i;
    }
    store<u64>(t + half, result);
  }
}

/** vgnb: every nth bit (2…7) of the quadword at y from the left, left-justified. */
export function vectorGatherEveryNth(cpu: usize, y: usize, n: i32): u64 {
  let result: u64 = 0;
  if (n < 2) return 0;
  let at = 63;
  for (let i = 0; i < 128; i += n) {
    const bit = <u64>(load<u8>(y + ((127 - i) >> 3)) >> <u8>(7 - (i & 7))) & 1;
    result |= bit << at;
    at--;
  }
  return result;
}

/**
 * xxgenpcv…: control bytes for vperm (options 0, 1) or vpermr (2, 3) that expand (0, 2) consecutive elements to the
 * places of the true ones, or compress (1, 3) the true ones to consecutive places.
 */
export function vectorPermuteControl(cpu: usize, t: usize, y: usize, size: i32, options: i32): void {
  const mask = y;
  let high: u64 = 0;
  let low: u64 = 0;
  const compress = (options & 1) !== 0;
  const count = 16 / size;
  let next = 0;
  const isLittle = (options & 2) !== 0;
  for (let i = 0; i < count; i++) {
    // Elements are numbered from the left, or from the right in the little-endian forms.
    const lowLane = isLittle ? i * size : 16 - (i + 1) * size;
    const isTrue = load<u8>(mask + <usize>(lowLane + size - 1)) >> 7;
    for (let k = 0; k < size; k++) {
      let place = i * size + k;
      let value = i * size + k + 16;
      if (isTrue) {
        if (compress) {
          place = next * size + k;
          value = i * size + k;
        } else value = next * size + k;
      } else if (compress) continue;
      const lane = isLittle ? place : 15 - place;
      if (lane > 7) high |= <u64>value << (8 * (lane - 8));
      else low |= <u64>value << (8 * lane);
    }
    if (isTrue) next++;
  }
  store<u64>(t, low);
  store<u64>(t, high, 8);
}
