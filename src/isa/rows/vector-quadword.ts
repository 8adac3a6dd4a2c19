// 128-bit integers: addition, subtraction, compare, shift and rotate (Power ISA Book I, section 6.9: quadword forms).
import type { Builder, I32, I64, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { high, low, pair, va, vx } from '../vector-common.ts';
import { vc } from './vector-compare.ts';

/** A quadword as its two halves. */
interface Halves {
  readonly high: I64;
  readonly low: I64;
}

function halvesOf(b: Builder, v: V128): Halves {
  return { high: high(b, v), low: low(b, v) };
}

function toVector(b: Builder, { high, low }: Halves): V128 {
  return pair(b, high, low);
}

/** The high half of (high ‖ low) shifted left by n modulo 64. */
function funnelLeft(b: Builder, left: I64, right: I64, n: I64): I64 {
  return b.or(b.shl(left, n), b.shrU(b.shrU(right, b.const(1)), b.sub(b.const(63), n)));
}

/** The low half of (high ‖ low) shifted right by n modulo 64. */
function funnelRight(b: Builder, left: I64, right: I64, n: I64): I64 {
  return b.or(b.shrU(right, n), b.shl(b.shl(left, b.const(1)), b.sub(b.const(63), n)));
}

/** n ≥ 64, for n in 0…127. */
function isLong(b: Builder, n: I64): I32 {
  return b.gtU(n, b.const(63));
}

function shiftLeft(b: Builder, v: Halves, n: I64): Halves {
  const long = isLong(b, n);
  const moved = b.shl(v.low, n);
  return {
    high: b.select(long, moved, funnelLeft(b, v.high, v.low, n)),
    low: b.select(long, b.const(0), moved),
  };
}

/** Shift to the right; `fill` is what comes in: 0 or the sign in all bits. */
function shiftRight(b: Builder, v: Halves, n: I64, fill: I64): Halves {
  const long = isLong(b, n);
  // The bits above n of the fill are those of the number extended with it.
  const moved = funnelRight(b, fill, v.high, n);
  return {
    high: b.select(long, fill, moved),
    low: b.select(long, moved, funnelRight(b, v.high, v.low, n)),
  };
}

function rotateLeft(b: Builder, v: Halves, n: I64): Halves {
  const long = isLong(b, n);
  const left = b.select(long, v.low, v.high);
  const right = b.select(long, v.high, v.low);
  return { high: funnelLeft(b, left, right, n), low: funnelLeft(b, right, left, n) };
}

/** A 7-bit number in doubleword 0 of VRB: the amount (0), the mask's end (8) and its begin (16). */
function control(b: Builder, y: V128, at: number): I64 {
  const doubleword = high(b, y);
  return b.and(at === 0 ? doubleword : b.shrU(doubleword, b.const(at)), b.const(127));
}

/** Ones in bits begin…end, wrapping around when begin > end. */
function mask(b: Builder, y: V128): V128 {
  const begin = control(b, y, 16);
  const end = control(b, y, 8);
  const ones = { high: b.const(-1), low: b.const(-1) };
  const head = toVector(b, shiftRight(b, ones, begin, b.const(0)));
  const tail = toVector(b, shiftLeft(b, ones, b.sub(b.const(127), end)));
  const wraps = b.gtU(begin, end);
  return b.select(wraps, b.op('v128.or', head, tail), b.op('v128.and', head, tail));
}

function rotated(b: Builder, x: V128, y: V128): V128 {
  return toVector(b, rotateLeft(b, halvesOf(b, x), control(b, y, 0)));
}

/** x > y of quadwords by comparisons of the halves. */
function greater(b: Builder, x: V128, y: V128, isSigned: boolean): I32 {
  const above = isSigned ? b.gtS(high(b, x), high(b, y)) : b.gtU(high(b, x), high(b, y));
  const same = b.eq(high(b, x), high(b, y));
  return b.op('i32.or', above, b.op('i32.and', same, b.gtU(low(b, x), low(b, y))));
}

/** All ones when c is 1, else zero. */
function maskOf(b: Builder, c: I32): V128 {
  return b.op('i32x4.splat', b.op('i32.sub', b.const32(0), c));
}

function isEqual(b: Builder, x: V128, y: V128): I32 {
  return b.op('i64x2.all_true', b.op('i64x2.eq', x, y));
}

/** vcmpsq, vcmpuq: LT, GT or EQ in a CR field. */
function compare(mnemonic: string, xo: number, isSigned: boolean): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 BF:3 /:2 VRA:5 VRB:5 ${xo}:11`,
    operands: 'BF,VRA,VRB',
    since: '3.1',
    facility: 'VEC',
    meaning: (b, f) => {
      const x = b.vr(f.VRA);
      const y = b.vr(f.VRB);
      const unequal = b.select(greater(b, x, y, isSigned), b.const32(4), b.const32(8));
      b.setCrField(f.BF, b.select(isEqual(b, x, y), b.const32(2), unequal));
    },
  };
}

/** Sum of two quadwords and a carry (0 or 1), and the carry out. */
export function addQuadwords(b: Builder, x: V128, y: V128, carryIn: I64): { sum: V128; carry: V128 } {
  const add = (p: I64, q: I64, c: I64): readonly [I64, I64] => {
    const partial = b.add(p, q);
    const sum = b.add(partial, c);
    return [sum, b.or(b.zext(b.ltU(partial, p)), b.zext(b.ltU(sum, partial)))];
  };
  const [sumLow, carryLow] = add(low(b, x), low(b, y), carryIn);
  const [sumHigh, carryHigh] = add(high(b, x), high(b, y), carryLow);
  return { sum: pair(b, sumHigh, sumLow), carry: pair(b, b.const(0), carryHigh) };
}

/** x + ¬y + carry: the subtraction of the manual. */
function subtractQuadwords(b: Builder, x: V128, y: V128, carryIn: I64): { sum: V128; carry: V128 } {
  return addQuadwords(b, x, b.op('v128.not', y), carryIn);
}

/** The carry in that the extended forms take from bit 127 of VRC. */
function carryOf(b: Builder, z: V128): I64 {
  return b.and(low(b, z), b.const(1));
}

export const vectorQuadwordRows: readonly InstructionRow[] = [
  vx('vadduqm', 256, '2.07', (b, x, y) => addQuadwords(b, x, y, b.const(0)).sum),
  vx('vaddcuq', 320, '2.07', (b, x, y) => addQuadwords(b, x, y, b.const(0)).carry),
  va('vaddeuqm', 60, '2.07', (b, x, y, z) => addQuadwords(b, x, y, carryOf(b, z)).sum),
  va('vaddecuq', 61, '2.07', (b, x, y, z) => addQuadwords(b, x, y, carryOf(b, z)).carry),
  vx('vsubuqm', 1280, '2.07', (b, x, y) => subtractQuadwords(b, x, y, b.const(1)).sum),
  vx('vsubcuq', 1344, '2.07', (b, x, y) => subtractQuadwords(b, x, y, b.const(1)).carry),
  va('vsubeuqm', 62, '2.07', (b, x, y, z) => subtractQuadwords(b, x, y, carryOf(b, z)).sum),
  va('vsubecuq', 63, '2.07', (b, x, y, z) => subtractQuadwords(b, x, y, carryOf(b, z)).carry),
  vc('vcmpequq', 455, '3.1', (b, x, y) => maskOf(b, isEqual(b, x, y))),
  vc('vcmpgtsq', 903, '3.1', (b, x, y) => maskOf(b, greater(b, x, y, true))),
  vc('vcmpgtuq', 647, '3.1', (b, x, y) => maskOf(b, greater(b, x, y, false))),
  compare('vcmpsq', 321, true),
  compare('vcmpuq', 257, false),
  vx('vrlq', 5, '3.1', rotated),
  vx('vslq', 261, '3.1', (b, x, y) => toVector(b, shiftLeft(b, halvesOf(b, x), control(b, y, 0)))),
  vx('vsrq', 517, '3.1', (b, x, y) => toVector(b, shiftRight(b, halvesOf(b, x), control(b, y, 0), b.const(0)))),
  vx('vsraq', 773, '3.1', (b, x, y) => {
    const halves = halvesOf(b, x);
    return toVector(b, shiftRight(b, halves, control(b, y, 0), b.shrS(halves.high, b.const(63))));
  }),
  vx('vrlqnm', 325, '3.1', (b, x, y) => b.op('v128.and', rotated(b, x, y), mask(b, y))),
  {
    mnemonic: 'vrlqmi',
    pattern: '4:6 VRT:5 VRA:5 VRB:5 69:11',
    operands: 'VRT,VRA,VRB',
    since: '3.1',
    facility: 'VEC',
    meaning: (b, f) => {
      const y = b.vr(f.VRB);
      b.setVr(f.VRT, b.op('v128.bitselect', rotated(b, b.vr(f.VRA), y), b.vr(f.VRT), mask(b, y)));
    },
  },
];
