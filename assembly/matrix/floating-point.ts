// Outer products of floating-point numbers (Power ISA v3.1 Book I, section 7.6.1.10). Exceptions are noted, and enabled ones
// interrupt, but each result is as if none were enabled; FR, FI and FPRF stay.
import * as L from '../generated/layout';
import { add, multiply, multiplyAdd } from '../fp/arithmetic';
import { fusedDoubles, fusedSingles } from '../fp/fast';
import { begin, Now, update, XX } from '../fp/fpscr';
import {
  FINITE,
  packDouble,
  packSingle,
  QUIET,
  R,
  roundSignificand,
  roundTo,
  toA,
  toB,
  toC,
  unpackDouble,
  unpackHalf,
  unpackSingle,
} from '../fp/number';
import { doubleAt, wordAt } from '../fp/vector-elements';
import { columnEnabled, operandsOverlap, productEnabled, rowEnabled } from './operands';

/** Bits of `operation`. */
const ACCUMULATE: i32 = 1;
const NEGATE_PRODUCT: i32 = 2;
const NEGATE_ADDEND: i32 = 4;
const BFLOAT: i32 = 8;

/** VE, OE, UE, ZE, XE. */
const ENABLES: u32 = 0xf8;

/** Rounding to nearest, XX noted already, nothing enabled, all products wanted: only values matter. */
function isPlain(cpu: usize, masks: i32, all: i32): bool {
  return masks == all && (load<u32>(cpu + L.S_fpscr) & (XX | ENABLES | 3)) == XX;
}

/** Starts a computation whose results are those of disabled exceptions; gives FPSCR. */
function beginQuietly(cpu: usize): u32 {
  begin(cpu);
  const fpscr = Now.fpscr;
  Now.fpscr = fpscr & ~ENABLES;
  return fpscr;
}

function negate(): void {
  if (R.kind < QUIET) R.sign ^= 1;
}

function roundSingle(): void {
  roundTo(24, -126, 127, 192);
}

/** R = a × b, or ±(a × b ± R) with a in A and b in C, before rounding; the sign of the sum changes after it. */
function product(operation: i32): void {
  if (!(operation & ACCUMULATE)) {
    multiply();
    return;
  }
  toB();
  const opposite = (operation & NEGATE_ADDEND) != 0 != ((operation & NEGATE_PRODUCT) != 0);
  multiplyAdd(opposite);
}

// --- singles

/** Lanes that are normal and not of the least exponent, or zero. */
@inline function ordinarySingles(v: v128): v128 {
  const e = i32x4.sub(i32x4.shr_u(i32x4.shl(v, 1), 24), i32x4.splat(2));
  return v128.or(i32x4.lt_u(e, i32x4.splat(0xfd)), f32x4.eq(v, f32x4.splat(0)));
}

/** Zero results are exact only where a factor is zero. */
@inline function provenSingles(v: v128, x: v128, y: v128): bool {
  const zero = f32x4.splat(0);
  const noProduct = v128.or(f32x4.eq(x, zero), f32x4.eq(y, zero));
  return i32x4.all_true(v128.and(ordinarySingles(v), v128.or(f32x4.ne(v, zero), noProduct)));
}

@inline function signed(v: v128, negative: bool): v128 {
  return negative ? f32x4.neg(v) : v;
}

/** One row of xvf32ger and its forms: ±(x × y ± addend). */
@inline function singleRow(cpu: usize, x: v128, y: v128, addend: v128, operation: i32): v128 {
  if (!(operation & ACCUMULATE)) return f32x4.mul(x, y);
  const opposite = (operation & NEGATE_ADDEND) != 0 != ((operation & NEGATE_PRODUCT) != 0);
  return fusedSingles(cpu, x, y, signed(addend, opposite));
}

