// Unpacked floating-point numbers of any binary format, and their packing (Power ISA Book I, sections 4.3 and 7.3.2).
import {
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_NORMAL,
  CLASS_QNAN,
  CLASS_ZERO,
  FI,
  FR,
  NEAREST,
  NEAREST_AWAY,
  Now,
  OE,
  OX,
  TO_ODD,
  TOWARD_ZERO,
  UE,
  UPWARD,
  UX,
  XX,
} from './fpscr';

export const ZERO: i32 = 0;
export const FINITE: i32 = 1;
export const INFINITE: i32 = 2;
export const QUIET: i32 = 3;
export const SIGNALLING: i32 = 4;

const TOP: u64 = 0x8000_0000_0000_0000;

/**
 * An unpacked number: (−1)^sign × (hi:lo ÷ 2^127) × 2^exp. A finite one has bit 127 of hi:lo set; a NaN keeps its
 * fraction below that bit, left-aligned, which is how the formats convert into each other.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: static fields are WebAssembly globals that several files may assign.
export class A {
  static kind: i32 = 0;
  static sign: u32 = 0;
  static exp: i32 = 0;
  static hi: u64 = 0;
  static lo: u64 = 0;
}
/** Second operand; the addend of a multiply-add. */
// biome-ignore lint/complexity/noStaticOnlyClass: see A.
export class B {
  static kind: i32 = 0;
  static sign: u32 = 0;
  static exp: i32 = 0;
  static hi: u64 = 0;
  static lo: u64 = 0;
}
/** Second factor. */
// biome-ignore lint/complexity/noStaticOnlyClass: see A.
export class C {
  static kind: i32 = 0;
  static sign: u32 = 0;
  static exp: i32 = 0;
  static hi: u64 = 0;
  static lo: u64 = 0;
}
/** Result; also what the unpacking functions fill. */
// biome-ignore lint/complexity/noStaticOnlyClass: see A.
export class R {
  static kind: i32 = 0;
  static sign: u32 = 0;
  static exp: i32 = 0;
  static hi: u64 = 0;
  static lo: u64 = 0;
}

export function toA(): void {
  A.kind = R.kind;
  A.sign = R.sign;
  A.exp = R.exp;
  A.hi = R.hi;
  A.lo = R.lo;
}
export function toB(): void {
  B.kind = R.kind;
  B.sign = R.sign;
  B.exp = R.exp;
  B.hi = R.hi;
  B.lo = R.lo;
}
export function toC(): void {
  C.kind = R.kind;
  C.sign = R.sign;
  C.exp = R.exp;
  C.hi = R.hi;
  C.lo = R.lo;
}
export function fromA(): void {
  R.kind = A.kind;
  R.sign = A.sign;
  R.exp = A.exp;
  R.hi = A.hi;
  R.lo = A.lo;
}
export function fromB(): void {
  R.kind = B.kind;
  R.sign = B.sign;
  R.exp = B.exp;
  R.hi = B.hi;
  R.lo = B.lo;
}
export function fromC(): void {
  R.kind = C.kind;
  R.sign = C.sign;
  R.exp = C.exp;
  R.hi = C.hi;
  R.lo = C.lo;
}

/** Shifts R's significand left until bit 127 is set; it must not be 0. */
export function normalise(): void {
  if (R.hi === 0) {
    R.hi = R.lo;
    R.lo = 0;
    R.exp -= 64;
  }
  const n = <i32>clz(R.hi);
  if (n) {
    R.hi = (R.hi << n) | (R.lo >> (64 - n));
    R.lo <<= n;
    R.exp -= n;
  }
}

/** Shifts R's significand right by n ≥ 0; lost ones stay visible in the last bit. The exponent is left alone. */
export function shiftRightSticky(n: i32): void {
  if (n === 0) return;
  let lost: u64;
  if (n < 64) {
    lost = R.lo << (64 - n);
    R.lo = (R.lo >> n) | (R.hi << (64 - n));
    R.hi >>= n;
  } else if (n < 128) {
    lost = n === 64 ? R.lo : R.lo | (R.hi << (128 - n));
    R.lo = n === 64 ? R.hi : R.hi >> (n - 64);
    R.hi = 0;
  } else {
    lost = R.hi | R.lo;
    R.lo = 0;
    R.hi = 0;
  }
  if (lost) R.lo |= 1;
}

