// Registers as the vector functions see them: 16 bytes in memory, byte lane 0 is Power byte element 15; and VSCR.
import * as L from '../generated/layout';

/** Sets the sticky VSCR[SAT]. */
export function setSaturated(cpu: usize): void {
  store<u64>(cpu + L.S_vscr, load<u64>(cpu + L.S_vscr) | 1);
}

/** VSCR[NJ]: denormals count as zero. */
export function isNonJava(cpu: usize): bool {
  return (load<u64>(cpu + L.S_vscr) & 0x10000) !== 0;
}

/** A 64-bit sum limited to a signed word. */
export function saturateSigned32(cpu: usize, value: i64): i32 {
  if (value > 0x7fffffff) {
    setSaturated(cpu);
    return 0x7fffffff;
  }
  if (value < -0x80000000) {
    setSaturated(cpu);
    return -0x80000000;
  }
  return <i32>value;
}

/** A 64-bit sum limited to an unsigned word. */
export function saturateUnsigned32(cpu: usize, value: u64): u32 {
  if (value > 0xffffffff) {
    setSaturated(cpu);
    return 0xffffffff;
  }
  return <u32>value;
}