function fastSingles(cpu: usize, accumulator: usize, a: usize, b: usize, operation: i32): bool {
  const y = v128.load(b);
  const x0 = v128.load32_splat(wordAt(a, 0));
  const x1 = v128.load32_splat(wordAt(a, 1));
  const x2 = v128.load32_splat(wordAt(a, 2));
  const x3 = v128.load32_splat(wordAt(a, 3));
  const r0 = singleRow(cpu, x0, y, v128.load(accumulator), operation);
  const r1 = singleRow(cpu, x1, y, v128.load(accumulator, 16), operation);
  const r2 = singleRow(cpu, x2, y, v128.load(accumulator, 32), operation);
  const r3 = singleRow(cpu, x3, y, v128.load(accumulator, 48), operation);
  if (!provenSingles(r0, x0, y) || !provenSingles(r1, x1, y)) return false;
  if (!provenSingles(r2, x2, y) || !provenSingles(r3, x3, y)) return false;
  const negative = (operation & (ACCUMULATE | NEGATE_PRODUCT)) == (ACCUMULATE | NEGATE_PRODUCT);
  v128.store(accumulator, signed(r0, negative));
  v128.store(accumulator, signed(r1, negative), 16);
  v128.store(accumulator, signed(r2, negative), 32);
  v128.store(accumulator, signed(r3, negative), 48);
  return true;
}

/** xvf32ger and its forms. */
export function matrixSingle(cpu: usize, accumulator: usize, a: usize, b: usize, operation: i32, masks: i32): void {
  if (operandsOverlap(cpu, accumulator, a, b)) return;
  if (isPlain(cpu, masks, 0xff) && fastSingles(cpu, accumulator, a, b, operation)) return;
  const fpscr = beginQuietly(cpu);
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 4; j++) {
      const at = wordAt(accumulator + 16 * i, j);
      if (!rowEnabled(masks, i) || !columnEnabled(masks, j)) {
        store<u32>(at, 0);
        continue;
      }
      unpackSingle(load<u32>(wordAt(a, i)));
      toA();
      unpackSingle(load<u32>(wordAt(b, j)));
      toC();
      if (operation & ACCUMULATE) unpackSingle(load<u32>(at));
      else toB();
      product(operation);
      roundSingle();
      if (operation & ACCUMULATE && operation & NEGATE_PRODUCT) negate();
      store<u32>(at, packSingle());
    }
  }
  update(cpu, fpscr, 0, 0, Now.raised);
}

// --- doubles

@inline function ordinaryDoubles(v: v128): v128 {
  const size = f64x2.abs(v);
  const normal = v128.and(f64x2.ge(size, f64x2.splat(4.450147717014403e-308)), f64x2.lt(size, f64x2.splat(8.98846567431158e307)));
  return v128.or(normal, f64x2.eq(v, f64x2.splat(0)));
}

/** As `provenSingles`; a product of doubles may itself be too small to be exact, which `fusedDoubles` excludes. */
@inline function provenDoubles(v: v128, x: v128, y: v128): bool {
  const zero = f64x2.splat(0);
  const noProduct = v128.or(f64x2.eq(x, zero), f64x2.eq(y, zero));
  return i64x2.all_true(v128.and(ordinaryDoubles(v), v128.or(f64x2.ne(v, zero), noProduct)));
}

@inline function signedDoubles(v: v128, negative: bool): v128 {
  return negative ? f64x2.neg(v) : v;
}

@inline function doubleRow(cpu: usize, x: v128, y: v128, addend: v128, operation: i32): v128 {
  if (!(operation & ACCUMULATE)) return f64x2.mul(x, y);
  const opposite = (operation & NEGATE_ADDEND) != 0 != ((operation & NEGATE_PRODUCT) != 0);
  return fusedDoubles(cpu, x, y, signedDoubles(addend, opposite));
}

/** Double i of a pair of registers. */
@inline function doubleOfPair(pair: usize, i: i32): usize {
  return doubleAt(pair + 16 * (i >> 1), i & 1);
}