/** Fills R from a sign, a biased exponent and a fraction left-aligned in hi:lo; `max` is the largest biased exponent. */
function unpack(sign: u32, e: i32, hi: u64, lo: u64, max: i32): void {
  R.sign = sign;
  if (e === 0) {
    if (!(hi | lo)) {
      R.kind = ZERO;
      R.exp = 0;
      R.hi = 0;
      R.lo = 0;
      return;
    }
    R.kind = FINITE;
    R.exp = -(max >> 1);
    R.hi = hi;
    R.lo = lo;
    normalise();
    return;
  }
  if (e === max) R.kind = (hi | lo) === 0 ? INFINITE : hi & TOP ? QUIET : SIGNALLING;
  else R.kind = FINITE;
  R.exp = e - (max >> 1);
  R.hi = TOP | (hi >> 1);
  R.lo = (hi << 63) | (lo >> 1);
}

/** Fills R from a binary64 value. */
export function unpackDouble(bits: u64): void {
  unpack(<u32>(bits >> 63), <i32>(bits >> 52) & 0x7ff, bits << 12, 0, 0x7ff);
}
/** Fills R from a binary32 value. */
export function unpackSingle(bits: u32): void {
  unpack(bits >> 31, (bits >> 23) & 0xff, (<u64>bits) << 41, 0, 0xff);
}
/** Fills R from a binary16 value (low 16 bits). */
export function unpackHalf(bits: u32): void {
  unpack((bits >> 15) & 1, (bits >> 10) & 0x1f, (<u64>bits) << 54, 0, 0x1f);
}
/** Fills R from a binary128 value. */
export function unpackQuad(high: u64, low: u64): void {
  unpack(<u32>(high >> 63), <i32>(high >> 48) & 0x7fff, (high << 16) | (low >> 48), low << 16, 0x7fff);
}
/** Fills R from an unsigned 128-bit integer and a sign. */
export function unpackInteger(sign: u32, high: u64, low: u64): void {
  R.sign = sign;
  R.hi = high;
  R.lo = low;
  R.exp = 127;
  if (high | low) {
    R.kind = FINITE;
    normalise();
  } else R.kind = ZERO;
}

/** Whether rounding goes away from zero. */
export function roundsUp(mode: u32, sign: u32, odd: bool, half: bool, sticky: bool): bool {
  if (mode === NEAREST) return half && (sticky || odd);
  if (mode === NEAREST_AWAY) return half;
  if (mode === TOWARD_ZERO || mode === TO_ODD) return false;
  return (half || sticky) && (mode === UPWARD ? sign === 0 : sign !== 0);
}

/** Rounds R's significand to `precision` bits (below bit 127) and leaves FR and FI in `Now`; the exponent may grow. */
export function roundSignificand(precision: i32, mode: u32): void {
  const cut = 128 - precision;
  let odd: bool;
  let half: bool;
  let sticky: bool;
  if (cut > 64) {
    const below = ((<u64>1) << (cut - 64)) - 1;
    const rest = R.hi & below;
    const middle = (below >> 1) + 1;
    odd = (R.hi & (below + 1)) !== 0;
    half = (rest & middle) !== 0;
    sticky = ((rest & (middle - 1)) | R.lo) !== 0;
    R.hi &= ~below;
    R.lo = 0;
  } else {
    const below = cut === 64 ? ~(<u64>0) : ((<u64>1) << cut) - 1;
    const rest = R.lo & below;
    const middle = (below >> 1) + 1;
    odd = cut === 64 ? (R.hi & 1) !== 0 : (R.lo & (below + 1)) !== 0;
    half = (rest & middle) !== 0;
    sticky = (rest & (middle - 1)) !== 0;
    R.lo &= ~below;
  }
  if (!half && !sticky) {
    Now.rounding = 0;
    return;
  }
  Now.rounding = FI;
  if (mode === TO_ODD) {
    if (!odd) {
      if (cut >= 64) R.hi |= (<u64>1) << (cut - 64);
      else R.lo |= (<u64>1) << cut;
    }
    return;
  }
  if (!roundsUp(mode, R.sign, odd, half, sticky)) return;
  Now.rounding = FI | FR;
  if (cut >= 64) R.hi += (<u64>1) << (cut - 64);
  else {
    R.lo += (<u64>1) << cut;
    // A tiny significand may well have nothing in its high half.
    if (R.lo !== 0) return;
    R.hi += 1;
  }
  if (R.hi === 0) {
    R.hi = TOP;
    R.exp += 1;
  }
}

/**
 * Rounds a finite R to a format: `precision` bits, least and largest exponent of normal numbers. Raises OX, UX, XX.
 * `scale` is what an enabled overflow or underflow takes from or adds to the exponent (Book I, sections 4.4.3, 4.4.4).
 */
