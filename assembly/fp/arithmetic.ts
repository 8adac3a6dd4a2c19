// Addition, multiplication, division, square root of unpacked numbers, before rounding (Power ISA Book I, section 4.3).
import { DOWNWARD, Now, VXIDI, VXIMZ, VXISI, VXSNAN, VXSQRT, VXZDZ, ZX } from './fpscr';
import {
  A,
  B,
  C,
  FINITE,
  fromA,
  fromB,
  fromC,
  INFINITE,
  normalise,
  QUIET,
  R,
  SIGNALLING,
  shiftRightSticky,
  ZERO,
} from './number';

const TOP: u64 = 0x8000_0000_0000_0000;
const QUIET_BIT: u64 = 0x4000_0000_0000_0000;

/** R becomes the default QNaN. */
export function defaultNan(): void {
  R.kind = QUIET;
  R.sign = 0;
  R.hi = TOP | QUIET_BIT;
  R.lo = 0;
}

function quieten(): void {
  R.kind = QUIET;
  R.hi |= QUIET_BIT;
}

/** When A is a NaN: R becomes it, quiet. */
export function nanOfA(): bool {
  if (A.kind < QUIET) return false;
  if (A.kind === SIGNALLING) Now.raised |= VXSNAN;
  fromA();
  quieten();
  return true;
}

/** When A or B is a NaN: R becomes the first of them, quiet. */
export function nanOfAB(): bool {
  if (A.kind === SIGNALLING || B.kind === SIGNALLING) Now.raised |= VXSNAN;
  if (A.kind >= QUIET) fromA();
  else if (B.kind >= QUIET) fromB();
  else return false;
  quieten();
  return true;
}

/** When A, B or C is a NaN: R becomes the first of them, quiet. */
function nanOfABC(): bool {
  if (A.kind === SIGNALLING || B.kind === SIGNALLING || C.kind === SIGNALLING) Now.raised |= VXSNAN;
  if (A.kind >= QUIET) fromA();
  else if (B.kind >= QUIET) fromB();
  else if (C.kind >= QUIET) fromC();
  else return false;
  quieten();
  return true;
}

/** The sign of a sum that is exactly zero, of unlike addends. */
export function signOfZeroSum(): u32 {
  return Now.mode === DOWNWARD ? 1 : 0;
}

/** R = A + B. */
export function add(): void {
  if (nanOfAB()) return;
  if (A.kind === FINITE && B.kind === FINITE) addFinite();
  else addSpecial();
}

/** R = A + B where one of them is zero or infinite and none a NaN; raises VXISI. */
export function addSpecial(): void {
  if (A.kind === INFINITE) {
    if (B.kind === INFINITE && A.sign !== B.sign) {
      Now.raised |= VXISI;
      defaultNan();
    } else fromA();
  } else if (B.kind === INFINITE) fromB();
  else if (B.kind === FINITE) fromB();
  else {
    fromA();
    if (A.kind === ZERO && A.sign !== B.sign) R.sign = signOfZeroSum();
  }
}

function addFinite(): void {
  // The significands have at least two spare low bits: one serves as headroom, and a shift by one loses nothing.
  const aLarger = A.exp > B.exp || (A.exp === B.exp && (A.hi > B.hi || (A.hi === B.hi && A.lo >= B.lo)));
  const distance = aLarger ? A.exp - B.exp : B.exp - A.exp;
  const sign = aLarger ? A.sign : B.sign;
  const exp = aLarger ? A.exp : B.exp;
  const hi = aLarger ? A.hi : B.hi;
  const lo = aLarger ? A.lo : B.lo;
  if (aLarger) fromB();
  else fromA();
  shiftRightSticky(distance + 1);
  const largerLo = (lo >> 1) | (hi << 63);
  const largerHi = hi >> 1;
  R.sign = sign;
  R.exp = exp + 1;
  if (A.sign === B.sign) {
    const sum = largerLo + R.lo;
    R.hi = largerHi + R.hi + <u64>(sum < largerLo);
    R.lo = sum;
  } else {
    const borrow = <u64>(largerLo < R.lo);
    R.lo = largerLo - R.lo;
    R.hi = largerHi - R.hi - borrow;
    if (!(R.hi | R.lo)) {
      R.kind = ZERO;
      R.sign = signOfZeroSum();
      return;
    }
  }
  if (!(R.hi & TOP)) normalise();
}