function fastDoubles(cpu: usize, accumulator: usize, a: usize, b: usize, operation: i32): bool {
  const y = v128.load(b);
  const x0 = v128.load64_splat(doubleOfPair(a, 0));
  const x1 = v128.load64_splat(doubleOfPair(a, 1));
  const x2 = v128.load64_splat(doubleOfPair(a, 2));
  const x3 = v128.load64_splat(doubleOfPair(a, 3));
  const r0 = doubleRow(cpu, x0, y, v128.load(accumulator), operation);
  const r1 = doubleRow(cpu, x1, y, v128.load(accumulator, 16), operation);
  const r2 = doubleRow(cpu, x2, y, v128.load(accumulator, 32), operation);
  const r3 = doubleRow(cpu, x3, y, v128.load(accumulator, 48), operation);
  if (!provenDoubles(r0, x0, y) || !provenDoubles(r1, x1, y)) return false;
  if (!provenDoubles(r2, x2, y) || !provenDoubles(r3, x3, y)) return false;
  const negative = (operation & (ACCUMULATE | NEGATE_PRODUCT)) == (ACCUMULATE | NEGATE_PRODUCT);
  v128.store(accumulator, signedDoubles(r0, negative));
  v128.store(accumulator, signedDoubles(r1, negative), 16);
  v128.store(accumulator, signedDoubles(r2, negative), 32);
  v128.store(accumulator, signedDoubles(r3, negative), 48);
  return true;
}

/** xvf64ger and its forms: `a` is a pair of registers, the column mask has two bits. */
export function matrixDouble(cpu: usize, accumulator: usize, a: usize, b: usize, operation: i32, masks: i32): void {
  if (operandsOverlap(cpu, accumulator, a, b)) return;
  if (isPlain(cpu, masks, 0xf3) && fastDoubles(cpu, accumulator, a, b, operation)) return;
  const fpscr = beginQuietly(cpu);
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < 2; j++) {
      const at = doubleAt(accumulator + 16 * i, j);
      if (!rowEnabled(masks, i) || !columnEnabled(masks, j + 2)) {
        store<u64>(at, 0);
        continue;
      }
      unpackDouble(load<u64>(doubleOfPair(a, i)));
      toA();
      unpackDouble(load<u64>(doubleAt(b, j)));
      toC();
      if (operation & ACCUMULATE) unpackDouble(load<u64>(at));
      else toB();
      product(operation);
      roundTo(53, -1022, 1023, 1536);
      if (operation & ACCUMULATE && operation & NEGATE_PRODUCT) negate();
      store<u64>(at, packDouble());
    }
  }
  update(cpu, fpscr, 0, 0, Now.raised);
}

// --- half precision and bfloat16

/** Fills R from half k (0 or 1, from the left) of a word; a product that is masked out is one of zeros. */
function unpackPart(word: u32, k: i32, operation: i32, masks: i32): void {
  const bits = productEnabled(masks, k, 2) ? (k ? word & 0xffff : word >> 16) : 0;
  if (operation & BFLOAT) unpackSingle(bits << 16);
  else unpackHalf(bits);
}

/** R = the sum of both products of two words, rounded to the precision of single; of bfloat16 with any exponent. */
function sumOfProducts(x: u32, y: u32, operation: i32, masks: i32): void {
  unpackPart(x, 0, operation, masks);
  toA();
  unpackPart(y, 0, operation, masks);
  toB();
  multiply();
  toB();
  unpackPart(x, 1, operation, masks);
  toA();
  unpackPart(y, 1, operation, masks);
  toC();
  multiplyAdd(false);
  if (!(operation & BFLOAT)) {
    roundSingle();
    return;
  }
  if (R.kind != FINITE) return;
  roundSignificand(24, Now.mode);
  if (Now.rounding) Now.raised |= XX;
}

/** The left (k = 0) or right halves of four words as singles; false lanes of `finite` are infinities and NaNs. */
@inline function partsAsSingles(v: v128, k: i32, operation: i32): v128 {
  if (operation & BFLOAT) return k ? i32x4.shl(v, 16) : v128.and(v, i32x4.splat(0xffff0000));
  const halves = k ? v128.and(v, i32x4.splat(0xffff)) : i32x4.shr_u(v, 16);
  // A binary16 fraction and exponent in the place of a single's, then the difference of the biases.
  const size = f32x4.mul(i32x4.shl(v128.and(halves, i32x4.splat(0x7fff)), 13), f32x4.splat(5.192296858534828e33));
  return v128.or(size, i32x4.shl(v128.and(halves, i32x4.splat(0x8000)), 16));
}

