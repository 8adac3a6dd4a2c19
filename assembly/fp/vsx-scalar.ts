// VSX scalar operations without a counterpart in chapter 4: word conversions, formats, minimum and maximum, compares,
// tests of class (Power ISA Book I, section 7.6.1).
import * as L from '../generated/layout';
import { operand } from './arithmetic';
import {
  begin,
  classOfDouble,
  endScalar,
  endWithoutClass,
  FPCC,
  Now,
  TOWARD_ZERO,
  update,
  VE,
  VXSNAN,
  VXVC,
} from './fpscr';
import { convertToInteger } from './integer';
import {
  classOfResult,
  packDouble,
  packHalf,
  packSingle,
  R,
  roundTo,
  toA,
  unpackDouble,
  unpackHalf,
  unpackSingle,
} from './number';

const SIGN: u64 = 0x8000_0000_0000_0000;
const INFINITY_BITS: u64 = 0x7ff0_0000_0000_0000;
const QUIET_BIT: u64 = 0x8_0000_0000_0000;

function isNan(bits: u64): bool {
  return (bits & ~SIGN) > INFINITY_BITS;
}
function isSignalling(bits: u64): bool {
  return isNan(bits) && (bits & QUIET_BIT) == 0;
}

/** A word in both halves of a doubleword, as 3.0 places word results. */
function twice(word: u64): u64 {
  return (word << 32) | (word & 0xffff_ffff);
}

function toWords(cpu: usize, target: u64, b: u64, signed: bool): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  const word = convertToInteger(32, signed, TOWARD_ZERO);
  return endWithoutClass(cpu) ? twice(word) : target;
}

/** xscvdpsxws: the word stands in words 0 and 1. */
export function xscvdpsxws(cpu: usize, target: u64, b: u64): u64 {
  return toWords(cpu, target, b, true);
}
/** xscvdpuxws. */
export function xscvdpuxws(cpu: usize, target: u64, b: u64): u64 {
  return toWords(cpu, target, b, false);
}

/** xscvdpsp: rounded to single, in words 0 and 1. */
export function xscvdpsp(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  operand();
  roundTo(24, -126, 127, 192);
  return endScalar(cpu, classOfResult(-126)) ? twice(packSingle()) : target;
}

/** xscvspdp: from the single in word 0. */
export function xscvspdp(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackSingle(<u32>(b >> 32));
  toA();
  operand();
  const bits = packDouble();
  return endScalar(cpu, classOfDouble(bits)) ? bits : target;
}

/** xscvhpdp: from the half in the low 16 bits of doubleword 0. */
export function xscvhpdp(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackHalf(<u32>b & 0xffff);
  toA();
  operand();
  const bits = packDouble();
  return endScalar(cpu, classOfDouble(bits)) ? bits : target;
}

/** xscvdphp: rounded to half, in the low 16 bits of doubleword 0. */
export function xscvdphp(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  operand();
  roundTo(11, -14, 15, 24);
  return endScalar(cpu, classOfResult(-14)) ? <u64>packHalf() : target;
}

/** The order of two numbers that are not NaN, −0 below +0: −1, 0 or 1. */
export function orderOf(a: u64, b: u64): i32 {
  if (a == b) return 0;
  // Sign and magnitude to two's complement.
  const x = <i64>a < 0 ? <i64>(SIGN - a) - 1 : <i64>a;
  const y = <i64>b < 0 ? <i64>(SIGN - b) - 1 : <i64>b;
  return x < y ? -1 : 1;
}

/** IEEE maximum or minimum of doubles: a number wins over a quiet NaN. Notes VXSNAN in `Now`. */
export function extremeDouble(a: u64, b: u64, maximum: bool): u64 {
  const aSignals = isSignalling(a);
  if (aSignals || isSignalling(b)) Now.raised |= VXSNAN;
  if (aSignals) return a | QUIET_BIT;
  if (isSignalling(b) && !isNan(a)) return b | QUIET_BIT;
  if (isNan(a)) return isNan(b) ? a : b;
  if (isNan(b)) return a;
  return orderOf(a, b) > 0 == maximum ? a : b;
}

/** Ends an instruction that raises but never rounds; false when VE keeps the target. FR, FI, FPRF stay. */
function endWithoutRounding(cpu: usize): bool {
  update(cpu, Now.fpscr, 0, 0, Now.raised);
  return Now.raised == 0 || (Now.fpscr & VE) == 0;
}

/** xsmaxdp. */
export function xsmaxdp(cpu: usize, target: u64, a: u64, b: u64): u64 {
  begin(cpu);
  const result = extremeDouble(a, b, true);
  return endWithoutRounding(cpu) ? result : target;
}
/** xsmindp. */
export function xsmindp(cpu: usize, target: u64, a: u64, b: u64): u64 {
  begin(cpu);
  const result = extremeDouble(a, b, false);
  return endWithoutRounding(cpu) ? result : target;
}

function beginPair(cpu: usize, a: u64, b: u64): void {
  begin(cpu);
  if (isSignalling(a) || isSignalling(b)) Now.raised |= VXSNAN;
}

/** xsmaxcdp: as C's a > b ? a : b. */
export function xsmaxcdp(cpu: usize, target: u64, a: u64, b: u64): u64 {
  beginPair(cpu, a, b);
  return endWithoutRounding(cpu) ? (reinterpret<f64>(a) > reinterpret<f64>(b) ? a : b) : target;
}
/** xsmincdp: as C's a < b ? a : b. */
export function xsmincdp(cpu: usize, target: u64, a: u64, b: u64): u64 {
  beginPair(cpu, a, b);
  return endWithoutRounding(cpu) ? (reinterpret<f64>(a) < reinterpret<f64>(b) ? a : b) : target;
}

