// VSX vector compares, minimum and maximum, tests for division and square root, tests of class (Power ISA Book I,
// section 7.6.1).
import { ftdiv, ftsqrt } from './compare';
import { begin, endVector, Now, VXSNAN } from './fpscr';
import { clearResult, doubleAt, putDouble, putWord, wordAt, writeResult } from './vector-elements';
import { extremeDouble, isDoubleOfClass, isOfClass, noteOrdered } from './vsx-scalar';

const EQUAL: i32 = 0;
const GREATER: i32 = 1;
const GREATER_OR_EQUAL: i32 = 2;

function isNanDouble(bits: u64): bool {
  return bits << 1 > 0xffe0_0000_0000_0000;
}
function isNanSingle(bits: u32): bool {
  return bits << 1 > 0xff00_0000;
}

function note(relation: i32, anyNan: bool, anySignalling: bool): void {
  if (relation != EQUAL) noteOrdered(anyNan, anySignalling);
  else if (anySignalling) Now.raised |= VXSNAN;
}

function holds(relation: i32, x: f64, y: f64): bool {
  if (relation == EQUAL) return x == y;
  return relation == GREATER ? x > y : x >= y;
}

/** Masks of a relation; the result is CR6: 8 = true for all, 2 = for none. */
function compareDoubles(cpu: usize, t: usize, a: usize, b: usize, relation: i32): u32 {
  begin(cpu);
  let count = 0;
  for (let i = 0; i < 2; i++) {
    const x = load<u64>(doubleAt(a, i));
    const y = load<u64>(doubleAt(b, i));
    const nanX = isNanDouble(x);
    const nanY = isNanDouble(y);
    if (nanX || nanY) {
      const signals = (nanX && !(x & 0x8_0000_0000_0000)) || (nanY && !(y & 0x8_0000_0000_0000));
      note(relation, true, signals);
    }
    const met = holds(relation, reinterpret<f64>(x), reinterpret<f64>(y));
    if (met) count++;
    putDouble(i, met ? ~(<u64>0) : 0);
  }
  if (endVector(cpu)) writeResult(t);
  return count == 2 ? 8 : count == 0 ? 2 : 0;
}

function compareSingles(cpu: usize, t: usize, a: usize, b: usize, relation: i32): u32 {
  begin(cpu);
  clearResult();
  let count = 0;
  for (let i = 0; i < 4; i++) {
    const x = load<u32>(wordAt(a, i));
    const y = load<u32>(wordAt(b, i));
    const nanX = isNanSingle(x);
    const nanY = isNanSingle(y);
    if (nanX || nanY) note(relation, true, (nanX && !(x & 0x40_0000)) || (nanY && !(y & 0x40_0000)));
    const met = holds(relation, <f64>reinterpret<f32>(x), <f64>reinterpret<f32>(y));
    if (met) count++;
    putWord(i, met ? ~(<u32>0) : 0);
  }
  if (endVector(cpu)) writeResult(t);
  return count == 4 ? 8 : count == 0 ? 2 : 0;
}

/** xvcmpeqdp. */
export function xvcmpeqdp(cpu: usize, t: usize, a: usize, b: usize): u32 {
  return compareDoubles(cpu, t, a, b, EQUAL);
}
/** xvcmpgtdp. */
export function xvcmpgtdp(cpu: usize, t: usize, a: usize, b: usize): u32 {
  return compareDoubles(cpu, t, a, b, GREATER);
}
/** xvcmpgedp. */
export function xvcmpgedp(cpu: usize, t: usize, a: usize, b: usize): u32 {
  return compareDoubles(cpu, t, a, b, GREATER_OR_EQUAL);
}
/** xvcmpeqsp. */
export function xvcmpeqsp(cpu: usize, t: usize, a: usize, b: usize): u32 {
  return compareSingles(cpu, t, a, b, EQUAL);
}
/** xvcmpgtsp. */
export function xvcmpgtsp(cpu: usize, t: usize, a: usize, b: usize): u32 {
  return compareSingles(cpu, t, a, b, GREATER);
}
/** xvcmpgesp. */
export function xvcmpgesp(cpu: usize, t: usize, a: usize, b: usize): u32 {
  return compareSingles(cpu, t, a, b, GREATER_OR_EQUAL);
}

/** A single's bits widened so that order, sign, NaN kind and payload stay. */
function widen(bits: u32): u64 {
  const value = <u64>bits;
  const sign = (value & 0x8000_0000) << 32;
  const rest = (value & 0x7fff_ffff) << 29;
  // Exponents keep their order; that of NaN and infinity must be all ones.
  return (bits & 0x7f80_0000) == 0x7f80_0000 ? sign | 0x7ff0_0000_0000_0000 | rest : sign | rest;
}
function narrow(bits: u64): u32 {
  return <u32>((bits >> 32) & 0x8000_0000) | (<u32>(bits >> 29) & 0x7fff_ffff);
}