/** No half of the words is an infinity or a NaN of binary16. */
@inline function finiteHalves(v: v128): bool {
  const most = i16x8.splat(0x7c00);
  return !v128.any_true(i16x8.eq(v128.and(v, most), most));
}

/** A product of singles with 8 or 11 bits is exact when it is ordinary. */
@inline function provenProduct(x: v128, y: v128): bool {
  return provenSingles(f32x4.mul(x, y), x, y);
}

/** One row, or NaNs where this gives no proof. */
@inline function halfRow(cpu: usize, word: v128, y0: v128, y1: v128, addend: v128, operation: i32): v128 {
  const x0 = partsAsSingles(word, 0, operation);
  const x1 = partsAsSingles(word, 1, operation);
  if (!provenProduct(x0, y0) || !provenProduct(x1, y1)) return f32x4.splat(NaN);
  const sum = fusedSingles(cpu, x1, y1, f32x4.mul(x0, y0));
  if (!(operation & ACCUMULATE)) return sum;
  if (!i32x4.all_true(ordinarySingles(sum))) return f32x4.splat(NaN);
  return f32x4.add(signed(sum, (operation & NEGATE_PRODUCT) != 0), signed(addend, (operation & NEGATE_ADDEND) != 0));
}

function fastHalves(cpu: usize, accumulator: usize, a: usize, b: usize, operation: i32): bool {
  const y = v128.load(b);
  if (!(operation & BFLOAT) && !(finiteHalves(v128.load(a)) && finiteHalves(y))) return false;
  const y0 = partsAsSingles(y, 0, operation);
  const y1 = partsAsSingles(y, 1, operation);
  const r0 = halfRow(cpu, v128.load32_splat(wordAt(a, 0)), y0, y1, v128.load(accumulator), operation);
  const r1 = halfRow(cpu, v128.load32_splat(wordAt(a, 1)), y0, y1, v128.load(accumulator, 16), operation);
  const r2 = halfRow(cpu, v128.load32_splat(wordAt(a, 2)), y0, y1, v128.load(accumulator, 32), operation);
  const r3 = halfRow(cpu, v128.load32_splat(wordAt(a, 3)), y0, y1, v128.load(accumulator, 48), operation);
  const good = v128.and(
    v128.and(ordinarySingles(r0), ordinarySingles(r1)),
    v128.and(ordinarySingles(r2), ordinarySingles(r3)),
  );
  if (!i32x4.all_true(good)) return false;
  v128.store(accumulator, r0);
  v128.store(accumulator, r1, 16);
  v128.store(accumulator, r2, 32);
  v128.store(accumulator, r3, 48);
  return true;
}

/** xvf16ger2, xvbf16ger2 and their forms. */
export function matrixHalf(cpu: usize, accumulator: usize, a: usize, b: usize, operation: i32, masks: i32): void {
  if (operandsOverlap(cpu, accumulator, a, b)) return;
  if (isPlain(cpu, masks, 0x3ff) && fastHalves(cpu, accumulator, a, b, operation)) return;
  const fpscr = beginQuietly(cpu);
  for (let i = 0; i < 4; i++) {
    const x = load<u32>(wordAt(a, i));
    for (let j = 0; j < 4; j++) {
      const at = wordAt(accumulator + 16 * i, j);
      if (!rowEnabled(masks, i) || !columnEnabled(masks, j)) {
        store<u32>(at, 0);
        continue;
      }
      sumOfProducts(x, load<u32>(wordAt(b, j)), operation, masks);
      if (operation & ACCUMULATE) {
        if (operation & NEGATE_PRODUCT) negate();
        toA();
        unpackSingle(load<u32>(at));
        if (operation & NEGATE_ADDEND) negate();
        toB();
        add();
      }
      roundSingle();
      store<u32>(at, packSingle());
    }
  }
  update(cpu, fpscr, 0, 0, Now.raised);
}
