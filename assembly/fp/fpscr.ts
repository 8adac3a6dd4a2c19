// The floating-point status and control register: exceptions, summaries, result class (Power ISA Book I, section 4.2.2).
import * as L from '../generated/layout';

export const FX: u32 = 0x8000_0000;
export const FEX: u32 = 0x4000_0000;
export const VX: u32 = 0x2000_0000;
export const OX: u32 = 0x1000_0000;
export const UX: u32 = 0x0800_0000;
export const ZX: u32 = 0x0400_0000;
export const XX: u32 = 0x0200_0000;
export const VXSNAN: u32 = 0x0100_0000;
export const VXISI: u32 = 0x0080_0000;
export const VXIDI: u32 = 0x0040_0000;
export const VXZDZ: u32 = 0x0020_0000;
export const VXIMZ: u32 = 0x0010_0000;
export const VXVC: u32 = 0x0008_0000;
export const FR: u32 = 0x0004_0000;
export const FI: u32 = 0x0002_0000;
export const VXSOFT: u32 = 0x400;
export const VXSQRT: u32 = 0x200;
export const VXCVI: u32 = 0x100;
export const VE: u32 = 0x80;
export const OE: u32 = 0x40;
export const UE: u32 = 0x20;
export const ZE: u32 = 0x10;
export const XE: u32 = 0x08;

/** All invalid-operation bits. */
export const VX_ANY: u32 = VXSNAN | VXISI | VXIDI | VXZDZ | VXIMZ | VXVC | VXSOFT | VXSQRT | VXCVI;
/** FPRF: result class C and the condition code FL, FG, FE, FU. */
export const FPRF: u32 = 0x1_f000;
export const FPCC: u32 = 0xf000;
const FPRF_SHIFT: u32 = 12;

/** Result classes, the values of FPRF (Book I, figure "Floating-Point Result Flags"). */
export const CLASS_QNAN: u32 = 0x11;
export const CLASS_INFINITY: u32 = 0x05;
export const CLASS_NORMAL: u32 = 0x04;
export const CLASS_DENORMAL: u32 = 0x14;
export const CLASS_ZERO: u32 = 0x02;

/** Rounding modes: FPSCR[RN], then those that only single instructions name. */
export const NEAREST: u32 = 0;
export const TOWARD_ZERO: u32 = 1;
export const UPWARD: u32 = 2;
export const DOWNWARD: u32 = 3;
export const NEAREST_AWAY: u32 = 4;
export const TO_ODD: u32 = 5;

/** The instruction in progress: control bits at its start, what it raised, how it rounded. */
// biome-ignore lint/complexity/noStaticOnlyClass: static fields are WebAssembly globals that several files may assign.
export class Now {
  /** Low word of FPSCR when the instruction began. */
  static fpscr: u32 = 0;
  static mode: u32 = 0;
  /** Exception bits raised. */
  static raised: u32 = 0;
  /** FR and FI of the last rounding. */
  static rounding: u32 = 0;
}

/** Starts an instruction: reads FPSCR, forgets what the last one raised. */
export function begin(cpu: usize): void {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  Now.fpscr = fpscr;
  Now.mode = fpscr & 3;
  Now.raised = 0;
  Now.rounding = 0;
}

/** Whether a raised invalid operation or division by zero is enabled: the target then keeps its value. */
export function suppressed(): bool {
  return ((Now.raised & VX_ANY) !== 0 && (Now.fpscr & VE) !== 0) || ((Now.raised & ZX) !== 0 && (Now.fpscr & ZE) !== 0);
}

/** FPSCR with the summary bits VX and FEX made anew from the others. */
export function summarise(fpscr: u32): u32 {
  let f = fpscr & ~(VX | FEX);
  if (f & VX_ANY) f |= VX;
  // VX, OX, UX, ZX, XX stand 22 bits above VE, OE, UE, ZE, XE.
  if ((f >> 22) & f & 0xf8) f |= FEX;
  return f;
}

/** Writes FPSCR: bits `mask` become `bits`, `raised` exceptions are added, FX notes a new one. */
export function update(cpu: usize, old: u32, mask: u32, bits: u32, raised: u32): void {
  let f = (old & ~mask) | bits | raised;
  if (raised & ~old) f |= FX;
  store<u32>(cpu + L.S_fpscr, summarise(f));
}

/** Ends a scalar instruction with this result class; false when the target must keep its value. */
export function endScalar(cpu: usize, resultClass: u32): bool {
  if (suppressed()) {
    update(cpu, Now.fpscr, FR | FI, 0, Now.raised);
    return false;
  }
  update(cpu, Now.fpscr, FR | FI | FPRF, Now.rounding | (resultClass << FPRF_SHIFT), Now.raised);
  return true;
}

/** Ends a scalar instruction that leaves FPRF alone (conversion to integer); false when the target keeps its value. */
export function endWithoutClass(cpu: usize): bool {
  const keep = suppressed();
  update(cpu, Now.fpscr, FR | FI, keep ? 0 : Now.rounding, Now.raised);
  return !keep;
}

/** Ends a scalar instruction that was exact or rounded as `rounding` says and raised nothing but XX. */
export function endFast(cpu: usize, fpscr: u32, rounding: u32, resultClass: u32): void {
  update(cpu, fpscr, FR | FI | FPRF, rounding | (resultClass << FPRF_SHIFT), (rounding & FI) << 8);
}

/**
 * Ends a vector instruction, which leaves FR, FI and FPRF alone; false when any enabled exception of any element keeps
 * the whole target (Book I, section 7.4: every enabled exception suppresses a vector result).
 */
export function endVector(cpu: usize): bool {
  const raised = Now.raised;
  update(cpu, Now.fpscr, 0, 0, raised);
  const summary = raised & VX_ANY ? raised | VX : raised;
  return ((summary >> 22) & Now.fpscr & 0xf8) === 0;
}

/** FPRF class of a double. */
export function classOfDouble(bits: u64): u32 {
  const e = <u32>(bits >> 52) & 0x7ff;
  const negative = <u32>(bits >> 63);
  if (e - 1 < 0x7fe) return negative ? 0x08 : CLASS_NORMAL;
  if (e) {
    if (bits << 12) return CLASS_QNAN;
    return negative ? 0x09 : CLASS_INFINITY;
  }
  if (bits << 1) return negative ? 0x18 : CLASS_DENORMAL;
  return negative ? 0x12 : CLASS_ZERO;
}