export function roundTo(precision: i32, emin: i32, emax: i32, scale: i32): void {
  const mode = Now.mode;
  Now.rounding = 0;
  if (R.kind !== FINITE) return;
  if (R.exp < emin) {
    if (Now.fpscr & UE) {
      Now.raised |= UX;
      R.exp += scale;
    } else {
      roundTiny(precision, emin, mode);
      return;
    }
  }
  roundSignificand(precision, mode);
  if (Now.rounding) Now.raised |= XX;
  if (R.exp <= emax) return;
  Now.raised |= OX;
  if (Now.fpscr & OE) {
    R.exp -= scale;
    return;
  }
  Now.raised |= XX;
  if (
    mode === TOWARD_ZERO ||
    mode === TO_ODD ||
    (mode !== NEAREST && (mode === UPWARD ? R.sign !== 0 : R.sign === 0))
  ) {
    R.exp = emax;
    R.hi = precision >= 64 ? ~(<u64>0) : ~(~(<u64>0) >> precision);
    R.lo = precision > 64 ? ~(~(<u64>0) >> (precision - 64)) : 0;
    Now.rounding = FI;
  } else {
    R.kind = INFINITE;
    Now.rounding = FI | FR;
  }
}

function roundTiny(precision: i32, emin: i32, mode: u32): void {
  // A number that is far too small rounds like any that is just below half of the least one.
  shiftRightSticky(min(emin - R.exp, 127));
  R.exp = emin;
  roundSignificand(precision, mode);
  if (Now.rounding) Now.raised |= UX | XX;
  if (R.hi | R.lo) normalise();
  else R.kind = ZERO;
}

/** FPRF class of R after rounding to a format whose least normal exponent is `emin`. */
export function classOfResult(emin: i32): u32 {
  if (R.kind >= QUIET) return CLASS_QNAN;
  if (R.kind === ZERO) return R.sign ? 0x12 : CLASS_ZERO;
  if (R.kind === INFINITE) return R.sign ? 0x09 : CLASS_INFINITY;
  // A result scaled by an enabled underflow counts as normal wherever its exponent is.
  if (R.exp < emin && !(Now.raised & UX && Now.fpscr & UE)) return R.sign ? 0x18 : CLASS_DENORMAL;
  return R.sign ? 0x08 : CLASS_NORMAL;
}

/** R as binary64; it must have been rounded to that or a narrower format. */
export function packDouble(): u64 {
  const sign = (<u64>R.sign) << 63;
  if (R.kind === FINITE) {
    if (R.exp >= -1022) return sign | ((<u64>(R.exp + 1023)) << 52) | ((R.hi << 1) >> 12);
    return sign | (R.hi >> (11 - 1022 - R.exp));
  }
  if (R.kind === ZERO) return sign;
  if (R.kind === INFINITE) return sign | 0x7ff0_0000_0000_0000;
  return sign | 0x7ff0_0000_0000_0000 | ((R.hi << 1) >> 12);
}

/** R as binary32. */
export function packSingle(): u32 {
  const sign = R.sign << 31;
  if (R.kind === FINITE) {
    if (R.exp >= -126) return sign | ((R.exp + 127) << 23) | <u32>((R.hi << 1) >> 41);
    return sign | <u32>(R.hi >> (40 - 126 - R.exp));
  }
  if (R.kind === ZERO) return sign;
  if (R.kind === INFINITE) return sign | 0x7f80_0000;
  return sign | 0x7f80_0000 | <u32>((R.hi << 1) >> 41);
}

/** R as binary16 in the low 16 bits. */
export function packHalf(): u32 {
  const sign = R.sign << 15;
  if (R.kind === FINITE) {
    if (R.exp >= -14) return sign | ((R.exp + 15) << 10) | <u32>((R.hi << 1) >> 54);
    return sign | <u32>(R.hi >> (53 - 14 - R.exp));
  }
  if (R.kind === ZERO) return sign;
  if (R.kind === INFINITE) return sign | 0x7c00;
  return sign | 0x7c00 | <u32>((R.hi << 1) >> 54);
}

/** R as binary128, stored at `ref` (a VSR). */
export function packQuad(ref: usize): void {
  let high: u64 = (<u64>R.sign) << 63;
  let low: u64 = 0;
  if (R.kind === FINITE && R.exp < -16382) {
    shiftRightSticky(-16382 - R.exp);
    high |= R.hi >> 15;
    low = (R.hi << 49) | (R.lo >> 15);
  } else if (R.kind !== ZERO) {
    const e: u64 = R.kind === FINITE ? <u64>(R.exp + 16383) : 0x7fff;
    high |= e << 48;
    if (R.kind !== INFINITE) {
      high |= (R.hi << 1) >> 16;
      low = (R.hi << 49) | (R.lo >> 15);
    }
  }
  store<u64>(ref + 8, high);
  store<u64>(ref, low);
}
