// Data address watchpoints and the instruction breakpoint: DAWRn, DAWRXn and CIABR (Power ISA v3.1 Book III, sections 9.3 and
// 9.4). A page with an active one never enters the TLB, so that every access to it comes by the slow path, and others pay nothing.
import * as L from '../generated/layout';
import { raiseData } from '../interrupts/raise';
import * as R from '../supervisor/registers';
import { jumpsChanged, tlbFlushAll } from './tlb';
import { ACCESS_WRITE, STORE } from './translation';

// DAWRX.
const DW: u64 = 0x40;
const DR: u64 = 0x20;
const WT: u64 = 0x10;
const WTI: u64 = 0x08;
/** PRIVM: privileged non-hypervisor state, problem state. */
const PNH: u64 = 2;
const PRO: u64 = 1;
/** DSISR bit of a match. */
const MATCH: u64 = 0x40_0000;

// Bits of the state word `watching`.
const INSTRUCTION: i32 = 4;

/** A watchpoint that some access of a guest can match; `n` is 0 or 1. */
function canMatch(cpu: usize, n: i32): bool {
  const control = R.spr(cpu, R.SPR_DAWRX0 + n);
  return (control & (DW | DR)) != 0 && (control & (PNH | PRO)) != 0;
}

/** To be called after a change of these registers. */
export function watchpointsChanged(cpu: usize): void {
  const before = load<i32>(cpu, L.S_watching);
  let watching = 0;
  if (R.hasModel(cpu, L.MODEL_isa207)) {
    if (canMatch(cpu, 0)) watching |= 1;
    if (R.hasModel(cpu, L.MODEL_isa310) && canMatch(cpu, 1)) watching |= 2;
    const privilege = R.spr(cpu, R.SPR_CIABR) & 3;
    if (privilege == 1 || privilege == 2) watching |= INSTRUCTION;
  }
  store<i32>(cpu, watching, L.S_watching);
  if ((before | watching) == 0) return;
  store<i32>(cpu, 0, L.S_stepState);
  tlbFlushAll(cpu);
  jumpsChanged();
}

@inline function first(cpu: usize, n: i32): u64 {
  return R.spr(cpu, R.SPR_DAWR0 + n) & ~7;
}

/** Last byte of the range: MRD + 1 doublewords, which do not cross a multiple of 512 bytes before edition 3.1. */
function last(cpu: usize, n: i32): u64 {
  const doublewords = ((R.spr(cpu, R.SPR_DAWRX0 + n) >> 10) & 63) + 1;
  const from = first(cpu, n);
  const end = from + (doublewords << 3) - 1;
  return R.hasModel(cpu, L.MODEL_isa310) ? end : min(end, from | 511);
}

/** True when the page of a data access has a byte of an active watchpoint: it must stay out of the TLB. */
export function pageIsWatched(cpu: usize, ea: u64): bool {
  const watching = load<i32>(cpu, L.S_watching);
  for (let n = 0; n < 2; n++) {
    if (watching & (1 << n) && ea >> 12 >= first(cpu, n) >> 12 && ea >> 12 <= last(cpu, n) >> 12) return true;
  }
  return false;
}

/**
 * True when an access of `size` bytes matches a watchpoint; the data storage interrupt is then raised, with DAR the first
 * byte that lies in the range.
 */
export function watchpointMatches(cpu: usize, ea: u64, size: i32, access: i32): bool {
  const watching = load<i32>(cpu, L.S_watching);
  if (!(watching & 3)) return false;
  const msr = R.msr(cpu);
  for (let n = 0; n < 2; n++) {
    if (!(watching & (1 << n))) continue;
    const control = R.spr(cpu, R.SPR_DAWRX0 + n);
    if (!(control & (access == ACCESS_WRITE ? DW : DR))) continue;
    if (!(control & (msr & R.MSR_PR ? PRO : PNH))) continue;
    if (!(control & WTI) && ((control & WT) != 0) != ((msr & R.MSR_DR) != 0)) continue;
    const from = first(cpu, n);
    if (ea > last(cpu, n) || ea + <u64>(size - 1) < from) continue;
    raiseData(cpu, max(ea, from), MATCH | (access == ACCESS_WRITE ? STORE : 0));
    return true;
  }
  return false;
}

/** The privilege state that CIABR watches is the current one. */
@inline function breakpointIsOn(cpu: usize): bool {
  if (!(load<i32>(cpu, L.S_watching) & INSTRUCTION)) return false;
  return (R.spr(cpu, R.SPR_CIABR) & 3) == (R.msr(cpu) & R.MSR_PR ? 1 : 2);
}

/** True when CIABR names an instruction of the page at `ea`: its instructions are stepped. */
export function pageHasBreakpoint(cpu: usize, ea: u64): bool {
  return breakpointIsOn(cpu) && R.spr(cpu, R.SPR_CIABR) >> 12 == ea >> 12;
}

/** True when CIABR names the instruction at `ea`. */
export function breakpointMatches(cpu: usize, ea: u64): bool {
  return breakpointIsOn(cpu) && R.spr(cpu, R.SPR_CIABR) >> 2 == ea >> 2;
}
