// The decimal floating-point instructions (Power ISA Book I, chapter 5): operands by reference, FPSCR, result.
import {
  begin,
  CLASS_DENORMAL,
  CLASS_INFINITY,
  CLASS_NORMAL,
  CLASS_QNAN,
  CLASS_ZERO,
  endScalar,
  endWithoutClass,
  FPCC,
  Now,
  suppressed,
  update,
  VE,
  VXCVI,
  VXIDI,
  VXIMZ,
  VXISI,
  VXSNAN,
  VXVC,
  VXZDZ,
  XX,
  ZX,
} from '../fp/fpscr';
import { compareNumbers, product, quotient, sum } from './arithmetic';
import {
  A,
  B,
  bias,
  copy,
  count,
  digit,
  EXTENDED,
  exponent,
  FINITE,
  INFINITE,
  isNan,
  isZero,
  kind,
  LONG,
  limit,
  normalise,
  Packed,
  pack,
  precision,
  QUIET,
  R,
  SHORT,
  SIGNALLING,
  setCount,
  setDigit,
  setExponent,
  setKind,
  setSign,
  setSpecial,
  shift,
  sign,
  unpack,
} from './number';
import { dropDigits, drn, modeOf, roundTo } from './round';

/** Doubleword 0 of an FPR's VSR. */
function fpr(ref: usize): u64 {
  return load<u64>(ref + 8);
}
function setFpr(ref: usize, value: u64): void {
  store<u64>(ref, 0);
  store<u64>(ref + 8, value);
}

/** Takes apart the operand of a register, or of a register pair. */
function read(n: usize, format: i32, ref: usize): void {
  if (format === EXTENDED) unpack(n, format, fpr(ref), fpr(ref + 16));
  else unpack(n, format, 0, fpr(ref));
}

function write(format: i32, ref: usize): void {
  pack(R, format);
  if (format === EXTENDED) {
    setFpr(ref, Packed.high);
    setFpr(ref + 16, Packed.low);
  } else {
    setFpr(ref, Packed.low);
  }
}

/** FPRF of R in a format. */
function resultClass(format: i32): u32 {
  const negative = sign(R);
  if (kind(R) === INFINITE) return negative ? 0x09 : CLASS_INFINITY;
  if (kind(R) === QUIET) return CLASS_QNAN;
  if (kind(R) === SIGNALLING) return 0x01;
  if (count(R) === 0) return negative ? 0x12 : CLASS_ZERO;
  if (exponent(R) + count(R) - 1 < precision(format) - 1 - bias(format)) return negative ? 0x18 : CLASS_DENORMAL;
  return negative ? 0x08 : CLASS_NORMAL;
}

/** Ends an instruction whose result is R. */
function finish(cpu: usize, format: i32, ref: usize): void {
  if (kind(R) === INFINITE) setCount(R, 0);
  if (endScalar(cpu, resultClass(format))) write(format, ref);
}

/** R becomes the quiet NaN of an invalid operation. */
function invalid(exception: u32): void {
  Now.raised |= exception;
  setSpecial(R, QUIET, 0);
}

/** R becomes the NaN of an operand, quiet; its payload keeps what fits. */
function propagate(n: usize, format: i32): void {
  if (kind(n) === SIGNALLING) Now.raised |= VXSNAN;
  copy(R, n);
  setKind(R, QUIET);
  const most = precision(format) - 1;
  if (count(R) > most) normalise(R, most);
}

/** R from the NaNs among A and B: signalling ones first, A before B; false when there is none. */
function propagated(format: i32): bool {
  if (!isNan(A) && !isNan(B)) return false;
  const first = kind(A) === SIGNALLING ? A : kind(B) === SIGNALLING ? B : isNan(A) ? A : B;
  propagate(first, format);
  return true;
}

