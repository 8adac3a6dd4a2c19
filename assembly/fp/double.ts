// Scalar arithmetic with double-precision results (Power ISA Book I, sections 4.6.6 and 7.6.1). Each function returns
// what the target becomes: its old value when an enabled exception keeps it.
import * as L from '../generated/layout';
import { add, divide, multiply, squareRoot } from './arithmetic';
import { begin, CLASS_ZERO, classOfDouble, endFast, endScalar, FI, FR, UE } from './fpscr';
import { classOfResult, packDouble, QUIET, R, roundTo, toA, toB, unpackDouble } from './number';

/** Rounds R to double precision and ends the instruction. */
export function finishDouble(cpu: usize, target: u64): u64 {
  roundTo(53, -1022, 1023, 1536);
  return endScalar(cpu, classOfResult(-1022)) ? packDouble() : target;
}

function addSlowly(cpu: usize, target: u64, a: u64, b: u64, negate: bool): u64 {
  begin(cpu);
  unpackDouble(a);
  toA();
  unpackDouble(b);
  if (negate && R.kind < QUIET) R.sign ^= 1;
  toB();
  add();
  return finishDouble(cpu, target);
}

// The fast paths hold for rounding to nearest. What the host computed is then the result; its error says FI and FR.

function addFast(cpu: usize, target: u64, a: u64, b: u64, negate: bool): u64 {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  const x = reinterpret<f64>(a);
  const y = negate ? -reinterpret<f64>(b) : reinterpret<f64>(b);
  const sum = x + y;
  const bits = reinterpret<u64>(sum);
  const e = <u32>(bits >> 52) & 0x7ff;
  if (fpscr & 3 || e > 0x7fc || (e === 0 && fpscr & UE && bits << 1)) return addSlowly(cpu, target, a, b, negate);
  // Knuth's error of a sum: exact, also for denormals (which are never inexact here).
  const part = sum - x;
  const error = x - (sum - part) + (y - part);
  let rounding: u32 = 0;
  if (error !== 0) rounding = error < 0 === sum < 0 ? FI : FI | FR;
  endFast(cpu, fpscr, rounding, classOfDouble(bits));
  return bits;
}

/** fadd, xsadddp. */
export function fadd(cpu: usize, target: u64, a: u64, b: u64): u64 {
  return addFast(cpu, target, a, b, false);
}

/** fsub, xssubdp. */
export function fsub(cpu: usize, target: u64, a: u64, b: u64): u64 {
  return addFast(cpu, target, a, b, true);
}

const FRACTION: u64 = 0xf_ffff_ffff_ffff;
const HIDDEN: u64 = 0x10_0000_0000_0000;

/** FI and FR from exact − result in units that both share; |difference| < 2^63. */
function roundingOf(difference: i64): u32 {
  if (difference === 0) return 0;
  return difference < 0 ? FI | FR : FI;
}

/** fmul, xsmuldp. */
export function fmul(cpu: usize, target: u64, a: u64, b: u64): u64 {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  const bits = reinterpret<u64>(reinterpret<f64>(a) * reinterpret<f64>(b));
  if ((fpscr & 3) === 0) {
    const ea = <i32>(a >> 52) & 0x7ff;
    const eb = <i32>(b >> 52) & 0x7ff;
    const er = <i32>(bits >> 52) & 0x7ff;
    // A result with the least exponent may have been tiny before it was rounded.
    if (<u32>(er - 2) < 0x7fd && ea !== 0 && eb !== 0) {
      // The error is below 2^53, so the low 64 bits of the 106-bit product are enough.
      const product = ((a & FRACTION) | HIDDEN) * ((b & FRACTION) | HIDDEN);
      const difference = product - (((bits & FRACTION) | HIDDEN) << (er - ea - eb + 1075));
      const negative = <u32>(bits >> 63);
      endFast(cpu, fpscr, roundingOf(<i64>difference), negative ? 0x08 : 0x04);
      return bits;
    }
    if (bits << 1 === 0 && (a << 1 === 0 || b << 1 === 0)) {
      endFast(cpu, fpscr, 0, bits ? 0x12 : CLASS_ZERO);
      return bits;
    }
  }
  begin(cpu);
  unpackDouble(a);
  toA();
  unpackDouble(b);
  toB();
  multiply();
  return finishDouble(cpu, target);
}

/** fdiv, xsdivdp. */
export function fdiv(cpu: usize, target: u64, a: u64, b: u64): u64 {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  if ((fpscr & 3) === 0) {
    const bits = reinterpret<u64>(reinterpret<f64>(a) / reinterpret<f64>(b));
    const ea = <i32>(a >> 52) & 0x7ff;
    const eb = <i32>(b >> 52) & 0x7ff;
    const er = <i32>(bits >> 52) & 0x7ff;
    if (<u32>(er - 2) < 0x7fd && ea !== 0 && eb !== 0 && eb !== 0x7ff) {
      const product = ((bits & FRACTION) | HIDDEN) * ((b & FRACTION) | HIDDEN);
      const difference = (((a & FRACTION) | HIDDEN) << (ea - er - eb + 1075)) - product;
      const negative = <u32>(bits >> 63);
      endFast(cpu, fpscr, roundingOf(<i64>difference), negative ? 0x08 : 0x04);
      return bits;
    }
  }
  begin(cpu);
  unpackDouble(a);
  toA();
  unpackDouble(b);
  toB();
  divide(false);
  return finishDouble(cpu, target);
}

/** fsqrt, xssqrtdp. */
export function fsqrt(cpu: usize, target: u64, b: u64): u64 {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  const eb = <i32>(b >> 52);
  // Normal and positive.
  if ((fpscr & 3) === 0 && <u32>(eb - 1) < 0x7fe) {
    const bits = reinterpret<u64>(sqrt<f64>(reinterpret<f64>(b)));
    const er = <i32>(bits >> 52);
    const root = (bits & FRACTION) | HIDDEN;
    const difference = (((b & FRACTION) | HIDDEN) << (eb - 2 * er + 1075)) - root * root;
    endFast(cpu, fpscr, roundingOf(<i64>difference), 0x04);
    return bits;
  }
  begin(cpu);
  unpackDouble(b);
  toA();
  squareRoot(false);
  return finishDouble(cpu, target);
}
