// Vector multiply, multiply-add and sum-across (Power ISA Book I, sections 6.9.1.3 to 6.9.1.5).
import type { Builder, I64, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { high, low, pair, splatOf, va, vx } from '../vector-common.ts';
import { addWordsSigned, addWordsUnsigned } from './vector-integer.ts';
import { clampSigned, saturateIfChanged } from './vector-pack.ts';

/** The shape of twice the element size. */
const wide = { 1: 'i16x8', 2: 'i32x4', 4: 'i64x2' } as const;

/** Elements with an even number (the left one of each pair) widened. */
function evens(b: Builder, size: 1 | 2 | 4, v: V128, sign: 's' | 'u'): V128 {
  return b.op(`${wide[size]}.shr_${sign}`, v, b.const32(8 * size));
}

/** Elements with an odd number widened. */
function odds(b: Builder, size: 1 | 2 | 4, v: V128, sign: 's' | 'u'): V128 {
  if (sign === 'u') return b.op('v128.and', v, splatOf(b, (2 * size) as 2 | 4 | 8, (1n << BigInt(8 * size)) - 1n));
  return evens(b, size, b.op(`${wide[size]}.shl`, v, b.const32(8 * size)), 's');
}

function multiplyHalf(mnemonic: string, xo: number, size: 1 | 2 | 4, half: typeof evens, sign: 's' | 'u') {
  return vx(mnemonic, xo, size === 4 ? '2.07' : '2.05', (b, x, y) =>
    b.op(`${wide[size]}.mul`, half(b, size, x, sign), half(b, size, y, sign)),
  );
}

/** vmhaddshs, vmhraddshs: ((x·y + rounding) >> 15) + z, limited to halfwords. */
function multiplyHighAdd(rounding: bigint) {
  return (b: Builder, x: V128, y: V128, z: V128): V128 => {
    const half = (part: 'low' | 'high'): V128 => {
      const product = b.op(`i32x4.extmul_${part}_i16x8_s`, x, y);
      const rounded = rounding === 0n ? product : b.op('i32x4.add', product, splatOf(b, 4, rounding));
      const addend = b.op(`i32x4.extend_${part}_i16x8_s`, z);
      return b.op('i32x4.add', b.op('i32x4.shr_s', rounded, b.const32(15)), addend);
    };
    const left = half('high');
    const right = half('low');
    const clamp = clampSigned(4, -32768n, 32767n);
    saturateIfChanged(b, [left, clamp(b, left)], [right, clamp(b, right)]);
    return b.op('i16x8.narrow_i32x4_s', right, left);
  };
}

/** Sums of four products of bytes, added to the words of z. */
function multiplySumBytes(sign: 's' | 'u') {
  return (b: Builder, x: V128, y: V128, z: V128): V128 => {
    // The products of signed and unsigned bytes fit into signed halfwords, those of unsigned bytes into unsigned ones.
    const left = b.op('i16x8.mul', evens(b, 1, x, sign), evens(b, 1, y, 'u'));
    const right = b.op('i16x8.mul', odds(b, 1, x, sign), odds(b, 1, y, 'u'));
    const add = `i32x4.extadd_pairwise_i16x8_${sign}` as const;
    return b.op('i32x4.add', b.op('i32x4.add', b.op(add, left), b.op(add, right)), z);
  };
}

function multiplySumHalfwordsUnsigned(b: Builder, x: V128, y: V128, z: V128): V128 {
  const left = b.op('i32x4.mul', evens(b, 2, x, 'u'), evens(b, 2, y, 'u'));
  const right = b.op('i32x4.mul', odds(b, 2, x, 'u'), odds(b, 2, y, 'u'));
  return b.op('i32x4.add', b.op('i32x4.add', left, right), z);
}

/** Sum of three 128-bit numbers and its carry out (0…2). */
function sumOfThree(b: Builder, terms: readonly (readonly [I64, I64])[]): { sum: V128; carry: I64 } {
  let hi = b.const(0);
  let lo = b.const(0);
  let carry = b.const(0);
  for (const [termHigh, termLow] of terms) {
    const nextLow = b.add(lo, termLow);
    const fromLow = b.zext(b.ltU(nextLow, lo));
    const partial = b.add(hi, termHigh);
    const nextHigh = b.add(partial, fromLow);
    carry = b.add(carry, b.add(b.zext(b.ltU(partial, hi)), b.zext(b.ltU(nextHigh, partial))));
    hi = nextHigh;
    lo = nextLow;
  }
  return { sum: pair(b, hi, lo), carry };
}

/** The products of the unsigned doublewords of x and y, and z, as 128-bit numbers. */
export function multiplySumDoublewords(b: Builder, x: V128, y: V128, z: V128): { sum: V128; carry: I64 } {
  const product = (half: typeof high): readonly [I64, I64] => {
    const left = half(b, x);
    const right = half(b, y);
    return [b.mulhU(left, right), b.mul(left, right)];
  };
  return sumOfThree(b, [product(high), product(low), [high(b, z), low(b, z)]]);
}

/** A VA-form multiply-sum of halfwords whose sums saturate, done in the data plane with 64-bit sums. */
function multiplySumSaturating(
  mnemonic: string,
  xo: number,
  name: 'vectorMultiplySumSigned' | 'vectorMultiplySumUnsigned',
): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 VRC:5 ${xo}:6`,
    operands: 'VRT,VRA,VRB,VRC',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => b.call(name, b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB), b.vrRef(f.VRC)),
  };
}

/** vsum2sws, vsumsws: sums of `count` words of x and the last word of each group of y. */
function sumAcross(mnemonic: string, xo: number, count: number): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRA,VRB',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => b.call('vectorSumAcross', b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB), b.const32(count)),
  };
}

/** Sum of the signed bytes of each word as words. */
function sumBytesSigned(b: Builder, v: V128): V128 {
  return b.op('i32x4.extadd_pairwise_i16x8_s', b.op('i16x8.extadd_pairwise_i8x16_s', v));
}

function sumBytesUnsigned(b: Builder, v: V128): V128 {
  return b.op('i32x4.extadd_pairwise_i16x8_u', b.op('i16x8.extadd_pairwise_i8x16_u', v));
}

export const vectorMultiplyRows: readonly InstructionRow[] = [
  multiplyHalf('vmulesb', 776, 1, evens, 's'),
  multiplyHalf('vmulesh', 840, 2, evens, 's'),
  multiplyHalf('vmulesw', 904, 4, evens, 's'),
  multiplyHalf('vmuleub', 520, 1, evens, 'u'),
  multiplyHalf('vmuleuh', 584, 2, evens, 'u'),
  multiplyHalf('vmuleuw', 648, 4, evens, 'u'),
  multiplyHalf('vmulosb', 264, 1, odds, 's'),
  multiplyHalf('vmulosh', 328, 2, odds, 's'),
  multiplyHalf('vmulosw', 392, 4, odds, 's'),
  multiplyHalf('vmuloub', 8, 1, odds, 'u'),
  multiplyHalf('vmulouh', 72, 2, odds, 'u'),
  multiplyHalf('vmulouw', 136, 4, odds, 'u'),
  vx('vmuluwm', 137, '2.07', (b, x, y) => b.op('i32x4.mul', x, y)),
  va('vmhaddshs', 32, '2.05', multiplyHighAdd(0n)),
  va('vmhraddshs', 33, '2.05', multiplyHighAdd(0x4000n)),
  va('vmladduhm', 34, '2.05', (b, x, y, z) => b.op('i16x8.add', b.op('i16x8.mul', x, y), z)),
  va('vmsumubm', 36, '2.05', multiplySumBytes('u')),
  va('vmsummbm', 37, '2.05', multiplySumBytes('s')),
  va('vmsumuhm', 38, '2.05', multiplySumHalfwordsUnsigned),
  multiplySumSaturating('vmsumuhs', 39, 'vectorMultiplySumUnsigned'),
  va('vmsumshm', 40, '2.05', (b, x, y, z) => b.op('i32x4.add', b.op('i32x4.dot_i16x8_s', x, y), z)),
  multiplySumSaturating('vmsumshs', 41, 'vectorMultiplySumSigned'),
  va('vmsumudm', 35, '3.0', (b, x, y, z) => multiplySumDoublewords(b, x, y, z).sum),
  sumAcross('vsumsws', 1928, 4),
  sumAcross('vsum2sws', 1672, 2),
  vx('vsum4sbs', 1800, '2.05', (b, x, y) => addWordsSigned(b, sumBytesSigned(b, x), y)),
  vx('vsum4shs', 1608, '2.05', (b, x, y) => addHalfwordSums(b, x, y)),
  vx('vsum4ubs', 1544, '2.05', (b, x, y) => addWordsUnsigned(b, sumBytesUnsigned(b, x), y)),
];

function addHalfwordSums(b: Builder, x: V128, y: V128): V128 {
  return addWordsSigned(b, b.op('i32x4.extadd_pairwise_i16x8_s', x), y);
}