function addition(cpu: usize, format: i32, negate: bool): void {
  if (propagated(format)) return;
  const infinities = (kind(A) === INFINITE ? 1 : 0) | (kind(B) === INFINITE ? 2 : 0);
  const signB = sign(B) ^ (negate ? 1 : 0);
  if (infinities === 3 && sign(A) !== signB) return invalid(VXISI);
  if (infinities !== 0) return setSpecial(R, INFINITE, (infinities & 1) !== 0 ? sign(A) : signB);
  sum(precision(format), negate, drn(cpu));
  roundTo(R, format, drn(cpu));
}

function multiplication(cpu: usize, format: i32): void {
  if (propagated(format)) return;
  const signs = sign(A) ^ sign(B);
  if (kind(A) === INFINITE || kind(B) === INFINITE) {
    if (isZero(A) || isZero(B)) return invalid(VXIMZ);
    return setSpecial(R, INFINITE, signs);
  }
  product();
  roundTo(R, format, drn(cpu));
}

function division(cpu: usize, format: i32): void {
  if (propagated(format)) return;
  const signs = sign(A) ^ sign(B);
  if (kind(A) === INFINITE) {
    if (kind(B) === INFINITE) return invalid(VXIDI);
    return setSpecial(R, INFINITE, signs);
  }
  if (kind(B) === INFINITE) {
    setSpecial(R, FINITE, signs);
    setExponent(R, -bias(format));
    return;
  }
  if (isZero(B)) {
    if (isZero(A)) return invalid(VXZDZ);
    Now.raised |= ZX;
    return setSpecial(R, INFINITE, signs);
  }
  quotient(precision(format));
  roundTo(R, format, drn(cpu));
}

/** R = B with this exponent. */
function quantise(format: i32, wanted: i32, mode: i32): void {
  const lowest = -bias(format);
  if (wanted < lowest || wanted > limit(format) + lowest) return invalid(VXCVI);
  copy(R, B);
  if (count(R) === 0) return setExponent(R, wanted);
  const places = exponent(R) - wanted;
  if (places > 0) {
    if (count(R) + places > precision(format)) return invalid(VXCVI);
    shift(R, places);
    setExponent(R, wanted);
  } else {
    dropDigits(R, -places, mode);
    setExponent(R, wanted);
    if (count(R) > precision(format)) return invalid(VXCVI);
  }
  if (Now.rounding !== 0) Now.raised |= XX;
}

function quantiseLike(format: i32, mode: i32): void {
  if (propagated(format)) return;
  if (kind(A) === INFINITE && kind(B) === INFINITE) return setSpecial(R, INFINITE, sign(B));
  if (kind(A) === INFINITE || kind(B) === INFINITE) return invalid(VXCVI);
  quantise(format, exponent(A), mode);
}

function quantiseTo(format: i32, wanted: i32, mode: i32): void {
  if (isNan(B)) return propagate(B, format);
  if (kind(B) === INFINITE) return invalid(VXCVI);
  quantise(format, wanted, mode);
}

/** B rounded to so many digits. */
function reround(format: i32, digits: i32, mode: i32): void {
  if (isNan(B)) return propagate(B, format);
  copy(R, B);
  if (kind(B) === INFINITE || digits === 0 || count(B) <= digits) return;
  dropDigits(R, count(B) - digits, mode);
  if (count(R) > digits) {
    shift(R, -1);
    setExponent(R, exponent(R) + 1);
  }
  if (exponent(R) > limit(format) - bias(format)) return invalid(VXCVI);
  if (Now.rounding !== 0) Now.raised |= XX;
}

function toIntegral(format: i32, mode: i32, signalInexact: bool): void {
  if (isNan(B)) return propagate(B, format);
  copy(R, B);
  if (kind(B) === INFINITE || exponent(B) >= 0) return;
  dropDigits(R, -exponent(B), mode);
  setExponent(R, 0);
  if (!signalInexact) Now.rounding = 0;
  else if (Now.rounding !== 0) Now.raised |= XX;
}

/** Conversion to a longer format: nothing is lost. */
function widen(from: i32, to: i32): void {
  if (kind(B) === SIGNALLING && to === EXTENDED) return propagate(B, to);
  copy(R, B);
  if (kind(B) === INFINITE) setCount(R, 0);
  else if (isNan(B) && count(R) > precision(from) - 1) normalise(R, precision(from) - 1);
}

