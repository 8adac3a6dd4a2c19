// Quad-precision arithmetic, conversions and compares (Power ISA Book I, section 7.6.1). Operands are VSRs by
// reference; `odd` asks for round-to-odd (the forms with suffix o).
import { add, addSpecial, divide, multiply, operand, ProductTail, productForAdd, signOfZeroSum, squareRoot } from './arithmetic';
import {
  begin,
  endScalar,
  endWithoutClass,
  FPCC,
  NEAREST_AWAY,
  Now,
  TO_ODD,
  TOWARD_ZERO,
  update,
  VXSNAN,
  XX,
} from './fpscr';
import { convertToInteger, roundIntegral } from './integer';
import {
  A,
  B,
  classOfResult,
  FINITE,
  packDouble,
  packQuad,
  QUIET,
  R,
  roundTo,
  SIGNALLING,
  toA,
  toB,
  toC,
  unpackDouble,
  unpackInteger,
  unpackQuad,
  ZERO,
} from './number';
import { isOfClass, noteOrdered, setCondition } from './vsx-scalar';

function unpackAt(ref: usize): void {
  unpackQuad(load<u64>(ref + 8), load<u64>(ref));
}

function beginQuad(cpu: usize, odd: i32): void {
  begin(cpu);
  if (odd) Now.mode = TO_ODD;
}

/** Rounds R, ends the instruction, writes the target. */
function finishQuad(cpu: usize, t: usize, negate: bool): void {
  roundTo(113, -16382, 16383, 24576);
  if (negate && R.kind < QUIET) R.sign ^= 1;
  if (endScalar(cpu, classOfResult(-16382))) packQuad(t);
}

/** xsaddqp[o], xssubqp[o]. */
export function xsaddqp(cpu: usize, t: usize, a: usize, b: usize, subtract: i32, odd: i32): void {
  beginQuad(cpu, odd);
  unpackAt(a);
  toA();
  unpackAt(b);
  if (subtract && R.kind < QUIET) R.sign ^= 1;
  toB();
  add();
  finishQuad(cpu, t, false);
}
/** xsmulqp[o]. */
export function xsmulqp(cpu: usize, t: usize, a: usize, b: usize, odd: i32): void {
  beginQuad(cpu, odd);
  unpackAt(a);
  toA();
  unpackAt(b);
  toB();
  multiply();
  finishQuad(cpu, t, false);
}
/** xsdivqp[o]. */
export function xsdivqp(cpu: usize, t: usize, a: usize, b: usize, odd: i32): void {
  beginQuad(cpu, odd);
  unpackAt(a);
  toA();
  unpackAt(b);
  toB();
  divide(true);
  finishQuad(cpu, t, false);
}
/** xssqrtqp[o]. */
export function xssqrtqp(cpu: usize, t: usize, b: usize, odd: i32): void {
  beginQuad(cpu, odd);
  unpackAt(b);
  toA();
  squareRoot(true);
  finishQuad(cpu, t, false);
}

/** A significand of 256 bits. */
// biome-ignore lint/complexity/noStaticOnlyClass: see A in number.ts.
class Wide {
  static w3: u64 = 0;
  static w2: u64 = 0;
  static w1: u64 = 0;
  static w0: u64 = 0;
}

function shiftWideRightSticky(distance: i32): void {
  let n = min(distance, 255);
  let lost: u64 = 0;
  for (; n >= 64; n -= 64) {
    lost |= Wide.w0;
    Wide.w0 = Wide.w1;
    Wide.w1 = Wide.w2;
    Wide.w2 = Wide.w3;
    Wide.w3 = 0;
  }
  if (n) {
    const up = 64 - n;
    lost |= Wide.w0 << up;
    Wide.w0 = (Wide.w0 >> n) | (Wide.w1 << up);
    Wide.w1 = (Wide.w1 >> n) | (Wide.w2 << up);
    Wide.w2 = (Wide.w2 >> n) | (Wide.w3 << up);
    Wide.w3 >>= n;
  }
  if (lost) Wide.w0 |= 1;
}

function productIsLarger(): bool {
  if (A.exp != B.exp) return A.exp > B.exp;
  if (A.hi != B.hi) return A.hi > B.hi;
  if (A.lo != B.lo) return A.lo > B.lo;
  return true;
}

