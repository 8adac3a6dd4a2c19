// Conversions of scalar doubles to and from integers, rounding to integral values
// (Power ISA Book I, section 4.6.7).
import * as L from '../generated/layout';
import { operand } from './arithmetic';
import { finishDouble } from './double';
import {
  begin,
  classOfDouble,
  DOWNWARD,
  endFast,
  endScalar,
  endWithoutClass,
  FI,
  FR,
  NEAREST,
  NEAREST_AWAY,
  Now,
  TOWARD_ZERO,
  UPWARD,
  update,
  XX,
} from './fpscr';
import { convertToInteger, roundIntegral } from './integer';
import { classOfResult, packDouble, toA, unpackDouble, unpackInteger } from './number';
import { finishSingle } from './single';

/** Whether an integral double and what it was rounded from differ, as FI and FR. */
function integralRounding(rounded: f64, x: f64): u32 {
  if (rounded === x) return 0;
  return abs(rounded) > abs(x) ? FI | FR : FI;
}

/**
 * The fast path of a conversion to a signed integer: magnitudes below 2^`bits`, toward zero or to nearest. False when
 * it does not apply; else the value is in `Fast` and FPSCR is written.
 */
function toIntegerFast(cpu: usize, b: u64, bits: u32, truncate: bool): bool {
  const fpscr = load<u32>(cpu + L.S_fpscr);
  if ((<u32>(b >> 52) & 0x7ff) >= 1023 + bits || (!truncate && (fpscr & 3) !== NEAREST)) return false;
  const x = reinterpret<f64>(b);
  const rounded = truncate ? trunc<f64>(x) : nearest<f64>(x);
  const rounding = integralRounding(rounded, x);
  update(cpu, fpscr, FR | FI, rounding, (rounding & FI) << 8);
  Fast.value = <i64>rounded;
  return true;
}

// biome-ignore lint/complexity/noStaticOnlyClass: see A in number.ts.
class Fast {
  static value: i64 = 0;
}

function toInteger(cpu: usize, target: u64, b: u64, width: i32, signed: bool, truncate: bool): u64 {
  if (signed && toIntegerFast(cpu, b, 63, truncate)) return <u64>Fast.value;
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
  // Rounding to nearest may reach 2^30 from below, which is still in range.
  if (signed && toIntegerFast(cpu, b, 30, truncate)) return <u64>Fast.value;
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
  const fpscr = load<u32>(cpu + L.S_fpscr);
  // Below 2^53 every integer is a double.
  if (<u64>(b + 0x20_0000_0000_0000) < 0x40_0000_0000_0000) {
    const bits = reinterpret<u64>(<f64>b);
    endFast(cpu, fpscr, 0, classOfDouble(bits));
    return bits;
  }
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

/** Ends a rounding to an integral double that raises nothing. */
function endIntegral(cpu: usize, rounded: f64): u64 {
  const bits = reinterpret<u64>(rounded);
  endFast(cpu, load<u32>(cpu + L.S_fpscr), 0, classOfDouble(bits));
  return bits;
}

function isFinite(bits: u64): bool {
  return (<u32>(bits >> 52) & 0x7ff) !== 0x7ff;
}

/** frin, xsrdpi: to nearest, ties away from zero. */
export function frin(cpu: usize, target: u64, b: u64): u64 {
  return toIntegral(cpu, target, b, NEAREST_AWAY, false);
}
/** friz, xsrdpiz. */
export function friz(cpu: usize, target: u64, b: u64): u64 {
  if (isFinite(b)) return endIntegral(cpu, trunc<f64>(reinterpret<f64>(b)));
  return toIntegral(cpu, target, b, TOWARD_ZERO, false);
}
/** frip, xsrdpip. */
export function frip(cpu: usize, target: u64, b: u64): u64 {
  if (isFinite(b)) return endIntegral(cpu, ceil<f64>(reinterpret<f64>(b)));
  return toIntegral(cpu, target, b, UPWARD, false);
}
/** frim, xsrdpim. */
export function frim(cpu: usize, target: u64, b: u64): u64 {
  if (isFinite(b)) return endIntegral(cpu, floor<f64>(reinterpret<f64>(b)));
  return toIntegral(cpu, target, b, DOWNWARD, false);
}
/** xsrdpic: as FPSCR[RN] says. */
export function xsrdpic(cpu: usize, target: u64, b: u64): u64 {
  return toIntegral(cpu, target, b, 0, true);
}
