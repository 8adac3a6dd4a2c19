// Conversions of scalar doubles to and from integers, rounding to integral values
// (Power ISA Book I, section 4.6.7).
import { operand } from './arithmetic';
import { finishDouble } from './double';
import { begin, DOWNWARD, endScalar, endWithoutClass, NEAREST_AWAY, Now, TOWARD_ZERO, UPWARD, XX } from './fpscr';
import { convertToInteger, roundIntegral } from './integer';
import { classOfResult, packDouble, toA, unpackDouble, unpackInteger } from './number';
import { finishSingle } from './single';

function toInteger(cpu: usize, target: u64, b: u64, width: i32, signed: bool, truncate: bool): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  const value = convertToInteger(width, signed, truncate ? TOWARD_ZERO : Now.mode);
  return endWithoutClass(cpu) ? value : target;
}

/** fctid. */
export function fctid(cpu: usize, target: u64, b: u64): u64 {
  return toInteger(cpu, target, b, 64, true, false);
}
/** fctidz, xscvdpsxds. */
export function fctidz(cpu: usize, target: u64, b: u64): u64 {
  return toInteger(cpu, target, b, 64, true, true);
}
/** fctidu. */
export function fctidu(cpu: usize, target: u64, b: u64): u64 {
  return toInteger(cpu, target, b, 64, false, false);
}
/** fctiduz, xscvdpuxds. */
export function fctiduz(cpu: usize, target: u64, b: u64): u64 {
  return toInteger(cpu, target, b, 64, false, true);
}

/** A word result: the upper word is undefined, and here the sign of a signed conversion. */
function toWord(cpu: usize, target: u64, b: u64, signed: bool, truncate: bool): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  const value = convertToInteger(32, signed, truncate ? TOWARD_ZERO : Now.mode);
  if (!endWithoutClass(cpu)) return target;
  return signed ? <u64>(<i64>(<i32>value)) : value;
}

/** fctiw. */
export function fctiw(cpu: usize, target: u64, b: u64): u64 {
  return toWord(cpu, target, b, true, false);
}
/** fctiwz. */
export function fctiwz(cpu: usize, target: u64, b: u64): u64 {
  return toWord(cpu, target, b, true, true);
}
/** fctiwu. */
export function fctiwu(cpu: usize, target: u64, b: u64): u64 {
  return toWord(cpu, target, b, false, false);
}
/** fctiwuz. */
export function fctiwuz(cpu: usize, target: u64, b: u64): u64 {
  return toWord(cpu, target, b, false, true);
}

function unpackSigned(value: i64): void {
  const negative = value < 0;
  unpackInteger(negative ? 1 : 0, 0, negative ? <u64>(0 - value) : <u64>value);
}

/** fcfid, xscvsxddp. */
export function fcfid(cpu: usize, target: u64, b: i64): u64 {
  begin(cpu);
  unpackSigned(b);
  return finishDouble(cpu, target);
}
/** fcfidu, xscvuxddp. */
export function fcfidu(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackInteger(0, 0, b);
  return finishDouble(cpu, target);
}
/** fcfids, xscvsxdsp. */
export function fcfids(cpu: usize, target: u64, b: i64): u64 {
  begin(cpu);
  unpackSigned(b);
  return finishSingle(cpu, target);
}
/** fcfidus, xscvuxdsp. */
export function fcfidus(cpu: usize, target: u64, b: u64): u64 {
  begin(cpu);
  unpackInteger(0, 0, b);
  return finishSingle(cpu, target);
}

/** Rounding to an integral double; only xsrdpic (`inexact`) raises XX and reports FR and FI. */
function toIntegral(cpu: usize, target: u64, b: u64, mode: u32, inexact: bool): u64 {
  begin(cpu);
  unpackDouble(b);
  toA();
  operand();
  roundIntegral(inexact ? Now.mode : mode);
  if (!inexact) Now.rounding = 0;
  else if (Now.rounding) Now.raised |= XX;
  return endScalar(cpu, classOfResult(-1022)) ? packDouble() : target;
}

/** frin, xsrdpi: to nearest, ties away from zero. */
export function frin(cpu: usize, target: u64, b: u64): u64 {
  return toIntegral(cpu, target, b, NEAREST_AWAY, false);
}
/** friz, xsrdpiz. */
export function friz(cpu: usize, target: u64, b: u64): u64 {
  return toIntegral(cpu, target, b, TOWARD_ZERO, false);
}
/** frip, xsrdpip. */
export function frip(cpu: usize, target: u64, b: u64): u64 {
  return toIntegral(cpu, target, b, UPWARD, false);
}
/** frim, xsrdpim. */
export function frim(cpu: usize, target: u64, b: u64): u64 {
  return toIntegral(cpu, target, b, DOWNWARD, false);
}
/** xsrdpic: as FPSCR[RN] says. */
export function xsrdpic(cpu: usize, target: u64, b: u64): u64 {
  return toIntegral(cpu, target, b, 0, true);
}
