// VSX vector floating-point arithmetic (Power ISA Book I, section 7.6.1). FR, FI and FPRF stay; any enabled exception
// of any element keeps the whole target.
import * as L from '../generated/layout';
import { add, divide, multiply, multiplyAdd, operand, squareRoot } from './arithmetic';
import { reciprocal, reciprocalSquareRoot, roundEstimate } from './estimate';
import { fusedDouble, fusedToOdd } from './fast';
import { begin, DOWNWARD, endVector, NEAREST_AWAY, Now, TOWARD_ZERO, UPWARD, XE, XX } from './fpscr';
import { roundIntegral } from './integer';
import { packDouble, packSingle, QUIET, R, roundTo, toA, toB, toC } from './number';
import { clearResult, putDouble, putWord, unpackElement, writeResult } from './vector-elements';

const ADD: i32 = 0;
const SUBTRACT: i32 = 1;
const MULTIPLY: i32 = 2;
const DIVIDE: i32 = 3;
const ROOT: i32 = 4;
const RECIPROCAL: i32 = 5;
const RECIPROCAL_ROOT: i32 = 6;
/** Bit 0 negates the addend, bit 1 the result. */
const FUSED: i32 = 8;

function roundElement(single: bool): void {
  if (single) roundTo(24, -126, 127, 192);
  else roundTo(53, -1022, 1023, 1536);
}

function putElement(i: i32, single: bool): void {
  if (single) putWord(i, packSingle());
  else putDouble(i, packDouble());
}

function compute(operation: i32, single: bool): void {
  if (operation == ADD || operation == SUBTRACT) add();
  else if (operation == MULTIPLY) multiply();
  else if (operation == DIVIDE) divide(false);
  else if (operation == ROOT) squareRoot(false);
  else if (operation == RECIPROCAL) reciprocal();
  else if (operation == RECIPROCAL_ROOT) reciprocalSquareRoot(single ? 24 : 53);
  else multiplyAdd((operation & 1) != 0);
}

/** a op b; unary operations have their operand in a; c is the second factor of a fused one (else any reference). */
function elements(cpu: usize, t: usize, a: usize, b: usize, c: usize, operation: i32, single: bool): void {
  begin(cpu);
  clearResult();
  const count = single ? 4 : 2;
  for (let i = 0; i < count; i++) {
    unpackElement(a, i, single);
    toA();
    unpackElement(b, i, single);
    if (operation == SUBTRACT && R.kind < QUIET) R.sign ^= 1;
    toB();
    if (operation >= FUSED) {
      unpackElement(c, i, single);
      toC();
    }
    compute(operation, single);
    if (operation === RECIPROCAL || operation === RECIPROCAL_ROOT) roundEstimate(single);
    else roundElement(single);
    if (operation >= FUSED && operation & 2 && R.kind < QUIET) R.sign ^= 1;
    putElement(i, single);
  }
  if (endVector(cpu)) writeResult(t);
}

/** Rounding to nearest, with the inexact exception noted before and not enabled: only values matter. */
function onlyValuesMatter(cpu: usize): bool {
  return (load<u32>(cpu + L.S_fpscr) & (XX | XE | 3)) == XX;
}

/** Whether both doubles are normal and not of the least exponent, so that nothing but XX can have happened. */
function areNormalDoubles(v: v128): bool {
  const e = i64x2.shr_u(i64x2.shl(v, 1), 53);
  const low = i64x2.extract_lane(e, 0);
  const high = i64x2.extract_lane(e, 1);
  return <u64>(low - 2) < 0x7fd && <u64>(high - 2) < 0x7fd;
}

/** As `areNormalDoubles` for four singles. */
function areNormalSingles(v: v128): bool {
  const e = i32x4.sub(i32x4.shr_u(i32x4.shl(v, 1), 24), i32x4.splat(2));
  return i32x4.all_true(i32x4.lt_u(e, i32x4.splat(0xfd)));
}

/** As `areNormalDoubles`, or zero: a sum that is zero is exact. */
function areSumsOfDoubles(v: v128): bool {
  const low = i64x2.extract_lane(v, 0) << 1;
  const high = i64x2.extract_lane(v, 1) << 1;
  return (low == 0 || <u64>(low >>> 53) - 2 < 0x7fd) && (high == 0 || <u64>(high >>> 53) - 2 < 0x7fd);
}

/** As `areNormalSingles`, or zero. */
function areSumsOfSingles(v: v128): bool {
  const e = i32x4.sub(i32x4.shr_u(i32x4.shl(v, 1), 24), i32x4.splat(2));
  const zero = f32x4.eq(v, f32x4.splat(0));
  return i32x4.all_true(v128.or(i32x4.lt_u(e, i32x4.splat(0xfd)), zero));
}