/** R = the exact product (A and `ProductTail`) + B, both finite. */
function addWide(): void {
  const larger = productIsLarger();
  const sameSign = A.sign == B.sign;
  // A product has at most 226 significant bits: the shift by one for headroom loses nothing.
  let x3 = larger ? A.hi : B.hi;
  let x2 = larger ? A.lo : B.lo;
  let x1 = larger ? ProductTail.hi : 0;
  let x0 = larger ? ProductTail.lo : 0;
  x0 = (x0 >> 1) | (x1 << 63);
  x1 = (x1 >> 1) | (x2 << 63);
  x2 = (x2 >> 1) | (x3 << 63);
  x3 >>= 1;
  Wide.w3 = larger ? B.hi : A.hi;
  Wide.w2 = larger ? B.lo : A.lo;
  Wide.w1 = larger ? 0 : ProductTail.hi;
  Wide.w0 = larger ? 0 : ProductTail.lo;
  shiftWideRightSticky((larger ? A.exp - B.exp : B.exp - A.exp) + 1);
  R.kind = FINITE;
  R.sign = larger ? A.sign : B.sign;
  R.exp = (larger ? A.exp : B.exp) + 1;
  // −y = ~y + 1, so a difference is a sum with carry 1.
  const flip: u64 = sameSign ? 0 : ~(<u64>0);
  let carry: u64 = sameSign ? 0 : 1;
  const y0 = Wide.w0 ^ flip;
  const y1 = Wide.w1 ^ flip;
  const y2 = Wide.w2 ^ flip;
  const y3 = Wide.w3 ^ flip;
  const s0 = x0 + y0;
  const r0 = s0 + carry;
  carry = <u64>(s0 < x0) | <u64>(r0 < s0);
  const s1 = x1 + y1;
  const r1 = s1 + carry;
  carry = <u64>(s1 < x1) | <u64>(r1 < s1);
  const s2 = x2 + y2;
  const r2 = s2 + carry;
  carry = <u64>(s2 < x2) | <u64>(r2 < s2);
  const r3 = x3 + y3 + carry;
  collapse(r3, r2, r1, r0);
}

/** R's significand from 256 bits: normalised, the lost low half sticky. */
function collapse(h3: u64, h2: u64, h1: u64, h0: u64): void {
  let r3 = h3;
  let r2 = h2;
  let r1 = h1;
  let r0 = h0;
  if (!(r3 | r2 | r1 | r0)) {
    R.kind = ZERO;
    R.sign = signOfZeroSum();
    return;
  }
  while (!r3) {
    r3 = r2;
    r2 = r1;
    r1 = r0;
    r0 = 0;
    R.exp -= 64;
  }
  const n = clz(r3);
  if (n) {
    const down = 64 - n;
    r3 = (r3 << n) | (r2 >> down);
    r2 = (r2 << n) | (r1 >> down);
    r1 = (r1 << n) | (r0 >> down);
    r0 <<= n;
    R.exp -= <i32>n;
  }
  R.hi = r3;
  R.lo = r1 | r0 ? r2 | 1 : r2;
}

/** xsmaddqp[o]: t = a × c + b; variant bit 0 negates b, bit 1 the result. */
export function xsmaddqp(cpu: usize, t: usize, a: usize, c: usize, b: usize, variant: i32, odd: i32): void {
  beginQuad(cpu, odd);
  unpackAt(a);
  toA();
  unpackAt(c);
  toC();
  unpackAt(b);
  toB();
  if (!productForAdd()) {
    if (variant & 1) B.sign ^= 1;
    if (A.kind == FINITE && B.kind == FINITE) addWide();
    else {
      addSpecial();
      // A product that meets a zero is the result, with all of its bits.
      if (A.kind == FINITE && R.kind == FINITE && ProductTail.hi | ProductTail.lo) R.lo |= 1;
    }
  }
  finishQuad(cpu, t, (variant & 2) != 0);
}

/** xscvqpdp[o]: into doubleword 0. */
export function xscvqpdp(cpu: usize, t: usize, b: usize, odd: i32): void {
  beginQuad(cpu, odd);
  unpackAt(b);
  toA();
  operand();
  roundTo(53, -1022, 1023, 1536);
  if (!endScalar(cpu, classOfResult(-1022))) return;
  store<u64>(t + 8, packDouble());
  store<u64>(t, 0);
}
/** xscvdpqp: from doubleword 0. */
export function xscvdpqp(cpu: usize, t: usize, b: usize): void {
  begin(cpu);
  unpackDouble(load<u64>(b + 8));
  toA();
  operand();
  if (endScalar(cpu, classOfResult(-16382))) packQuad(t);
}

function toInteger(cpu: usize, t: usize, b: usize, width: i32, signed: bool): void {
  begin(cpu);
  unpackAt(b);
  toA();
  const value = convertToInteger(width, signed, TOWARD_ZERO);
  if (!endWithoutClass(cpu)) return;
  store<u64>(t + 8, width == 32 && signed ? <u64>(<i64>(<i32>value)) : value);
  store<u64>(t, 0);
}
/** xscvqpsdz. */
export function xscvqpsdz(cpu: usize, t: usize, b: usize): void {
  toInteger(cpu, t, b, 64, true);
}
/** xscvqpudz. */
export function xscvqpudz(cpu: usize, t: usize, b: usize): void {
  toInteger(cpu, t, b, 64, false);
}
/** xscvqpswz. */
export function xscvqpswz(cpu: usize, t: usize, b: usize): void {
  toInteger(cpu, t, b, 32, true);
}
/** xscvqpuwz. */
export function xscvqpuwz(cpu: usize, t: usize, b: usize): void {
  toInteger(cpu, t, b, 32, false);
}

