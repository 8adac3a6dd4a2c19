// Single-precision elements of the vector facility (Power ISA Book I, sections 6.6 and 6.10): NaN operands come out
// quiet, the first one wins; what has no value is the default NaN; with VSCR[NJ] denormals are zero on both sides.
import { isNonJava } from './element';

const defaultNaN: u32 = 0x7fc00000;
const quietBit: u32 = 0x00400000;
const signBit: u32 = 0x80000000;
/** Smallest normal single. */
const smallestNormal: f64 = 1.1754943508222875e-38;

function isNaN32(v: u32): bool {
  return (v & 0x7fffffff) > 0x7f800000;
}

/** A source or result element: denormals become a zero of the same sign if NJ. */
function flush(v: u32, nonJava: bool): u32 {
  return nonJava && (v & 0x7f800000) === 0 ? v & signBit : v;
}

/** The bits of a result that no NaN operand led to. */
function result(value: f32, nonJava: bool): u32 {
  const bits = reinterpret<u32>(value);
  return isNaN32(bits) ? defaultNaN : flush(bits, nonJava);
}

/** vaddfp, vsubfp, vmaxfp, vminfp as operation 0…3. */
export function vectorFloatBinary(cpu: usize, t: usize, x: usize, y: usize, operation: i32): void {
  const nonJava = isNonJava(cpu);
  for (let i: usize = 0; i < 16; i += 4) {
    const left = flush(load<u32>(x + i), nonJava);
    const right = flush(load<u32>(y + i), nonJava);
    let bits: u32;
    if (isNaN32(left)) bits = left | quietBit;
    else if (isNaN32(right)) bits = right | quietBit;
    else {
      const a = reinterpret<f32>(left);
      const b = reinterpret<f32>(right);
      let value: f32;
      if (operation === 0) value = a + b;
      else if (operation === 1) value = a - b;
      else if (operation === 2) value = max<f32>(a, b);
      else value = min<f32>(a, b);
      bits = result(value, nonJava);
    }
    store<u32>(t + i, bits);
  }
}

/** vmaddfp. */
export function vectorMultiplyAdd(cpu: usize, t: usize, x: usize, y: usize, z: usize): void {
  const nonJava = isNonJava(cpu);
  for (let i: usize = 0; i < 16; i += 4) {
    store<u32>(t + i, fused(load<u32>(x + i), load<u32>(z + i), load<u32>(y + i), false, nonJava));
  }
}

/** vnmsubfp. */
export function vectorNegativeMultiplySubtract(cpu: usize, t: usize, x: usize, y: usize, z: usize): void {
  const nonJava = isNonJava(cpu);
  for (let i: usize = 0; i < 16; i += 4) {
    store<u32>(t + i, fused(load<u32>(x + i), load<u32>(z + i), load<u32>(y + i), true, nonJava));
  }
}

/** a·c + b, or -(a·c - b). */
function fused(a: u32, c: u32, b: u32, negative: bool, nonJava: bool): u32 {
  a = flush(a, nonJava);
  c = flush(c, nonJava);
  b = flush(b, nonJava);
  if (isNaN32(a)) return a | quietBit;
  if (isNaN32(b)) return b | quietBit;
  if (isNaN32(c)) return c | quietBit;
  // The product of two singles is exact as a double.
  const product = <f64>reinterpret<f32>(a) * <f64>reinterpret<f32>(c);
  const addend = <f64>reinterpret<f32>(negative ? b ^ signBit : b);
  const sum = roundedToOdd(product, addend);
  const rounded = reinterpret<u32>(<f32>sum);
  if (isNaN32(rounded)) return defaultNaN;
  // Tininess is found before rounding.
  const tiny = nonJava && abs<f64>(sum) < smallestNormal;
  const value = tiny ? reinterpret<u32>(<f32>copysign<f64>(0, sum)) : rounded;
  return negative ? value ^ signBit : value;
}

/** The sum of two doubles rounded to odd, so that rounding it to single once more is right. */
function roundedToOdd(x: f64, y: f64): f64 {
  const sum = x + y;
  if (!(abs<f64>(sum) < Infinity)) return sum;
  const part = sum - x;
  const error = x - (sum - part) + (y - part);
  const bits = reinterpret<i64>(sum);
  if (error === 0 || (bits & 1) !== 0) return sum;
  // Towards the exact value: away from zero if the error has the sum's sign.
  const away = error > 0 === sum > 0;
  return reinterpret<f64>(away ? bits + 1 : bits - 1);
}

/**
 * Rounding to integer (0 nearest, 1 zero, 2 up, 3 down), estimates of 1/x (4) and 1/√x (5), 2ˣ (6), log₂ x (7).
 * The estimates are better than the manual asks for and the same on every host.
 */
export function vectorFloatUnary(cpu: usize, t: usize, y: usize, operation: i32): void {
  const nonJava = isNonJava(cpu);
  for (let i: usize = 0; i < 16; i += 4) {
    const bits = flush(load<u32>(y + i), nonJava);
    const value = isNaN32(bits) ? bits | quietBit : result(unary(reinterpret<f32>(bits), operation), nonJava);
    store<u32>(t + i, value);
  }
}

function unary(v: f32, operation: i32): f32 {
  switch (operation) {
    case 0:
      return nearest<f32>(v);
    case 1:
      return trunc<f32>(v);
    case 2:
      return ceil<f32>(v);
    case 3:
      return floor<f32>(v);
    case 4:
      return 1 / v;
    case 5:
      return 1 / sqrt<f32>(v);
    case 6:
      return exponential(v);
    default:
      return logarithm(v);
  }
}

/** 2ˣ: the power series of e to the power of f·ln 2 for the fraction f in ±½, scaled. */
function exponential(v: f32): f32 {
  if (v >= 128) return Infinity;
  if (v < -150) return 0;
  const x = <f64>v;
  const whole = nearest<f64>(x);
  const f = (x - whole) * Math.LN2;
  let sum: f64 = 1;
  for (let n = 12; n > 0; n--) sum = 1 + (sum * f) / <f64>n;
  return <f32>(sum * reinterpret<f64>((<i64>whole + 1023) << 52));
}

/** log₂ x: exponent plus 2·artanh((m - 1)/(m + 1))/ln 2 of the significand m in √½…√2. */
function logarithm(v: f32): f32 {
  if (v === 0) return -Infinity;
  if (v < 0) return NaN;
  if (v === Infinity) return v;
  const bits = reinterpret<i64>(<f64>v);
  let exponent = <f64>((bits >> 52) - 1023);
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent += 1;
  }
  const z = (m - 1) / (m + 1);
  const square = z * z;
  let sum: f64 = 0;
  for (let n = 21; n > 0; n -= 2) sum = 1 / <f64>n + sum * square;
  return <f32>(exponent + 2 * z * sum * Math.LOG2E);
}