function narrow(cpu: usize, from: i32, to: i32): void {
  if (kind(B) === SIGNALLING && to === LONG) return propagate(B, to);
  copy(R, B);
  if (kind(B) === INFINITE) return setCount(R, 0);
  if (isNan(B)) {
    // The right-hand digits of the payload that fit.
    if (count(R) > precision(to) - 1) normalise(R, precision(to) - 1);
    return;
  }
  roundTo(R, to, drn(cpu));
}

function fromInteger(cpu: usize, format: i32, value: i64): void {
  let rest = value < 0 ? 0 - <u64>value : <u64>value;
  setSpecial(R, FINITE, value < 0 ? 1 : 0);
  for (let i = 0; i < 20; i++) {
    setDigit(R, i, <i32>(rest % 10));
    rest /= 10;
  }
  normalise(R, 20);
  roundTo(R, format, drn(cpu));
}

/** dctfix: the integer of B; VXCVI gives the nearest one. */
function toInteger(cpu: usize): i64 {
  const least: i64 = i64.MIN_VALUE;
  if (isNan(B)) {
    Now.raised |= kind(B) === SIGNALLING ? VXSNAN | VXCVI : VXCVI;
    return least;
  }
  const outside = sign(B) === 1 ? least : i64.MAX_VALUE;
  if (kind(B) === INFINITE || (count(B) > 0 && exponent(B) + count(B) > 20)) {
    Now.raised |= VXCVI;
    return outside;
  }
  copy(R, B);
  if (exponent(R) < 0) dropDigits(R, -exponent(R), drn(cpu));
  else if (count(R) > 0) shift(R, exponent(R));
  const most: u64 = sign(B) === 1 ? <u64>1 << 63 : ((<u64>1) << 63) - 1;
  let value: u64 = 0;
  for (let i = count(R) - 1; i >= 0; i--) {
    const d = <u64>digit(R, i);
    if (value > (most - d) / 10) {
      Now.raised |= VXCVI;
      Now.rounding = 0;
      return outside;
    }
    value = value * 10 + d;
  }
  if (Now.rounding !== 0) Now.raised |= XX;
  return sign(B) === 1 ? 0 - <i64>value : <i64>value;
}

/** dcffixqq: the signed quadword of a vector register. */
function fromQuadword(cpu: usize, ref: usize): void {
  let high = load<u64>(ref + 8);
  let low = load<u64>(ref);
  const negative = <i64>high < 0;
  if (negative) {
    low = 0 - low;
    high = ~high + (low === 0 ? 1 : 0);
  }
  setSpecial(R, FINITE, negative ? 1 : 0);
  for (let i = 0; i < 39; i++) {
    // Long division by 10, a word at a time.
    const first = high % 10;
    high /= 10;
    const upper = (first << 32) | (low >> 32);
    const lower = ((upper % 10) << 32) | (low & 0xffff_ffff);
    low = ((upper / 10) << 32) | (lower / 10);
    setDigit(R, i, <i32>(lower % 10));
  }
  normalise(R, 39);
  roundTo(R, EXTENDED, drn(cpu));
}

/** The halves of the quadword that {@link toQuadword} made. */
// biome-ignore lint/complexity/noStaticOnlyClass: static fields are WebAssembly globals that functions share.
class Quadword {
  static high: u64 = 0;
  static low: u64 = 0;
}

function setQuadword(high: u64, low: u64): void {
  Quadword.high = high;
  Quadword.low = low;
}