/** xvadddp. */
export function xvadddp(cpu: usize, t: usize, a: usize, b: usize): void {
  const v = f64x2.add(v128.load(a), v128.load(b));
  if (onlyValuesMatter(cpu) && areSumsOfDoubles(v)) v128.store(t, v);
  else elements(cpu, t, a, b, b, ADD, false);
}
/** xvsubdp. */
export function xvsubdp(cpu: usize, t: usize, a: usize, b: usize): void {
  const v = f64x2.sub(v128.load(a), v128.load(b));
  if (onlyValuesMatter(cpu) && areSumsOfDoubles(v)) v128.store(t, v);
  else elements(cpu, t, a, b, b, SUBTRACT, false);
}
/** xvmuldp. */
export function xvmuldp(cpu: usize, t: usize, a: usize, b: usize): void {
  const v = f64x2.mul(v128.load(a), v128.load(b));
  if (onlyValuesMatter(cpu) && areNormalDoubles(v)) v128.store(t, v);
  else elements(cpu, t, a, b, b, MULTIPLY, false);
}
/** xvdivdp. */
export function xvdivdp(cpu: usize, t: usize, a: usize, b: usize): void {
  const v = f64x2.div(v128.load(a), v128.load(b));
  if (onlyValuesMatter(cpu) && areNormalDoubles(v)) v128.store(t, v);
  else elements(cpu, t, a, b, b, DIVIDE, false);
}
/** xvsqrtdp. */
export function xvsqrtdp(cpu: usize, t: usize, b: usize): void {
  const v = f64x2.sqrt(v128.load(b));
  if (onlyValuesMatter(cpu) && areNormalDoubles(v)) v128.store(t, v);
  else elements(cpu, t, b, b, b, ROOT, false);
}
/** xvaddsp. */
export function xvaddsp(cpu: usize, t: usize, a: usize, b: usize): void {
  const v = f32x4.add(v128.load(a), v128.load(b));
  if (onlyValuesMatter(cpu) && areSumsOfSingles(v)) v128.store(t, v);
  else elements(cpu, t, a, b, b, ADD, true);
}
/** xvsubsp. */
export function xvsubsp(cpu: usize, t: usize, a: usize, b: usize): void {
  const v = f32x4.sub(v128.load(a), v128.load(b));
  if (onlyValuesMatter(cpu) && areSumsOfSingles(v)) v128.store(t, v);
  else elements(cpu, t, a, b, b, SUBTRACT, true);
}
/** xvmulsp. */
export function xvmulsp(cpu: usize, t: usize, a: usize, b: usize): void {
  const v = f32x4.mul(v128.load(a), v128.load(b));
  if (onlyValuesMatter(cpu) && areNormalSingles(v)) v128.store(t, v);
  else elements(cpu, t, a, b, b, MULTIPLY, true);
}
/** xvdivsp. */
export function xvdivsp(cpu: usize, t: usize, a: usize, b: usize): void {
  const v = f32x4.div(v128.load(a), v128.load(b));
  if (onlyValuesMatter(cpu) && areNormalSingles(v)) v128.store(t, v);
  else elements(cpu, t, a, b, b, DIVIDE, true);
}
/** xvsqrtsp. */
export function xvsqrtsp(cpu: usize, t: usize, b: usize): void {
  const v = f32x4.sqrt(v128.load(b));
  if (onlyValuesMatter(cpu) && areNormalSingles(v)) v128.store(t, v);
  else elements(cpu, t, b, b, b, ROOT, true);
}

/** xvredp. */
export function xvredp(cpu: usize, t: usize, b: usize): void {
  elements(cpu, t, b, b, b, RECIPROCAL, false);
}
/** xvresp. */
export function xvresp(cpu: usize, t: usize, b: usize): void {
  elements(cpu, t, b, b, b, RECIPROCAL, true);
}
/** xvrsqrtedp. */
export function xvrsqrtedp(cpu: usize, t: usize, b: usize): void {
  elements(cpu, t, b, b, b, RECIPROCAL_ROOT, false);
}
/** xvrsqrtesp. */
export function xvrsqrtesp(cpu: usize, t: usize, b: usize): void {
  elements(cpu, t, b, b, b, RECIPROCAL_ROOT, true);
}

/** a × c + b with a zero factor, or as the helpers of translated code do; NaN where these give no proof. */
function fusedLane(cpu: usize, a: f64, c: f64, b: f64, single: bool): f64 {
  if (a == 0 || c == 0) return a * c + b;
  return single ? fusedToOdd(cpu, a, c, b) : fusedDouble(cpu, a, c, b);
}