function extremeJava(a: u64, b: u64, maximum: bool): u64 {
  if (isNan(a)) return a;
  if (isNan(b)) return b;
  return orderOf(a, b) > 0 == maximum ? a : b;
}

/** xsmaxjdp: as Java's Math.max. */
export function xsmaxjdp(cpu: usize, target: u64, a: u64, b: u64): u64 {
  beginPair(cpu, a, b);
  return endWithoutRounding(cpu) ? extremeJava(a, b, true) : target;
}
/** xsminjdp: as Java's Math.min. */
export function xsminjdp(cpu: usize, target: u64, a: u64, b: u64): u64 {
  beginPair(cpu, a, b);
  return endWithoutRounding(cpu) ? extremeJava(a, b, false) : target;
}

/** Notes what an ordered comparison raises for NaN operands. */
export function noteOrdered(anyNan: bool, anySignalling: bool): void {
  if (anySignalling) Now.raised |= (Now.fpscr & VE) == 0 ? VXSNAN | VXVC : VXSNAN;
  else if (anyNan) Now.raised |= VXVC;
}

/** xscmpeqdp: all ones or zero. */
export function xscmpeqdp(cpu: usize, target: u64, a: u64, b: u64): u64 {
  beginPair(cpu, a, b);
  return endWithoutRounding(cpu) ? (reinterpret<f64>(a) == reinterpret<f64>(b) ? ~(<u64>0) : 0) : target;
}
/** xscmpgtdp. */
export function xscmpgtdp(cpu: usize, target: u64, a: u64, b: u64): u64 {
  begin(cpu);
  noteOrdered(isNan(a) || isNan(b), isSignalling(a) || isSignalling(b));
  return endWithoutRounding(cpu) ? (reinterpret<f64>(a) > reinterpret<f64>(b) ? ~(<u64>0) : 0) : target;
}
/** xscmpgedp. */
export function xscmpgedp(cpu: usize, target: u64, a: u64, b: u64): u64 {
  begin(cpu);
  noteOrdered(isNan(a) || isNan(b), isSignalling(a) || isSignalling(b));
  return endWithoutRounding(cpu) ? (reinterpret<f64>(a) >= reinterpret<f64>(b) ? ~(<u64>0) : 0) : target;
}

/** Sets FPCC to a CR field. */
export function setCondition(cpu: usize, field: u32): void {
  update(cpu, load<u32>(cpu + L.S_fpscr), FPCC, field << 12, 0);
}

/** xscmpexpdp: the exponents as integers; the CR field, which FPCC becomes too. */
export function xscmpexpdp(cpu: usize, a: u64, b: u64): u32 {
  const x = <u32>(a >> 52) & 0x7ff;
  const y = <u32>(b >> 52) & 0x7ff;
  const field: u32 = isNan(a) || isNan(b) ? 1 : x < y ? 8 : x > y ? 4 : 2;
  setCondition(cpu, field);
  return field;
}

/** Whether a number is of one of the classes `dcmx`: NaN, +∞, −∞, +0, −0, +denormal, −denormal (bits 6 … 0). */
export function isOfClass(negative: bool, exponentOnes: bool, exponentSmall: bool, fraction: bool, dcmx: u32): bool {
  if (exponentOnes) {
    if (fraction) return (dcmx & 0x40) != 0;
    return (dcmx & (negative ? 0x10 : 0x20)) != 0;
  }
  if (!exponentSmall) return false;
  if (!fraction) return (dcmx & (negative ? 0x04 : 0x08)) != 0;
  return (dcmx & (negative ? 0x01 : 0x02)) != 0;
}

/** Whether a double is of a class. */
export function isDoubleOfClass(bits: u64, dcmx: u32): bool {
  const e = <u32>(bits >> 52) & 0x7ff;
  return isOfClass(bits >> 63 != 0, e == 0x7ff, e == 0, bits << 12 != 0, dcmx);
}

/** xststdcdp: the CR field. */
export function xststdcdp(cpu: usize, b: u64, dcmx: u32): u32 {
  const field: u32 = (b >> 63 ? 8 : 0) | (isDoubleOfClass(b, dcmx) ? 2 : 0);
  setCondition(cpu, field);
  return field;
}

/** xststdcsp: the class that the value has in single format; SO when it is no single. */
export function xststdcsp(cpu: usize, b: u64, dcmx: u32): u32 {
  const e = <i32>(b >> 52) & 0x7ff;
  const zero = b << 1 == 0;
  const matches = isOfClass(b >> 63 != 0, e == 0x7ff, e < 897, !zero && (e != 0x7ff || b << 12 != 0), dcmx);
  let isSingle: bool;
  if (e == 0x7ff || zero) isSingle = (b & 0x1fff_ffff) == 0;
  else if (e >= 897) isSingle = e <= 1150 && (b & 0x1fff_ffff) == 0;
  else isSingle = e >= 874 && (b & (((<u64>1) << (29 + 897 - e)) - 1)) == 0;
  const field: u32 = (b >> 63 ? 8 : 0) | (matches ? 2 : 0) | (isSingle ? 0 : 1);
  setCondition(cpu, field);
  return field;
}
