// The authority mask register, on which entries of the TLB depend (Power ISA v3.1 Book III, section 6.7.13).
import { tlbFlushKeyed, tlbFlushTranslated, tlbSelectKeyed } from '../mmu/tlb';
import * as R from './registers';

/** Sets AMR. */
export function writeAmr(cpu: usize, value: u64): void {
  const old = R.spr(cpu, R.SPR_AMR);
  R.setSpr(cpu, R.SPR_AMR, value);
  // Entries let in under the old value stay good unless a right is gone. Radix looks at key 0 only, and lists the pages
  // that depend on it; hash lists those of the other keys.
  const gone = value & ~old;
  if (R.spr(cpu, R.SPR_LPCR) & R.LPCR_HR) {
    // Bit 0 denies writing, bit 1 reading.
    if ((value ^ old) >> 62) tlbSelectKeyed(cpu, <i32>(~value >> 62));
  } else if (gone >> 62) tlbFlushTranslated(cpu);
  else if (gone) tlbFlushKeyed(cpu);
}
