// The context of translation and facilities that follows from MSR, PIDR, LPCR, FSCR and the process table.
import * as L from '../generated/layout';
import * as R from '../supervisor/registers';
import { stepContext } from './step';
import { tlbFlushAll, tlbFlushSet, tlbFlushTranslated, tlbSelectSets, tlbSelectSlot, tlbTranslatedSet } from './tlb';

/** Facilities usable now (Book III, section 2.10 "FSCR"; MSR[FP], [VEC], [VSX]). */
function facilities(cpu: usize, msr: u64): i32 {
  const fscr = R.spr(cpu, R.SPR_FSCR);
  let bits = 0;
  if (msr & R.MSR_FP) bits |= L.FACILITY_FP | L.FACILITY_DFP;
  if (msr & R.MSR_VEC) bits |= L.FACILITY_VEC;
  if (msr & R.MSR_VSX) bits |= L.FACILITY_VSX;
  if (msr & R.MSR_TM) bits |= L.FACILITY_TM;
  if (fscr & 0x1000) bits |= L.FACILITY_SCV;
  const problem = (msr & R.MSR_PR) != 0 && R.hasModel(cpu, L.MODEL_isa207);
  if (!problem || fscr & 0x4) bits |= L.FACILITY_DSCR;
  if (!problem || fscr & 0x80) bits |= L.FACILITY_EBB;
  if (!problem || fscr & 0x100) bits |= L.FACILITY_TAR;
  if (!problem || fscr & 0x400) bits |= L.FACILITY_MSGP;
  if (!problem || fscr & 0x2000) bits |= L.FACILITY_PREFIX;
  return load<i32>(cpu, L.S_nested) ? bits & hypervisorAllows(R.spr(cpu, R.SPR_HFSCR)) : bits;
}

/** Facilities that HFSCR lets a guest of the guest have (section 7.3, "HFSCR"). */
function hypervisorAllows(hfscr: u64): i32 {
  let bits = L.FACILITY_SCV;
  if (hfscr & 0x1) bits |= L.FACILITY_FP | L.FACILITY_DFP;
  if (hfscr & 0x2) bits |= L.FACILITY_VEC | L.FACILITY_VSX;
  if (hfscr & 0x4) bits |= L.FACILITY_DSCR;
  if (hfscr & 0x20) bits |= L.FACILITY_TM;
  if (hfscr & 0x80) bits |= L.FACILITY_EBB;
  if (hfscr & 0x100) bits |= L.FACILITY_TAR;
  if (hfscr & 0x400) bits |= L.FACILITY_MSGP;
  if (hfscr & 0x2000) bits |= L.FACILITY_PREFIX;
  return bits;
}

/** To be called after any change of MSR, PIDR, LPCR, FSCR or the process table (also by the platform). */
export function updateContext(cpu: usize): void {
  const msr = R.msr(cpu);
  const lpcr = R.spr(cpu, R.SPR_LPCR) & (R.LPCR_HR | R.LPCR_UPRT);
  const table = load<u64>(cpu, L.S_processTable);
  if (lpcr != load<u64>(cpu, L.S_tlbLpcr) || table != load<u64>(cpu, L.S_tlbProcessTable)) {
    store<u64>(cpu, lpcr, L.S_tlbLpcr);
    store<u64>(cpu, table, L.S_tlbProcessTable);
    tlbFlushTranslated(cpu);
  }
  const littleEndian = <i32>(msr & R.MSR_LE);
  if (littleEndian != load<i32>(cpu, L.S_tlbLittleEndian)) {
    // Execute entries point to decoded records, which are of one byte order.
    store<i32>(cpu, littleEndian, L.S_tlbLittleEndian);
    tlbFlushAll(cpu);
  }
  // Hash translations belong to the SLB, not to a PID.
  const slot = tlbSelectSlot(cpu, lpcr & R.LPCR_HR ? <u32>R.spr(cpu, R.SPR_PIDR) : 0);
  const translated = tlbTranslatedSet(slot, (msr & R.MSR_PR) != 0);
  tlbSelectSets(cpu, msr & R.MSR_DR ? translated : 0, msr & R.MSR_IR ? translated : 0);
  // Stepped instructions do not come from the execute table, and it must be empty for each of them to be noticed.
  if (stepContext(cpu, msr)) tlbFlushSet(cpu, msr & R.MSR_IR ? translated : 0);
  store<i32>(cpu, facilities(cpu, msr), L.S_facilities);
}
