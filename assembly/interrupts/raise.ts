// Raising interrupts: the vector and its status bits go into the state block; `deliver` takes them from there
// (Power ISA Book III, section 7.5).
import * as L from '../generated/layout';
import {
  MSR_PR, SPR_ASDR, SPR_DAR, SPR_DSISR, SPR_FSCR, SPR_HDAR, SPR_HDSISR, SPR_HFSCR, msr, setSpr, spr,
} from '../supervisor/registers';

/** Raises a vector with these status bits for SRR1; SRR0 will be the current instruction. */
export function raise(cpu: usize, vector: i32, srr1: u64): void {
  store<i32>(cpu, vector, L.S_exception);
  store<i32>(cpu, 0, L.S_exceptionAfter);
  store<u64>(cpu, srr1, L.S_exceptionSrr1);
}

/** Data storage interrupt 0x300 with DAR and DSISR. */
export function raiseData(cpu: usize, ea: u64, dsisr: u64): void {
  setSpr(cpu, SPR_DAR, ea);
  setSpr(cpu, SPR_DSISR, dsisr);
  raise(cpu, 0x300, 0);
}

/** Data segment interrupt 0x380 with DAR. */
export function raiseDataSegment(cpu: usize, ea: u64): void {
  setSpr(cpu, SPR_DAR, ea);
  raise(cpu, 0x380, 0);
}

/** Alignment interrupt 0x600 with DAR. */
export function raiseAlignment(cpu: usize, ea: u64): void {
  setSpr(cpu, SPR_DAR, ea);
  raise(cpu, 0x600, 0);
}

export const PROGRAM_ILLEGAL: u64 = 0x80000;
export const PROGRAM_PRIVILEGED: u64 = 0x40000;

/** Program interrupt 0x700; `reason` is the SRR1 bit: 0x100000 FP enabled, 0x80000 illegal, 0x40000 privileged, 0x20000 trap. */
export function raiseProgram(cpu: usize, reason: u64): void {
  raise(cpu, 0x700, reason);
}

/** Hypervisor data storage interrupt 0xE00, for the hypervisor of a guest of the guest: HDAR, HDSISR, ASDR (section 7.5.16). */
export function raiseHypervisorData(cpu: usize, ea: u64, hdsisr: u64, guestReal: u64): void {
  setSpr(cpu, SPR_HDAR, ea);
  setSpr(cpu, SPR_HDSISR, hdsisr);
  setSpr(cpu, SPR_ASDR, guestReal & ASDR_MASK);
  raise(cpu, 0xe00, 0);
}

/** Hypervisor instruction storage interrupt 0xE20 with these HSRR1 bits, and ASDR (section 7.5.17). */
export function raiseHypervisorFetch(cpu: usize, hsrr1: u64, guestReal: u64): void {
  setSpr(cpu, SPR_ASDR, guestReal & ASDR_MASK);
  raise(cpu, 0xe20, hsrr1);
}

/** ASDR holds bits 4:51 of a guest real address. */
const ASDR_MASK: u64 = 0x0fff_ffff_ffff_f000;

/** Cause number of scv, which FSCR alone allows: HFSCR has no bit for it. */
const CAUSE_SCV: i32 = 12;

/** True when HFSCR keeps the facility of this cause number (its bit) from a guest of the guest. */
@inline export function hypervisorKeeps(cpu: usize, cause: i32): bool {
  return load<i32>(cpu, L.S_nested) != 0 && cause != CAUSE_SCV && ((spr(cpu, SPR_HFSCR) >> cause) & 1) == 0;
}

/** Hypervisor facility unavailable interrupt 0xF80: the cause replaces HFSCR[IC] (section 7.5.29). */
export function hypervisorFacilityUnavailable(cpu: usize, cause: i32): void {
  setSpr(cpu, SPR_HFSCR, (spr(cpu, SPR_HFSCR) & 0x00ff_ffff_ffff_ffff) | (<u64>cause << 56));
  raise(cpu, 0xf80, 0);
}

/** The guest itself lets its programs, or lets itself, have the facility: MSR[TM] for 5, else FSCR in problem state. */
function guestAllows(cpu: usize, cause: i32): bool {
  if (cause == 5) return ((msr(cpu) >> 32) & 1) != 0;
  return !(msr(cpu) & MSR_PR) || ((spr(cpu, SPR_FSCR) >> cause) & 1) != 0;
}

/**
 * Facility unavailable interrupt 0xF60: the cause replaces FSCR[IC] (bits 0:7). Where the guest allows the facility, it is its
 * hypervisor that does not.
 */
export function facilityUnavailable(cpu: usize, cause: i32): void {
  if (hypervisorKeeps(cpu, cause) && guestAllows(cpu, cause)) return hypervisorFacilityUnavailable(cpu, cause);
  setSpr(cpu, SPR_FSCR, (spr(cpu, SPR_FSCR) & 0x00ff_ffff_ffff_ffff) | (<u64>cause << 56));
  raise(cpu, 0xf60, 0);
}