/** xscvsdqp: from the signed doubleword 0. */
export function xscvsdqp(cpu: usize, t: usize, b: usize): void {
  begin(cpu);
  const value = load<i64>(b + 8);
  unpackInteger(value < 0 ? 1 : 0, 0, value < 0 ? <u64>(0 - value) : <u64>value);
  if (endScalar(cpu, classOfResult(-16382))) packQuad(t);
}
/** xscvudqp. */
export function xscvudqp(cpu: usize, t: usize, b: usize): void {
  begin(cpu);
  unpackInteger(0, 0, load<u64>(b + 8));
  if (endScalar(cpu, classOfResult(-16382))) packQuad(t);
}

/** Rounding mode of xsrqpi and xsrqpxp from R and RMC. */
function roundingControl(r: i32, rmc: i32): u32 {
  if (r) return rmc;
  return rmc == 3 ? Now.mode : NEAREST_AWAY;
}

/** xsrqpi[x]: to an integral value; only with `inexact` (x) are XX, FR and FI reported. */
export function xsrqpi(cpu: usize, t: usize, b: usize, r: i32, rmc: i32, inexact: i32): void {
  begin(cpu);
  unpackAt(b);
  toA();
  operand();
  roundIntegral(roundingControl(r, rmc));
  if (!inexact) Now.rounding = 0;
  else if (Now.rounding) Now.raised |= XX;
  if (endScalar(cpu, classOfResult(-16382))) packQuad(t);
}
/** xsrqpxp: to 64 bits of significand. */
export function xsrqpxp(cpu: usize, t: usize, b: usize, r: i32, rmc: i32): void {
  begin(cpu);
  unpackAt(b);
  toA();
  operand();
  Now.mode = roundingControl(r, rmc);
  roundTo(64, -16382, 16383, 24576);
  if (endScalar(cpu, classOfResult(-16382))) packQuad(t);
}

/** Fills A and B from two VSRs. */
export function unpackPair(a: usize, b: usize): void {
  unpackAt(a);
  toA();
  unpackAt(b);
  toB();
}

/** The order of A and B: LT=8, GT=4, EQ=2, unordered=1. */
export function order(): u32 {
  if (A.kind >= QUIET || B.kind >= QUIET) return 1;
  if (A.kind == ZERO && B.kind == ZERO) return 2;
  const signA: i32 = A.kind == ZERO ? 0 : A.sign ? -1 : 1;
  const signB: i32 = B.kind == ZERO ? 0 : B.sign ? -1 : 1;
  if (signA != signB) return signA < signB ? 8 : 4;
  let magnitude: i32;
  if (A.kind != B.kind) magnitude = A.kind > B.kind ? 1 : -1;
  else if (A.kind != FINITE) magnitude = 0;
  else if (A.exp != B.exp) magnitude = A.exp > B.exp ? 1 : -1;
  else if (A.hi != B.hi) magnitude = A.hi > B.hi ? 1 : -1;
  else magnitude = A.lo == B.lo ? 0 : A.lo > B.lo ? 1 : -1;
  if (magnitude == 0) return 2;
  return magnitude > 0 == signA > 0 ? 4 : 8;
}

/** xscmpuqp, xscmpoqp (`ordered`): the CR field. */
export function xscmpqp(cpu: usize, a: usize, b: usize, ordered: i32): u32 {
  begin(cpu);
  unpackAt(a);
  toA();
  unpackAt(b);
  toB();
  const field = order();
  if (field == 1) {
    const signals = A.kind == SIGNALLING || B.kind == SIGNALLING;
    if (ordered) noteOrdered(true, signals);
    else if (signals) Now.raised |= VXSNAN;
  }
  update(cpu, Now.fpscr, FPCC, field << 12, Now.raised);
  return field;
}

/** xscmpexpqp: the exponents as integers. */
export function xscmpexpqp(cpu: usize, a: usize, b: usize): u32 {
  unpackAt(a);
  toA();
  unpackAt(b);
  const x = <u32>(load<u64>(a + 8) >> 48) & 0x7fff;
  const y = <u32>(load<u64>(b + 8) >> 48) & 0x7fff;
  const field: u32 = A.kind >= QUIET || R.kind >= QUIET ? 1 : x < y ? 8 : x > y ? 4 : 2;
  setCondition(cpu, field);
  return field;
}

/** xststdcqp. */
export function xststdcqp(cpu: usize, b: usize, dcmx: u32): u32 {
  const high = load<u64>(b + 8);
  const e = <u32>(high >> 48) & 0x7fff;
  const fraction = ((high << 16) | load<u64>(b)) != 0;
  const matches = isOfClass(high >> 63 != 0, e == 0x7fff, e == 0, fraction, dcmx);
  const field: u32 = (high >> 63 ? 8 : 0) | (matches ? 2 : 0);
  setCondition(cpu, field);
  return field;
}