/** High 64 bits of a product. */
export function multiplyHigh(x: u64, y: u64): u64 {
  const x0 = x & 0xffff_ffff;
  const x1 = x >> 32;
  const y0 = y & 0xffff_ffff;
  const y1 = y >> 32;
  const low = x0 * y0;
  const middle = x1 * y0 + (low >> 32);
  const other = x0 * y1 + (middle & 0xffff_ffff);
  return x1 * y1 + (middle >> 32) + (other >> 32);
}

/** The low half of the last product of two 128-bit significands, for the fused multiply-add of binary128. */
// biome-ignore lint/complexity/noStaticOnlyClass: see A in number.ts.
export class ProductTail {
  static hi: u64 = 0;
  static lo: u64 = 0;
}

/** A = A × C, both finite; the low half goes to `ProductTail`. The result has bit 127 set. */
export function multiplyFinite(): void {
  A.sign ^= C.sign;
  A.exp += C.exp;
  let p3: u64;
  let p2: u64;
  let p1: u64 = 0;
  let p0: u64 = 0;
  if (A.lo | C.lo) {
    const hl = multiplyHigh(A.hi, C.lo);
    const lh = multiplyHigh(A.lo, C.hi);
    const hlLow = A.hi * C.lo;
    const lhLow = A.lo * C.hi;
    p0 = A.lo * C.lo;
    p1 = multiplyHigh(A.lo, C.lo) + hlLow;
    let carry = <u64>(p1 < hlLow);
    p1 += lhLow;
    carry += <u64>(p1 < lhLow);
    p2 = A.hi * C.hi + carry;
    p3 = multiplyHigh(A.hi, C.hi) + <u64>(p2 < carry);
    p2 += hl;
    p3 += <u64>(p2 < hl);
    p2 += lh;
    p3 += <u64>(p2 < lh);
  } else {
    p3 = multiplyHigh(A.hi, C.hi);
    p2 = A.hi * C.hi;
  }
  if (p3 & TOP) A.exp += 1;
  else {
    p3 = (p3 << 1) | (p2 >> 63);
    p2 = (p2 << 1) | (p1 >> 63);
    p1 = (p1 << 1) | (p0 >> 63);
    p0 <<= 1;
  }
  A.hi = p3;
  A.lo = p2;
  ProductTail.hi = p1;
  ProductTail.lo = p0;
}

/** A = A × C when none is a NaN; false (and R the default QNaN) for infinity times zero. */
function multiplyNumbers(): bool {
  ProductTail.hi = 0;
  ProductTail.lo = 0;
  if (A.kind === FINITE && C.kind === FINITE) {
    multiplyFinite();
    return true;
  }
  if ((A.kind === INFINITE && C.kind === ZERO) || (A.kind === ZERO && C.kind === INFINITE)) {
    Now.raised |= VXIMZ;
    defaultNan();
    return false;
  }
  A.sign ^= C.sign;
  if (A.kind === FINITE || C.kind === INFINITE) A.kind = C.kind;
  return true;
}

/** R = A × B. */
export function multiply(): void {
  if (nanOfAB()) return;
  fromB();
  C.kind = R.kind;
  C.sign = R.sign;
  C.exp = R.exp;
  C.hi = R.hi;
  C.lo = R.lo;
  if (!multiplyNumbers()) return;
  fromA();
  if (ProductTail.hi | ProductTail.lo) R.lo |= 1;
}

/**
 * First half of R = A × C + B: handles NaNs and the product. True when R is final already, else A holds the product.
 * An infinity times zero is noted even when the addend is a NaN.
 */
export function productForAdd(): bool {
  const timesZero = (A.kind === INFINITE && C.kind === ZERO) || (A.kind === ZERO && C.kind === INFINITE);
  if (nanOfABC()) {
    if (timesZero) Now.raised |= VXIMZ;
    return true;
  }
  return !multiplyNumbers();
}

/** R = A × C + B, unrounded; for formats whose product fits 126 bits. `negateAddend` makes it a subtraction. */
export function multiplyAdd(negateAddend: bool): void {
  if (productForAdd()) return;
  if (negateAddend) B.sign ^= 1;
  if (A.kind === FINITE && B.kind === FINITE) addFinite();
  else addSpecial();
}

