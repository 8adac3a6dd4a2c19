// Reciprocal estimates: the exact quotient, rounded, which is well inside the architected error (Book I, section 4.6.6).
import { divide, nanOfA, squareRoot } from './arithmetic';
import { finishDouble } from './double';
import { begin, Now } from './fpscr';
import { A, FINITE, fromA, QUIET, R, roundSignificand, toA, toB, unpackDouble } from './number';
import { finishSingle } from './single';

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

/** R = 1 ÷ √A; the sign of a zero is kept. */
export function reciprocalSquareRoot(): void {
  squareRoot(false);
  if (R.kind >= QUIET) return;
  if (R.kind === FINITE) roundSignificand(53, Now.mode);
  toA();
  reciprocal();
}

/** fre, xsredp. */
export function fre(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  reciprocal();
  return finishDouble(cpu, target);
}
/** fres, xsresp. */
export function fres(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  reciprocal();
  return finishSingle(cpu, target);
}
/** frsqrte, xsrsqrtedp. */
export function frsqrte(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  reciprocalSquareRoot();
  return finishDouble(cpu, target);
}
/** frsqrtes, xsrsqrtesp. */
export function frsqrtes(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  reciprocalSquareRoot();
  return finishSingle(cpu, target);
}