/** dctfixqq: the integer of B in {@link Quadword}; VXCVI gives the nearest one. */
function toQuadword(cpu: usize): void {
  const negative = sign(B) === 1;
  if (isNan(B)) {
    Now.raised |= kind(B) === SIGNALLING ? VXSNAN | VXCVI : VXCVI;
    return setQuadword(<u64>1 << 63, 0);
  }
  if (negative) setQuadword(<u64>1 << 63, 0);
  else setQuadword(<u64>i64.MAX_VALUE, ~(<u64>0));
  if (kind(B) === INFINITE || (count(B) > 0 && exponent(B) + count(B) > 39)) {
    Now.raised |= VXCVI;
    return;
  }
  copy(R, B);
  if (exponent(R) < 0) dropDigits(R, -exponent(R), drn(cpu));
  else if (count(R) > 0) shift(R, exponent(R));
  let high: u64 = 0;
  let low: u64 = 0;
  let fits = true;
  for (let i = count(R) - 1; i >= 0 && fits; i--) {
    // A tenth of 2⁶³: what is more leaves the range with the next digit.
    fits = high <= 922_337_203_685_477_580;
    const lower = (low & 0xffff_ffff) * 10 + <u64>digit(R, i);
    const upper = (low >> 32) * 10 + (lower >> 32);
    low = (upper << 32) | (lower & 0xffff_ffff);
    high = high * 10 + (upper >> 32);
  }
  if (high >> 63 !== 0 && !(negative && high === <u64>1 << 63 && low === 0)) fits = false;
  if (!fits) {
    Now.raised |= VXCVI;
    Now.rounding = 0;
    return;
  }
  if (Now.rounding !== 0) Now.raised |= XX;
  if (!negative) return setQuadword(high, low);
  const complement = 0 - low;
  setQuadword(~high + (complement === 0 ? 1 : 0), complement);
}

/** ddedpd: the digits of B as packed decimal, with a sign when `sp` is 2 or 3. */
function toPacked(format: i32, sp: i32, ref: usize): void {
  const all = format === EXTENDED ? 32 : 16;
  let high: u64 = 0;
  let low: u64 = 0;
  const signed = (sp & 2) !== 0;
  for (let i = signed ? all - 2 : all - 1; i >= 0; i--) {
    high = (high << 4) | (low >> 60);
    low = (low << 4) | <u64>digit(B, i);
  }
  if (signed) {
    high = (high << 4) | (low >> 60);
    low = (low << 4) | <u64>(sign(B) === 1 ? 0xd : sp === 2 ? 0xc : 0xf);
  }
  if (format === EXTENDED) {
    setFpr(ref, high);
    setFpr(ref + 16, low);
  } else {
    setFpr(ref, low);
  }
}

/** denbcd: packed decimal, with a sign when `signed`, as a number with exponent 0. */
function fromPacked(format: i32, signed: bool, ref: usize): void {
  const high = format === EXTENDED ? fpr(ref) : 0;
  const low = format === EXTENDED ? fpr(ref + 16) : fpr(ref);
  setSpecial(R, FINITE, 0);
  const all = format === EXTENDED ? 32 : 16;
  for (let i = 0; i < all; i++) {
    const nibble = <i32>((i < 16 ? low >> (4 * i) : high >> (4 * (i - 16))) & 15);
    if (signed && i === 0) {
      if (nibble < 10) return invalid(VXCVI);
      setSign(R, nibble === 0xb || nibble === 0xd ? 1 : 0);
      continue;
    }
    if (nibble > 9) return invalid(VXCVI);
    setDigit(R, signed ? i - 1 : i, nibble);
  }
  normalise(R, signed ? all - 1 : all);
}

/** dxex: biased exponent, or −1, −2, −3. */
function extractExponent(format: i32): i64 {
  if (kind(B) === INFINITE) return -1;
  if (kind(B) === QUIET) return -2;
  if (kind(B) === SIGNALLING) return -3;
  return exponent(B) + bias(format);
}

/** diex: B with this biased exponent. */
function insertExponent(format: i32, biased: i64): void {
  copy(R, B);
  if (biased >= 0 && biased <= limit(format)) {
    setKind(R, FINITE);
    setExponent(R, <i32>biased - bias(format));
    return;
  }
  setKind(R, biased === -1 ? INFINITE : biased === -3 ? SIGNALLING : QUIET);
  if (count(R) > precision(format) - 1) normalise(R, precision(format) - 1);
}

