// Comparisons and tests of scalars (Power ISA Book I, sections 4.6.5, 4.6.8, 7.6.1).
import * as L from '../generated/layout';
import { FPCC, update, VE, VXSNAN, VXVC } from './fpscr';

const INFINITY_BITS: u64 = 0x7ff0_0000_0000_0000;
const QUIET_BIT: u64 = 0x8_0000_0000_0000;

function isSignalling(bits: u64): bool {
  return (bits & ~((<u64>1) << 63)) > INFINITY_BITS && (bits & QUIET_BIT) === 0;
}

function compare(cpu: usize, a: u64, b: u64, ordered: bool): u32 {
  const x = reinterpret<f64>(a);
  const y = reinterpret<f64>(b);
  const fpscr = load<u32>(cpu + L.S_fpscr);
  const field: u32 = x < y ? 8 : x > y ? 4 : x === y ? 2 : 1;
  let raised: u32 = 0;
  if (field === 1) {
    if (isSignalling(a) || isSignalling(b)) {
      raised = VXSNAN;
      if (ordered && (fpscr & VE) === 0) raised |= VXVC;
    } else if (ordered) raised = VXVC;
  }
  update(cpu, fpscr, FPCC, field << 12, raised);
  return field;
}

/** fcmpu, xscmpudp: the CR field; FPCC is set to it. */
export function fcmpu(cpu: usize, a: u64, b: u64): u32 {
  return compare(cpu, a, b, false);
}

/** fcmpo, xscmpodp. */
export function fcmpo(cpu: usize, a: u64, b: u64): u32 {
  return compare(cpu, a, b, true);
}

/** ftdiv: the CR field 0b1 ‖ fg ‖ fe ‖ 0. */
export function ftdiv(_cpu: usize, a: u64, b: u64): u32 {
  const biasedA = <i32>(a >> 52) & 0x7ff;
  const biasedB = <i32>(b >> 52) & 0x7ff;
  const ea = biasedA - 1023;
  const eb = biasedB - 1023;
  const aInfinite = (a & ~((<u64>1) << 63)) === INFINITY_BITS;
  const bInfinite = (b & ~((<u64>1) << 63)) === INFINITY_BITS;
  const fe =
    biasedA === 0x7ff ||
    biasedB === 0x7ff ||
    eb <= -1022 ||
    eb >= 1021 ||
    (a << 1 !== 0 && (ea - eb >= 1023 || ea - eb <= -1021 || ea <= -970));
  const fg = aInfinite || bInfinite || biasedB === 0;
  return 8 | (fg ? 4 : 0) | (fe ? 2 : 0);
}

/** ftsqrt. */
export function ftsqrt(_cpu: usize, b: u64): u32 {
  const biased = <i32>(b >> 52) & 0x7ff;
  const fe = biased === 0x7ff || b >> 63 !== 0 || biased - 1023 <= -970;
  const fg = (b & ~((<u64>1) << 63)) === INFINITY_BITS || biased === 0;
  return 8 | (fg ? 4 : 0) | (fe ? 2 : 0);
}
