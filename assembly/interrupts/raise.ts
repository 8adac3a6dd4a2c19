// Raising interrupts: the vector and its status bits go into the state block; `deliver` takes them from there
// (Power ISA Book III, section 7.5).
import * as L from '../generated/layout';
import { SPR_DAR, SPR_DSISR, SPR_FSCR, setSpr, spr } from '../supervisor/registers';

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

/** Facility unavailable interrupt 0xF60: the cause replaces FSCR[IC] (bits 0:7). */
export function facilityUnavailable(cpu: usize, cause: i32): void {
  setSpr(cpu, SPR_FSCR, (spr(cpu, SPR_FSCR) & 0x00ff_ffff_ffff_ffff) | (<u64>cause << 56));
  raise(cpu, 0xf60, 0);
}