/** R = A ÷ B; `wide` for a result of more than 60 bits. */
export function divide(wide: bool): void {
  if (nanOfAB()) return;
  const sign = A.sign ^ B.sign;
  if (A.kind === B.kind && A.kind !== FINITE) {
    Now.raised |= A.kind === ZERO ? VXZDZ : VXIDI;
    defaultNan();
    return;
  }
  if (A.kind === FINITE && B.kind === FINITE) {
    divideFinite(wide);
    return;
  }
  if (B.kind === ZERO && A.kind === FINITE) Now.raised |= ZX;
  R.sign = sign;
  R.kind = A.kind === INFINITE || B.kind === ZERO ? INFINITE : ZERO;
}

function divideFinite(wide: bool): void {
  R.kind = FINITE;
  R.sign = A.sign ^ B.sign;
  R.exp = A.exp - B.exp;
  const less = A.hi < B.hi || (A.hi === B.hi && A.lo < B.lo);
  if (less) R.exp -= 1;
  if (!wide) {
    const divisor = B.hi >> 1;
    let rest = less ? A.hi : A.hi >> 1;
    let quotient: u64 = 0;
    for (let i = 0; i < 64; i++) {
      quotient <<= 1;
      if (rest >= divisor) {
        rest -= divisor;
        quotient |= 1;
      }
      rest <<= 1;
    }
    R.hi = quotient;
    R.lo = rest ? 1 : 0;
    return;
  }
  // The low bits of both are 0, so halving them to make room for the doubled remainder loses nothing.
  const divisorHi = B.hi >> 1;
  const divisorLo = (B.hi << 63) | (B.lo >> 1);
  let restHi = less ? A.hi : A.hi >> 1;
  let restLo = less ? A.lo : (A.hi << 63) | (A.lo >> 1);
  let high: u64 = 0;
  let low: u64 = 0;
  for (let i = 0; i < 128; i++) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    if (restHi > divisorHi || (restHi === divisorHi && restLo >= divisorLo)) {
      restHi -= divisorHi + <u64>(restLo < divisorLo);
      restLo -= divisorLo;
      low |= 1;
    }
    restHi = (restHi << 1) | (restLo >> 63);
    restLo <<= 1;
  }
  R.hi = high;
  R.lo = restHi | restLo ? low | 1 : low;
}

/** R = √A; `wide` for a result of more than 56 bits. */
export function squareRoot(wide: bool): void {
  if (nanOfA()) return;
  fromA();
  if (A.kind === ZERO) return;
  if (A.sign) {
    Now.raised |= VXSQRT;
    defaultNan();
    return;
  }
  if (A.kind === INFINITE) return;
  // Digit by digit on a radicand in [1, 4) whose integer part is its top two bits.
  let radicandHi = A.hi;
  let radicandLo = A.lo;
  if (!(A.exp & 1)) {
    radicandLo = (radicandLo >> 1) | (radicandHi << 63);
    radicandHi >>= 1;
  }
  R.exp = A.exp >> 1;
  let rootHi: u64 = 0;
  let rootLo: u64 = 0;
  let restHi: u64 = 0;
  let restLo: u64 = 0;
  // 116 digits: a binary128 significand, two more, and the remainder decides the last one.
  const digits = wide ? 116 : 58;
  for (let i = 0; i < digits; i++) {
    restHi = (restHi << 2) | (restLo >> 62);
    restLo = (restLo << 2) | (radicandHi >> 62);
    radicandHi = (radicandHi << 2) | (radicandLo >> 62);
    radicandLo <<= 2;
    const trialHi = (rootHi << 2) | (rootLo >> 62);
    const trialLo = (rootLo << 2) | 1;
    rootHi = (rootHi << 1) | (rootLo >> 63);
    rootLo <<= 1;
    if (restHi > trialHi || (restHi === trialHi && restLo >= trialLo)) {
      restHi -= trialHi + <u64>(restLo < trialLo);
      restLo -= trialLo;
      rootLo |= 1;
    }
  }
  const up = 128 - digits;
  if (up >= 64) {
    R.hi = rootLo << (up - 64);
    R.lo = 0;
  } else {
    R.hi = (rootHi << up) | (rootLo >> (64 - up));
    R.lo = rootLo << up;
  }
  // Radicand bits not used up are zero: a significand has fewer than twice the digits.
  if (restHi | restLo) R.lo |= 1;
}

/** R = A, quiet: the operand of a conversion. */
export function operand(): void {
  if (!nanOfA()) fromA();
}
