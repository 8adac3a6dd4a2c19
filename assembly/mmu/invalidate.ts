// tlbie, tlbiel, tlbsync for radix and hash (Power ISA v3.1 Book III, section 6.9.3.3).
import * as L from '../generated/layout';
import { PROGRAM_PRIVILEGED, raiseProgram } from '../interrupts/raise';
import * as R from '../supervisor/registers';
import { tlbFlushAll, tlbFlushPid, tlbFlushTranslated, tlbInvalidatePagePid } from './tlb';

/** log2 of the page size that an actual page size (AP) field names; 0 for reserved values. */
function apShift(ap: i32): i32 {
  return ap == 0 ? 12 : ap == 5 ? 16 : ap == 1 ? 21 : ap == 2 ? 30 : 0;
}

/** One CPU's part of a radix invalidation. Page walks are not cached, so that RIC=1 has nothing to do. */
function invalidateRadix(cpu: usize, rs: u64, rb: u64, ric: i32): void {
  if (ric == 1) return;
  const pid = <u32>(rs >> 32);
  switch (<i32>(rb >> 10) & 3) {
    case 0: {
      const shift = apShift(<i32>(rb >> 5) & 7);
      // RIC=3 is a cluster of pages around the address: 64 KiB and eight times that at most.
      if (shift == 0 || ric != 0) tlbFlushPid(cpu, pid);
      else tlbInvalidatePagePid(cpu, rb & ~0xfff, shift, pid);
      return;
    }
    case 1: return tlbFlushPid(cpu, pid);
    default: return tlbFlushTranslated(cpu);
  }
}

/** RB names a virtual page, which no entry tells: all go. */
function invalidateHash(cpu: usize): void {
  tlbFlushAll(cpu);
}

/** What the instruction says of the kind of translation counts only where there are two. */
function invalidateOne(cpu: usize, rs: u64, rb: u64, ric: i32, radix: bool): void {
  if (radix && R.spr(cpu, R.SPR_LPCR) & R.LPCR_HR) invalidateRadix(cpu, rs, rb, ric);
  else invalidateHash(cpu);
}

/** True when the guest may not use the instruction itself: tlbie and tlbsync need LPCR[GTSE] (and PR=0, seen to). */
function needsHypervisor(cpu: usize): bool {
  if (!R.hasModel(cpu, L.MODEL_isa300) || !(R.spr(cpu, R.SPR_LPCR) & R.LPCR_GTSE)) {
    raiseProgram(cpu, PROGRAM_PRIVILEGED);
    return true;
  }
  return false;
}

/** tlbie (local = 0) acts on all vCPUs before it ends; tlbiel (local = 1) on this one. `form` = RIC << 4 | PRS << 1 | R. */
export function tlbInvalidateEntry(cpu: usize, rs: u64, rb: u64, form: i32, local: i32): void {
  if (local == 0 && needsHypervisor(cpu)) return;
  const radix = (form & 1) != 0;
  const ric = form >> 4;
  if (radix && !(form & 2)) {
    // Partition-scoped translations are the hypervisor's.
    raiseProgram(cpu, PROGRAM_PRIVILEGED);
    return;
  }
  if (local != 0) return invalidateOne(cpu, rs, rb, ric, radix);
  const base = load<u32>(L.W_vcpuBase);
  const count = load<i32>(L.W_vcpuCount);
  for (let i = 0; i < count; i++) invalidateOne(base + i * L.vcpuStride, rs, rb, ric, radix);
}

/** tlbsync: invalidations are complete already. */
export function tlbSynchronize(cpu: usize): void {
  needsHypervisor(cpu);
}
