// Partition-scoped invalidation: H_TLB_INVALIDATE, and H_RPT_INVALIDATE for a guest of the guest. The tables of a vCPU hold what
// the guest that it runs needs and nothing of others, so that these go as a whole.
import * as L from '../generated/layout';
import { tlbFlushAll } from '../mmu/tlb';

/** Drops what every vCPU that runs a guest of the guest has: that of `lpid`, or (all ≠ 0) any. */
export function nestedInvalidate(lpid: u32, all: i32): void {
  const base = load<u32>(L.W_vcpuBase);
  for (let i = 0; i < load<i32>(L.W_vcpuCount); i++) {
    const cpu = base + i * L.vcpuStride;
    if (load<i32>(cpu, L.S_nested) && (all || load<u32>(cpu, L.S_nestedLpid) == lpid)) tlbFlushAll(cpu);
  }
}
