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

// The same for the elements of a vector.

@inline function errorsOfSum(x: v128, y: v128, sum: v128): v128 {
  const part = f64x2.sub(sum, x);
  return f64x2.add(f64x2.sub(x, f64x2.sub(sum, part)), f64x2.sub(y, part));
}

@inline function toOdds(sum: v128, error: v128): v128 {
  const zero = i64x2.splat(0);
  const outward = v128.not(v128.xor(f64x2.gt(error, zero), f64x2.gt(sum, zero)));
  const step = v128.bitselect(i64x2.splat(1), i64x2.splat(-1), outward);
  const even = i64x2.eq(v128.and(sum, i64x2.splat(1)), zero);
  return i64x2.add(sum, v128.and(step, v128.and(even, f64x2.ne(error, zero))));
}

@inline function allInRange(x: v128): v128 {
  const size = f64x2.abs(x);
  return v128.and(f64x2.gt(size, f64x2.splat(3.0e-135)), f64x2.lt(size, f64x2.splat(3.0e135)));
}

@inline function upperHalves(x: v128): v128 {
  const scaled = f64x2.mul(x, f64x2.splat(134217729.0));
  return f64x2.sub(scaled, f64x2.sub(scaled, x));
}

/** {@link fusedDouble} of two elements. */
export function fusedDoubles(cpu: usize, a: v128, b: v128, c: v128): v128 {
  const zero = f64x2.splat(0);
  const product = f64x2.mul(a, b);
  const aHigh = upperHalves(a);
  const aLow = f64x2.sub(a, aHigh);
  const bHigh = upperHalves(b);
  const bLow = f64x2.sub(b, bHigh);
  const rest = f64x2.sub(
    f64x2.sub(f64x2.sub(product, f64x2.mul(aHigh, bHigh)), f64x2.mul(aLow, bHigh)),
    f64x2.mul(aHigh, bLow),
  );
  const low = f64x2.sub(f64x2.mul(aLow, bLow), rest);
  const t = f64x2.add(c, low);
  const tError = errorsOfSum(c, low, t);
  const v = f64x2.add(product, t);
  const vError = errorsOfSum(product, t, v);
  const z = f64x2.add(tError, vError);
  const sum = f64x2.add(v, toOdds(z, errorsOfSum(tError, vError, z)));
  const cZero = f64x2.eq(c, zero);
  const proven = v128.and(v128.and(allInRange(a), allInRange(b)), v128.or(allInRange(c), cZero));
  const noProduct = v128.andnot(v128.or(f64x2.eq(a, zero), f64x2.eq(b, zero)), cZero);
  const plain = v128.bitselect(f64x2.add(c, product), f64x2.splat(NaN), noProduct);
  return v128.bitselect(sum, plain, proven);
}

/** Two products of singles and their sums, rounded to odd and then to single. */
@inline function fusedPair(a: v128, b: v128, c: v128): v128 {
  const product = f64x2.mul(a, b);
  const sum = f64x2.add(product, c);
  return f32x4.demote_f64x2_zero(toOdds(sum, errorsOfSum(product, c, sum)));
}

/** a·b + c of four single elements, each rounded once; right where the result is a normal number. */
export function fusedSingles(cpu: usize, a: v128, b: v128, c: v128): v128 {
  const low = fusedPair(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b), f64x2.promote_low_f32x4(c));
  const high = fusedPair(
    f64x2.promote_low_f32x4(v128.shuffle<u64>(a, a, 1, 1)),
    f64x2.promote_low_f32x4(v128.shuffle<u64>(b, b, 1, 1)),
    f64x2.promote_low_f32x4(v128.shuffle<u64>(c, c, 1, 1)),
  );
  return v128.shuffle<u64>(low, high, 0, 2);
}