/** dscli, dscri: digits moved by 0…63 places; those of NaNs and infinities stay out of the first place. */
function shiftSignificand(format: i32, from: usize, places: i32): void {
  copy(R, from);
  if (places > precision(format)) setCount(R, 0);
  else shift(R, places);
  const most = kind(R) === FINITE ? precision(format) : precision(format) - 1;
  if (count(R) > most) normalise(R, most);
}

/** Numbers of the operations, as the rows give them. */
const ADD = 0;
const SUBTRACT = 1;
const MULTIPLY = 2;
const DIVIDE = 3;
const QUANTISE = 4;
const QUANTISE_IMMEDIATE = 5;
const REROUND = 6;
const INTEGRAL_INEXACT = 7;
const INTEGRAL = 8;
const WIDEN = 9;
const NARROW = 10;
const FROM_FIXED = 11;
const TO_FIXED = 12;
const TO_PACKED = 13;
const FROM_PACKED = 14;
const EXTRACT_EXPONENT = 15;
const INSERT_EXPONENT = 16;
const SHIFT_LEFT = 17;
const SHIFT_RIGHT = 18;
const FROM_QUADWORD = 19;
const TO_QUADWORD = 20;

/**
 * Does a decimal instruction: registers by reference, pairs by their even register; the immediate is RMC with R (bit 2)
 * and TE (from bit 8), SP, S or SH.
 */
export function decimalOperation(
  cpu: usize,
  operation: i32,
  quad: i32,
  target: i32,
  first: i32,
  second: i32,
  immediate: i32,
): void {
  const format = quad !== 0 ? EXTENDED : LONG;
  const t: usize = target;
  const a: usize = first;
  const b: usize = second;
  begin(cpu);
  switch (operation) {
    case FROM_FIXED:
      fromInteger(cpu, format, <i64>fpr(b));
      return finish(cpu, format, t);
    case FROM_QUADWORD:
      fromQuadword(cpu, b);
      return finish(cpu, format, t);
    case FROM_PACKED:
      fromPacked(format, immediate !== 0, b);
      return finish(cpu, format, t);
    case WIDEN: {
      const from = quad !== 0 ? LONG : SHORT;
      if (quad !== 0) read(B, LONG, b);
      else unpack(B, SHORT, 0, fpr(b) & 0xffff_ffff);
      widen(from, format);
      return finish(cpu, format, t);
    }
    case NARROW: {
      const to = quad !== 0 ? LONG : SHORT;
      read(B, format, b);
      narrow(cpu, format, to);
      finish(cpu, to, t);
      // The result is in the even register of the pair.
      if (quad !== 0 && !suppressed()) setFpr(t + 16, 0);
      return;
    }
    case SHIFT_LEFT:
    case SHIFT_RIGHT:
      read(A, format, a);
      shiftSignificand(format, A, operation === SHIFT_LEFT ? immediate : -immediate);
      return write(format, t);
  }
  read(B, format, b);
  switch (operation) {
    case TO_FIXED: {
      const value = toInteger(cpu);
      if (endWithoutClass(cpu)) setFpr(t, <u64>value);
      return;
    }
    case TO_QUADWORD:
      toQuadword(cpu);
      if (endWithoutClass(cpu)) {
        store<u64>(t, Quadword.low);
        store<u64>(t + 8, Quadword.high);
      }
      return;
    case TO_PACKED:
      return toPacked(format, immediate, t);
    case EXTRACT_EXPONENT:
      return setFpr(t, <u64>extractExponent(format));
    case INSERT_EXPONENT:
      insertExponent(format, <i64>fpr(a));
      return write(format, t);
    case QUANTISE_IMMEDIATE:
      quantiseTo(format, immediate >> 8, modeOf(cpu, 0, immediate & 3));
      return finish(cpu, format, t);
    case REROUND:
      reround(format, <i32>(fpr(a) & 63), modeOf(cpu, 0, immediate & 3));
      return finish(cpu, format, t);
    case INTEGRAL_INEXACT:
    case INTEGRAL:
      toIntegral(format, modeOf(cpu, immediate >> 2, immediate & 3), operation === INTEGRAL_INEXACT);
      return finish(cpu, format, t);
  }
  read(A, format, a);
  switch (operation) {
    case ADD:
      addition(cpu, format, false);
      break;
    case SUBTRACT:
      addition(cpu, format, true);
      break;
    case MULTIPLY:
      multiplication(cpu, format);
      break;
    case DIVIDE:
      division(cpu, format);
      break;
    case QUANTISE:
      quantiseLike(format, modeOf(cpu, 0, immediate & 3));
      break;
  }
  finish(cpu, format, t);
}

