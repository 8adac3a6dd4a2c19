// Writing the floating-point status and control register (Power ISA Book I, section 4.6.9), and its interrupt.
import * as L from '../generated/layout';
import { FEX, FX, OX, summarise, UX, VX_ANY, XX, ZX } from './fpscr';

/** Bits of FPSCR that exist and are not summaries: DRN, then all of the low word but FEX, VX and bit 52. */
const WRITABLE: u64 = 0x7_9fff_f7ff;
const EXCEPTIONS: u32 = FX | OX | UX | ZX | XX | VX_ANY;

/** FPSCR ← FPSCR with the bits `mask` taken from `value`; FEX and VX follow from the rest. */
export function moveToFpscr(cpu: usize, value: u64, mask: u64): void {
  const m = mask & WRITABLE;
  const f = (load<u64>(cpu + L.S_fpscr) & ~m) | (value & m);
  store<u64>(cpu + L.S_fpscr, (f & ~(<u64>0xffff_ffff)) | <u64>summarise(<u32>f));
}

/** mtfsb1: sets bit `bt` (0…31, counted from the left of the low word); a new exception sets FX. */
export function mtfsb1(cpu: usize, bt: u32): void {
  const old = load<u32>(cpu + L.S_fpscr);
  const bit = (<u32>0x8000_0000 >> bt) & <u32>WRITABLE;
  let f = old | bit;
  if (bit & ~old & EXCEPTIONS) f |= FX;
  store<u32>(cpu + L.S_fpscr, summarise(f));
}

/** mcrfs: field `bfa` of FPSCR; the exception bits in it are cleared. */
export function mcrfs(cpu: usize, bfa: u32): u32 {
  const old = load<u32>(cpu + L.S_fpscr);
  const shift = 28 - 4 * bfa;
  store<u32>(cpu + L.S_fpscr, summarise(old & ~(EXCEPTIONS & ((<u32>0xf) << shift))));
  return (old >> shift) & 0xf;
}

/**
 * Called while FPSCR[FEX] = 1, after the results are written: raises the program interrupt with SRR0 = this instruction
 * unless MSR[FE0] and MSR[FE1] are both 0 (Book III, section 7.5.9). All modes but "ignore" are precise here.
 */
export function floatingPointEnabled(cpu: usize): void {
  if ((load<u64>(cpu + L.S_msr) & 0x900) === 0 || !(load<u32>(cpu + L.S_fpscr) & FEX)) return;
  store<u32>(cpu + L.S_exception, 0x700);
  store<u32>(cpu + L.S_exceptionAfter, 0);
  store<u64>(cpu + L.S_exceptionSrr1, 0x10_0000);
}
