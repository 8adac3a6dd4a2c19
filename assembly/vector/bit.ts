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
