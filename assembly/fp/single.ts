// Scalar arithmetic with single-precision results in double format (Power ISA Book I, sections 4.6.6 and 7.6.1).
import * as L from '../generated/layout';
import { add, divide, multiply, multiplyAdd, operand, squareRoot } from './arithmetic';
import { begin, CLASS_ZERO, endFast, endScalar, FI, FR, NEAREST } from './fpscr';
import { classOfResult, packDouble, QUIET, R, roundTo, toA, toB, toC, unpackDouble } from './number';

/** Rounds R to single precision and ends the instruction. */
export function finishSingle(cpu: usize, target: u64): u64 {
  roundTo(24, -126, 127, 192);
  return endScalar(cpu, classOfResult(-126)) ? packDouble() : target;
}

/** Operands that are single-precision normal numbers or zero; others have no fast path. */
function isPlainSingle(bits: u64): bool {
  return (<u32>bits & 0x1fff_ffff) === 0 && (<u32>((<i32>(bits >> 52) & 0x7ff) - 897) < 254 || bits << 1 === 0);
}

/** Whether a double that was rounded (to odd, or exact) is far enough inside the range of normal singles. */
function isInside(bits: u64): bool {
  return <u32>((<i32>(bits >> 52) & 0x7ff) - 898) < 252;
}

/** Rounds an exact or to-odd rounded double inside the range to single and ends the instruction. */
function endPlain(cpu: usize, fpscr: u32, value: f64): u64 {
  const result = <f64>(<f32>value);
  let rounding: u32 = 0;
  if (result !== value) rounding = abs(result) > abs(value) ? FI | FR : FI;
  endFast(cpu, fpscr, rounding, value < 0 ? 0x08 : 0x04);
  return reinterpret<u64>(result);
}

/** x + y rounded to odd: the low bit of an inexact sum is set. The sum must be finite. */
function sumToOdd(x: f64, y: f64): u64 {
  const sum = x + y;
  const part = sum - x;
  const error = x - (sum - part) + (y - part);
  const bits = reinterpret<u64>(sum);
  if (error === 0 || bits & 1) return bits;
  return error < 0 === sum < 0 ? bits + 1 : bits - 1;
}

function addSingle(cpu: usize, target: u64, a: u64, b: u64, negate: bool): u64 {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  if ((fpscr & 3) === NEAREST && isPlainSingle(a) && isPlainSingle(b)) {
    const y = reinterpret<f64>(b);
    const bits = sumToOdd(reinterpret<f64>(a), negate ? -y : y);
    if (isInside(bits)) return endPlain(cpu, fpscr, reinterpret<f64>(bits));
    if (bits << 1 === 0) {
      endFast(cpu, fpscr, 0, bits ? 0x12 : CLASS_ZERO);
      return bits;
    }
  }
  begin(cpu);
  unpackDouble(a);
  toA();
  unpackDouble(b);
  if (negate && R.kind < QUIET) R.sign ^= 1;
  toB();
  add();
  return finishSingle(cpu, target);
}

/** fadds, xsaddsp. */
export function fadds(cpu: usize, target: u64, a: u64, b: u64): u64 {
  return addSingle(cpu, target, a, b, false);
}

/** fsubs, xssubsp. */
export function fsubs(cpu: usize, target: u64, a: u64, b: u64): u64 {
  return addSingle(cpu, target, a, b, true);
}

