// Hash page table translation (Power ISA v3.0 Book III, section 5.7.8).
import * as T from './translation';

export function walkHash(cpu: usize, ea: u64, access: i32): i32 {
  return T.SEGMENT;
}
