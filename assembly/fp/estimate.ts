// Reciprocal estimates: the exact quotient, rounded, which is well inside the architected error (Book I, section 4.6.6).
import { divide, nanOfA, squareRoot } from './arithmetic';
import { begin, endScalar, Now, OX, XX } from './fpscr';
import { A, classOfResult, FINITE, fromA, packDouble, QUIET, R, roundSignificand, roundTo, toA, toB, unpackDouble } from './number';

/** R = 1 ÷ A. */
export function reciprocal(): void {
  if (nanOfA()) return;
  fromA();
  toB();
  A.kind = FINITE;
  A.sign = 0;
  A.exp = 0;
  A.hi = 0x8000_0000_0000_0000;
  A.lo = 0;
  divide(false);
}

/** R = 1 ÷ √A with the root rounded to `precision` bits; the sign of a zero is kept. */
export function reciprocalSquareRoot(precision: i32): void {
  squareRoot(false);
  if (R.kind >= QUIET) return;
  if (R.kind === FINITE) roundSignificand(precision, Now.mode);
  toA();
  reciprocal();
}

/** Rounds an estimate; being one, it is neither exact nor inexact: XX, FI and FR say nothing unless it overflows. */
export function roundEstimate(single: bool): void {
  if (single) roundTo(24, -126, 127, 192);
  else roundTo(53, -1022, 1023, 1536);
  if (!(Now.raised & OX)) Now.raised &= ~XX;
  Now.rounding = 0;
}

function finish(cpu: usize, target: u64, single: bool): u64 {
  roundEstimate(single);
  return endScalar(cpu, classOfResult(single ? -126 : -1022)) ? packDouble() : target;
}

/** fre, xsredp. */
export function fre(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  reciprocal();
  return finish(cpu, target, false);
}
/** fres, xsresp. */
export function fres(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  reciprocal();
  return finish(cpu, target, true);
}
/** frsqrte, xsrsqrtedp. */
export function frsqrte(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  reciprocalSquareRoot(53);
  return finish(cpu, target, false);
}
/** frsqrtes, xsrsqrtesp. */
export function frsqrtes(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  reciprocalSquareRoot(53);
  return finish(cpu, target, true);
}
