// Helpers of translated floating-point code: fused multiply-add from host arithmetic where that is provably exact, and
// the status bits of the last operation, computed only when somebody looks.
import * as L from '../generated/layout';
import { fadd, fdiv, fmul, fsqrt, fsub } from './double';
import { fmadd, fmsub, fnmadd, fnmsub } from './double-fused';
import { fadds, fdivs, fmadds, fmsubs, fmuls, fnmadds, fnmsubs, frsp, fsqrts, fsubs } from './single';
import { fcfid, fcfidu } from './convert';

/** Factors and products in this range of exponents neither overflow nor lose bits below the smallest double. */
const LOWEST: i32 = 1023 - 450;
const HIGHEST: i32 = 1023 + 450;

@inline function exponent(x: f64): i32 {
  return <i32>(reinterpret<u64>(x) >> 52) & 0x7ff;
}
@inline function inRange(x: f64): bool {
  const e = exponent(x);
  return e > LOWEST && e < HIGHEST;
}

/** x + y rounded to odd, given the rounded sum and its error. */
@inline function toOdd(sum: f64, error: f64): f64 {
  const bits = reinterpret<u64>(sum);
  if (error == 0 || bits & 1) return sum;
  return reinterpret<f64>((error > 0) == (sum > 0) ? bits + 1 : bits - 1);
}

@inline function errorOfSum(x: f64, y: f64, sum: f64): f64 {
  const part = sum - x;
  return x - (sum - part) + (y - part);
}

@inline function upperHalf(x: f64): f64 {
  const scaled = x * 134217729.0;
  return scaled - (scaled - x);
}

/**
 * a·b + c rounded once (to nearest), or NaN where this method gives no proof (Boldo and Melquiond, "Emulation of FMA and
 * correctly rounded sums", 2008).
 */
export function fusedDouble(cpu: usize, a: f64, b: f64, c: f64): f64 {
  const product = a * b;
  if (product == 0 && (a == 0 || b == 0) && c != 0) return c + product;
  if (!inRange(a) || !inRange(b) || (c != 0 && !inRange(c))) return NaN;
  const aHigh = upperHalf(a);
  const aLow = a - aHigh;
  const bHigh = upperHalf(b);
  const bLow = b - bHigh;
  const low = aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
  const t = c + low;
  const tError = errorOfSum(c, low, t);
  const v = product + t;
  const vError = errorOfSum(product, t, v);
  const z = tError + vError;
  return v + toOdd(z, errorOfSum(tError, vError, z));
}

/** a·b + c for factors of at most 26 significant bits, rounded to odd at 53: rounding that to single is exact. NaN as above. */
export function fusedToOdd(cpu: usize, a: f64, b: f64, c: f64): f64 {
  const product = a * b;
  if (((reinterpret<u64>(a) | reinterpret<u64>(b)) & 0x7ffffff) != 0) return NaN;
  if (product == 0 && (a == 0 || b == 0) && c != 0) return c + product;
  if (!inRange(a) || !inRange(b) || (c != 0 && !inRange(c))) return NaN;
  const sum = product + c;
  return toOdd(sum, errorOfSum(product, c, sum));
}

/**
 * Brings FI, FR, FPRF of FPSCR up to date with the operation that translated code noted last (numbers in
 * src/engine/translator/floating-point.ts), and FPCC with a comparison after it.
 */
export function resolveFloatingPoint(cpu: usize): void {
  const kind = <i32>load<u64>(cpu, L.S_fpKind);
  if (kind == 0) return;
  const a = load<u64>(cpu, L.S_fpA);
  const b = load<u64>(cpu, L.S_fpB);
  const c = load<u64>(cpu, L.S_fpC);
  switch (kind & 0xff) {
    case 1: fadd(cpu, 0, a, b); break;
    case 2: fsub(cpu, 0, a, b); break;
    case 3: fmul(cpu, 0, a, b); break;
    case 4: fdiv(cpu, 0, a, b); break;
    case 5: fadds(cpu, 0, a, b); break;
    case 6: fsubs(cpu, 0, a, b); break;
    case 7: fmuls(cpu, 0, a, b); break;
    case 8: fdivs(cpu, 0, a, b); break;
    case 9: fmadd(cpu, 0, a, b, c); break;
    case 10: fmsub(cpu, 0, a, b, c); break;
    case 11: fnmadd(cpu, 0, a, b, c); break;
    case 12: fnmsub(cpu, 0, a, b, c); break;
    case 13: fmadds(cpu, 0, a, b, c); break;
    case 14: fmsubs(cpu, 0, a, b, c); break;
    case 15: fnmadds(cpu, 0, a, b, c); break;
    case 16: fnmsubs(cpu, 0, a, b, c); break;
    case 17: fsqrt(cpu, 0, a); break;
    case 18: fsqrts(cpu, 0, a); break;
    case 19: frsp(cpu, 0, a); break;
    case 20: fcfid(cpu, 0, a); break;
    case 21: fcfidu(cpu, 0, a); break;
  }
  const condition = <u32>kind >> 8;
  if (condition != 0) store<u32>(cpu, (load<u32>(cpu, L.S_fpscr) & ~(<u32>0xf000)) | (condition << 12), L.S_fpscr);
  store<u64>(cpu, 0, L.S_fpKind);
}
