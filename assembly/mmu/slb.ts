// Segment lookaside buffer instructions (Power ISA v3.1 Book III, section 6.9.3.1).
import { tlbFlushTranslated } from './tlb';

export function slbMoveTo(cpu: usize, rs: u64, rb: u64): void {
  tlbFlushTranslated(cpu);
}
export function slbInvalidateEntry(cpu: usize, rb: u64): void {
  tlbFlushTranslated(cpu);
}
export function slbInvalidateAll(cpu: usize, ih: i32): void {}
export function slbMoveFromVsid(cpu: usize, rb: u64): u64 {
  return 0;
}
export function slbMoveFromEsid(cpu: usize, rb: u64): u64 {
  return 0;
}
export function slbFindEntry(cpu: usize, rb: u64): u64 {
  return 0;
}
export function slbFound(cpu: usize): i32 {
  return 0;
}
