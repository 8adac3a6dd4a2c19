// MSR, LPCR and SPR numbers, and their access (Power ISA Book III, chapters 4 and 5; bit masks from MSB-0 numbers).
import * as L from '../generated/layout';

// MSR (section 4.2.1).
export const MSR_SF: u64 = 1 << 63;
export const MSR_TS: u64 = 3 << 33;
export const MSR_TS_SHIFT: u64 = 33;
export const MSR_TM: u64 = 1 << 32;
export const MSR_VEC: u64 = 1 << 25;
export const MSR_VSX: u64 = 1 << 23;
export const MSR_EE: u64 = 1 << 15;
export const MSR_PR: u64 = 1 << 14;
export const MSR_FP: u64 = 1 << 13;
export const MSR_ME: u64 = 1 << 12;
export const MSR_FE0: u64 = 1 << 11;
export const MSR_SE: u64 = 1 << 10;
export const MSR_BE: u64 = 1 << 9;
export const MSR_FE1: u64 = 1 << 8;
export const MSR_IR: u64 = 1 << 5;
export const MSR_DR: u64 = 1 << 4;
export const MSR_PMM: u64 = 1 << 2;
export const MSR_RI: u64 = 1 << 1;
export const MSR_LE: u64 = 1;
/** Bits that any guest's MSR can hold; TS and TM are there where the CPU has transactional memory. HV is not. */
export const MSR_IMPLEMENTED: u64 =
  MSR_SF | MSR_VEC | MSR_VSX | MSR_EE | MSR_PR | MSR_FP | MSR_ME | MSR_FE0 | MSR_SE | MSR_BE | MSR_FE1 | MSR_IR |
  MSR_DR | MSR_PMM | MSR_RI | MSR_LE;
/** SRR1 bits 33:36 and 42:47, which describe the interrupt and are no MSR bits. */
export const SRR1_STATUS: u64 = 0x783f0000;

// LPCR (section 2.2).
export const LPCR_HR: u64 = 0x100000;
export const LPCR_UPRT: u64 = 0x400000;
export const LPCR_GTSE: u64 = 0x400;
export const LPCR_LD: u64 = 0x20000;
export const LPCR_ILE: u64 = 0x2000000;
export const LPCR_AIL_SHIFT: u64 = 23;
export const LPCR_AIL: u64 = 3 << 23;
/** A mediated external exception exists. */
export const LPCR_MER: u64 = 0x800;

// SPR numbers (section 4.4.4).
export const SPR_LR: i32 = 8;
export const SPR_CTR: i32 = 9;
export const SPR_DSISR: i32 = 18;
export const SPR_DAR: i32 = 19;
export const SPR_SRR0: i32 = 26;
export const SPR_SRR1: i32 = 27;
export const SPR_AMR: i32 = 29;
export const SPR_PIDR: i32 = 48;
export const SPR_IAMR: i32 = 61;
export const SPR_FSCR: i32 = 153;
export const SPR_DAWR0: i32 = 180;
export const SPR_DAWR1: i32 = 181;
export const SPR_CIABR: i32 = 187;
export const SPR_DAWRX0: i32 = 188;
export const SPR_DAWRX1: i32 = 189;
export const SPR_HFSCR: i32 = 190;
export const SPR_HDSISR: i32 = 306;
export const SPR_HDAR: i32 = 307;
export const SPR_LPCR: i32 = 318;
export const SPR_PCR: i32 = 338;
export const SPR_HEIR: i32 = 339;
export const SPR_ASDR: i32 = 816;

@inline export function spr(cpu: usize, n: i32): u64 {
  return load<u64>(cpu + L.S_spr + (n << 3));
}
@inline export function setSpr(cpu: usize, n: i32, value: u64): void {
  store<u64>(cpu + L.S_spr + (n << 3), value);
}
@inline export function msr(cpu: usize): u64 {
  return load<u64>(cpu, L.S_msr);
}
/** True when the CPU model has all of these `MODEL_` bits. */
@inline export function hasModel(cpu: usize, bits: i32): bool {
  return (load<i32>(cpu, L.S_model) & bits) == bits;
}