/** fmuls, xsmulsp. */
export function fmuls(cpu: usize, target: u64, a: u64, b: u64): u64 {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  if ((fpscr & 3) === NEAREST && isPlainSingle(a) && isPlainSingle(b)) {
    // 48 bits: exact.
    const value = reinterpret<f64>(a) * reinterpret<f64>(b);
    const bits = reinterpret<u64>(value);
    if (isInside(bits)) return endPlain(cpu, fpscr, value);
    if (bits << 1 === 0) {
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
  return finishSingle(cpu, target);
}

/** fdivs, xsdivsp. */
export function fdivs(cpu: usize, target: u64, a: u64, b: u64): u64 {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  if ((fpscr & 3) === NEAREST && isPlainSingle(a) && isPlainSingle(b)) {
    const x = reinterpret<f64>(a);
    const y = reinterpret<f64>(b);
    const quotient = x / y;
    if (isInside(reinterpret<u64>(quotient))) {
      // A quotient of 24-bit numbers is never so near to a midpoint of singles that rounding twice would differ.
      const result = <f64>(<f32>quotient);
      const back = result * y;
      let rounding: u32 = 0;
      if (back !== x) rounding = abs(back) > abs(x) ? FI | FR : FI;
      endFast(cpu, fpscr, rounding, result < 0 ? 0x08 : 0x04);
      return reinterpret<u64>(result);
    }
  }
  begin(cpu);
  unpackDouble(a);
  toA();
  unpackDouble(b);
  toB();
  divide(false);
  return finishSingle(cpu, target);
}

/** fsqrts, xssqrtsp. */
export function fsqrts(cpu: usize, target: u64, b: u64): u64 {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  const x = reinterpret<f64>(b);
  if ((fpscr & 3) === NEAREST && isPlainSingle(b) && x > 0) {
    const result = <f64>(<f32>sqrt<f64>(x));
    const square = result * result;
    let rounding: u32 = 0;
    if (square !== x) rounding = square > x ? FI | FR : FI;
    endFast(cpu, fpscr, rounding, 0x04);
    return reinterpret<u64>(result);
  }
  begin(cpu);
  unpackDouble(b);
  toA();
  squareRoot(false);
  return finishSingle(cpu, target);
}

/** Bit 0 of `variant` negates the addend, bit 1 the rounded result (unless it is a NaN). */
function fusedSingle(cpu: usize, target: u64, a: u64, c: u64, b: u64, variant: i32): u64 {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  if ((fpscr & 3) === NEAREST && isPlainSingle(a) && isPlainSingle(b) && isPlainSingle(c)) {
    // The product is exact in 48 bits; the sum rounded to odd keeps what the second rounding needs.
    const product = reinterpret<f64>(a) * reinterpret<f64>(c);
    const y = reinterpret<f64>(b);
    const bits = sumToOdd(product, variant & 1 ? -y : y);
    if (isInside(bits)) {
      const value = reinterpret<f64>(bits);
      return endPlain(cpu, fpscr, variant & 2 ? -value : value);
    }
  }
  return fusedSlowly(cpu, target, a, c, b, variant);
}

function fusedSlowly(cpu: usize, target: u64, a: u64, c: u64, b: u64, variant: i32): u64 {
  begin(cpu);
  unpackDouble(a);
  toA();
  unpackDouble(c);
  toC();
  unpackDouble(b);
  toB();
  multiplyAdd((variant & 1) !== 0);
  roundTo(24, -126, 127, 192);
  if (variant & 2 && R.kind < QUIET) R.sign ^= 1;
  return endScalar(cpu, classOfResult(-126)) ? packDouble() : target;
}

/** fmadds: a × c + b. */
export function fmadds(cpu: usize, target: u64, a: u64, c: u64, b: u64): u64 {
  return fusedSingle(cpu, target, a, c, b, 0);
}

/** fmsubs: a × c − b. */
export function fmsubs(cpu: usize, target: u64, a: u64, c: u64, b: u64): u64 {
  return fusedSingle(cpu, target, a, c, b, 1);
}

/** fnmadds: −(a × c + b). */
export function fnmadds(cpu: usize, target: u64, a: u64, c: u64, b: u64): u64 {
  return fusedSingle(cpu, target, a, c, b, 2);
}

/** fnmsubs: −(a × c − b). */
export function fnmsubs(cpu: usize, target: u64, a: u64, c: u64, b: u64): u64 {
  return fusedSingle(cpu, target, a, c, b, 3);
}

/** frsp, xsrsp. */
export function frsp(cpu: usize, target: u64, b: u64): u64 {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  if ((fpscr & 3) === NEAREST) {
    if (isInside(b)) return endPlain(cpu, fpscr, reinterpret<f64>(b));
    if (b << 1 === 0) {
      endFast(cpu, fpscr, 0, b ? 0x12 : CLASS_ZERO);
      return b;
    }
  }
  begin(cpu);
  unpackDouble(b);
  toA();
  operand();
  if (R.kind >= QUIET) R.hi &= 0xffff_ff00_0000_0000;
  return finishSingle(cpu, target);
}
