// Shifts whose amounts differ for each element (Power ISA Book I, sections 6.8.7 and 6.9.6).

/** vrlwnm, vrlwmi: VRB's words hold mask begin, mask end and amount in their last three bytes. */
export function vectorRotateWordsMask(_cpu: usize, t: usize, x: usize, y: usize, insert: i32): void {
  for (let i: usize = 0; i < 16; i += 4) {
    const control = load<u32>(y + i);
    const begin = (control >> 16) & 31;
    const end = (control >> 8) & 31;
    const head = <u32>0xffffffff >> begin;
    const tail = (<u32>0xffffffff) << (31 - end);
    const mask = begin <= end ? head & tail : head | tail;
    const rotated = rotl<u32>(load<u32>(x + i), control & 31);
    store<u32>(t + i, (rotated & mask) | (insert ? load<u32>(t + i) & ~mask : 0));
  }
}

/** vrldnm, vrldmi. */
export function vectorRotateDoublewordsMask(_cpu: usize, t: usize, x: usize, y: usize, insert: i32): void {
  for (let i: usize = 0; i < 16; i += 8) {
    const control = load<u64>(y + i);
    const begin = (control >> 16) & 63;
    const end = (control >> 8) & 63;
    const head = ~(<u64>0) >> begin;
    const tail = ~(<u64>0) << (63 - end);
    const mask = begin <= end ? head & tail : head | tail;
    const rotated = rotl<u64>(load<u64>(x + i), control & 63);
    store<u64>(t + i, (rotated & mask) | (insert ? load<u64>(t + i) & ~mask : 0));
  }
}

/** vslv, vsrv (right): bits of the next byte to the right, or to the left, come in; beyond the ends there are zeros. */
export function vectorShiftVariable(_cpu: usize, t: usize, x: usize, y: usize, right: i32): void {
  let neighbour: u32 = 0;
  for (let step: i32 = 0; step < 16; step++) {
    // In the order in which the neighbour is the byte just handled, so that the target may be a source.
    const i = <usize>(right ? 15 - step : step);
    const v = <u32>load<u8>(x + i);
    const n = <u32>load<u8>(y + i) & 7;
    const result = right ? ((neighbour << 8) | v) >> n : (((v << 8) | neighbour) << n) >> 8;
    store<u8>(t + i, <u8>result);
    neighbour = v;
  }
}