function extremes(cpu: usize, t: usize, a: usize, b: usize, maximum: bool, single: bool): void {
  begin(cpu);
  clearResult();
  if (single) {
    for (let i = 0; i < 4; i++) {
      const x = widen(load<u32>(wordAt(a, i)));
      putWord(i, narrow(extremeDouble(x, widen(load<u32>(wordAt(b, i))), maximum)));
    }
  } else {
    for (let i = 0; i < 2; i++) {
      putDouble(i, extremeDouble(load<u64>(doubleAt(a, i)), load<u64>(doubleAt(b, i)), maximum));
    }
  }
  if (endVector(cpu)) writeResult(t);
}

/** xvmaxdp. */
export function xvmaxdp(cpu: usize, t: usize, a: usize, b: usize): void {
  extremes(cpu, t, a, b, true, false);
}
/** xvmindp. */
export function xvmindp(cpu: usize, t: usize, a: usize, b: usize): void {
  extremes(cpu, t, a, b, false, false);
}
/** xvmaxsp. */
export function xvmaxsp(cpu: usize, t: usize, a: usize, b: usize): void {
  extremes(cpu, t, a, b, true, true);
}
/** xvminsp. */
export function xvminsp(cpu: usize, t: usize, a: usize, b: usize): void {
  extremes(cpu, t, a, b, false, true);
}

/** xvtdivdp: the tests of both elements joined. */
export function xvtdivdp(cpu: usize, a: usize, b: usize): u32 {
  return (
    ftdiv(cpu, load<u64>(doubleAt(a, 0)), load<u64>(doubleAt(b, 0))) |
    ftdiv(cpu, load<u64>(doubleAt(a, 1)), load<u64>(doubleAt(b, 1)))
  );
}
/** xvtsqrtdp. */
export function xvtsqrtdp(cpu: usize, b: usize): u32 {
  return ftsqrt(cpu, load<u64>(doubleAt(b, 0))) | ftsqrt(cpu, load<u64>(doubleAt(b, 1)));
}

function testDivideSingle(a: u32, b: u32): u32 {
  const biasedA = <i32>(a >> 23) & 0xff;
  const biasedB = <i32>(b >> 23) & 0xff;
  const ea = biasedA - 127;
  const eb = biasedB - 127;
  const fe =
    biasedA == 0xff ||
    biasedB == 0xff ||
    eb <= -126 ||
    eb >= 125 ||
    (a << 1 != 0 && (ea - eb >= 127 || ea - eb <= -125 || ea <= -103));
  const fg = a << 1 == 0xff00_0000 || b << 1 == 0xff00_0000 || biasedB == 0;
  return 8 | (fg ? 4 : 0) | (fe ? 2 : 0);
}

/** xvtdivsp. */
export function xvtdivsp(_cpu: usize, a: usize, b: usize): u32 {
  let field: u32 = 8;
  for (let i = 0; i < 4; i++) field |= testDivideSingle(load<u32>(wordAt(a, i)), load<u32>(wordAt(b, i)));
  return field;
}
/** xvtsqrtsp. */
export function xvtsqrtsp(_cpu: usize, b: usize): u32 {
  let field: u32 = 8;
  for (let i = 0; i < 4; i++) {
    const bits = load<u32>(wordAt(b, i));
    const biased = <i32>(bits >> 23) & 0xff;
    if (biased == 0xff || bits >> 31 != 0 || biased - 127 <= -103) field |= 2;
    if (bits << 1 == 0xff00_0000 || biased == 0) field |= 4;
  }
  return field;
}

/** xvtstdcdp: masks of the elements that are of one of the classes. */
export function xvtstdcdp(_cpu: usize, t: usize, b: usize, dcmx: u32): void {
  for (let i = 0; i < 2; i++) putDouble(i, isDoubleOfClass(load<u64>(doubleAt(b, i)), dcmx) ? ~(<u64>0) : 0);
  writeResult(t);
}
/** xvtstdcsp. */
export function xvtstdcsp(_cpu: usize, t: usize, b: usize, dcmx: u32): void {
  clearResult();
  for (let i = 0; i < 4; i++) {
    const bits = load<u32>(wordAt(b, i));
    const e = (bits >> 23) & 0xff;
    putWord(i, isOfClass(bits >> 31 != 0, e == 0xff, e == 0, bits << 9 != 0, dcmx) ? ~(<u32>0) : 0);
  }
  writeResult(t);
}