function fusedDoubles(cpu: usize, t: usize, a: usize, c: usize, b: usize, variant: i32): bool {
  const addend = variant & 1 ? f64x2.neg(v128.load(b)) : v128.load(b);
  const x = v128.load(a);
  const y = v128.load(c);
  const low = fusedLane(cpu, f64x2.extract_lane(x, 0), f64x2.extract_lane(y, 0), f64x2.extract_lane(addend, 0), false);
  const high = fusedLane(cpu, f64x2.extract_lane(x, 1), f64x2.extract_lane(y, 1), f64x2.extract_lane(addend, 1), false);
  const v = f64x2.replace_lane(f64x2.splat(low), 1, high);
  if (!areNormalDoubles(v)) return false;
  v128.store(t, variant & 2 ? f64x2.neg(v) : v);
  return true;
}

function fusedSingles(cpu: usize, t: usize, a: usize, c: usize, b: usize, variant: i32): bool {
  let v = f32x4.splat(0);
  for (let at: usize = 0; at < 16; at += 4) {
    const addend = <f64>load<f32>(b + at);
    const sum = fusedLane(cpu, <f64>load<f32>(a + at), <f64>load<f32>(c + at), variant & 1 ? -addend : addend, true);
    // Lanes are filled in turn: each step moves the others down and puts this one on top.
    v = i8x16.shuffle(v, f32x4.splat(<f32>sum), 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
  }
  if (!areNormalSingles(v)) return false;
  v128.store(t, variant & 2 ? f32x4.neg(v) : v);
  return true;
}

/** xvmadd(a|m)dp: a × c + b, variant 1 − b, 2 the sum negated, 3 both. */
export function xvmadddp(cpu: usize, t: usize, a: usize, c: usize, b: usize, variant: i32): void {
  if (onlyValuesMatter(cpu) && fusedDoubles(cpu, t, a, c, b, variant)) return;
  elements(cpu, t, a, b, c, FUSED | variant, false);
}
/** xvmadd(a|m)sp and its variants. */
export function xvmaddsp(cpu: usize, t: usize, a: usize, c: usize, b: usize, variant: i32): void {
  if (onlyValuesMatter(cpu) && fusedSingles(cpu, t, a, c, b, variant)) return;
  elements(cpu, t, a, b, c, FUSED | variant, true);
}

/** Rounding of elements to integral values; only the current mode (`inexact`) raises XX. */
function integralElements(cpu: usize, t: usize, b: usize, mode: u32, inexact: bool, single: bool): void {
  begin(cpu);
  clearResult();
  const count = single ? 4 : 2;
  for (let i = 0; i < count; i++) {
    unpackElement(b, i, single);
    toA();
    operand();
    roundIntegral(inexact ? Now.mode : mode);
    if (inexact && Now.rounding) Now.raised |= XX;
    putElement(i, single);
  }
  if (endVector(cpu)) writeResult(t);
}

/** xvrdpi. */
export function xvrdpi(cpu: usize, t: usize, b: usize): void {
  integralElements(cpu, t, b, NEAREST_AWAY, false, false);
}
/** xvrdpic. */
export function xvrdpic(cpu: usize, t: usize, b: usize): void {
  integralElements(cpu, t, b, 0, true, false);
}
/** xvrdpim. */
export function xvrdpim(cpu: usize, t: usize, b: usize): void {
  integralElements(cpu, t, b, DOWNWARD, false, false);
}
/** xvrdpip. */
export function xvrdpip(cpu: usize, t: usize, b: usize): void {
  integralElements(cpu, t, b, UPWARD, false, false);
}
/** xvrdpiz. */
export function xvrdpiz(cpu: usize, t: usize, b: usize): void {
  integralElements(cpu, t, b, TOWARD_ZERO, false, false);
}
/** xvrspi. */
export function xvrspi(cpu: usize, t: usize, b: usize): void {
  integralElements(cpu, t, b, NEAREST_AWAY, false, true);
}
/** xvrspic. */
export function xvrspic(cpu: usize, t: usize, b: usize): void {
  integralElements(cpu, t, b, 0, true, true);
}
/** xvrspim. */
export function xvrspim(cpu: usize, t: usize, b: usize): void {
  integralElements(cpu, t, b, DOWNWARD, false, true);
}
/** xvrspip. */
export function xvrspip(cpu: usize, t: usize, b: usize): void {
  integralElements(cpu, t, b, UPWARD, false, true);
}
/** xvrspiz. */
export function xvrspiz(cpu: usize, t: usize, b: usize): void {
  integralElements(cpu, t, b, TOWARD_ZERO, false, true);
}