/** Writes FPCC and gives the CR field. */
function condition(cpu: usize, field: u32): i32 {
  update(cpu, Now.fpscr, FPCC, field << 12, Now.raised);
  return <i32>field;
}

/** Numbers of the comparisons and tests, as the rows give them. */
const COMPARE_UNORDERED = 0;
const COMPARE_ORDERED = 1;
const TEST_CLASS = 2;
const TEST_GROUP = 3;
const TEST_EXPONENT = 4;
const TEST_SIGNIFICANCE = 5;
const TEST_SIGNIFICANCE_IMMEDIATE = 6;

/** Position of B's number among the data classes of DCM: zero, subnormal, normal, infinity, quiet, signalling. */
function classBit(format: i32): i32 {
  if (kind(B) === INFINITE) return 4;
  if (kind(B) === QUIET) return 2;
  if (kind(B) === SIGNALLING) return 1;
  if (count(B) === 0) return 32;
  return exponent(B) + count(B) - 1 < precision(format) - 1 - bias(format) ? 16 : 8;
}

/** Position of B's number among the data groups of DGM. */
function groupBit(format: i32): i32 {
  if (kind(B) !== FINITE) return 1;
  const biased = exponent(B) + bias(format);
  const extreme = biased === 0 || biased === limit(format);
  if (count(B) === 0) return extreme ? 16 : 32;
  // Subnormal numbers go with the extreme exponents.
  if (extreme || classBit(format) === 16) return 8;
  return count(B) === precision(format) ? 2 : 4;
}

/** Compares or tests decimal operands: gives the CR field and writes FPCC. */
export function decimalTest(cpu: usize, operation: i32, quad: i32, first: i32, second: i32, immediate: i32): i32 {
  const format = quad !== 0 ? EXTENDED : LONG;
  begin(cpu);
  read(B, format, second);
  if (operation === TEST_CLASS || operation === TEST_GROUP) {
    const match = (immediate & (operation === TEST_CLASS ? classBit(format) : groupBit(format))) !== 0;
    return condition(cpu, (sign(B) === 1 ? 8 : 0) | (match ? 2 : 0));
  }
  if (operation === TEST_SIGNIFICANCE || operation === TEST_SIGNIFICANCE_IMMEDIATE) {
    const wanted = operation === TEST_SIGNIFICANCE ? <i32>(fpr(<usize>first) & 63) : immediate;
    if (kind(B) !== FINITE) return condition(cpu, 1);
    const digits = count(B);
    if (wanted !== 0 && wanted === digits) return condition(cpu, 2);
    return condition(cpu, wanted !== 0 && wanted < digits ? 8 : 4);
  }
  read(A, format, <usize>first);
  if (operation === TEST_EXPONENT) {
    const same = kind(A) === kind(B) || (isNan(A) && isNan(B));
    if (!same) return condition(cpu, 1);
    if (kind(A) !== FINITE || exponent(A) === exponent(B)) return condition(cpu, 2);
    return condition(cpu, exponent(A) < exponent(B) ? 8 : 4);
  }
  if (isNan(A) || isNan(B)) {
    const signalling = kind(A) === SIGNALLING || kind(B) === SIGNALLING;
    if (signalling) Now.raised |= VXSNAN;
    if (operation === COMPARE_ORDERED && (!signalling || (Now.fpscr & VE) === 0)) Now.raised |= VXVC;
    return condition(cpu, 1);
  }
  const order = compareNumbers(kind(A) === INFINITE, kind(B) === INFINITE);
  return condition(cpu, order < 0 ? 8 : order > 0 ? 4 : 2);
}
