// Vector counts, parity and bit gathering (Power ISA Book I, sections 6.9.7 to 6.12).
import type { Builder, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { type ElementSize, eachDoubleword, high, low, pair, shapeOf, splatOf, vxUnary } from '../vector-common.ts';

/** Number of ones in each element. */
function population(b: Builder, size: ElementSize, v: V128): V128 {
  const bytes = b.op('i8x16.popcnt', v);
  if (size === 1) return bytes;
  const halfwords = b.op('i16x8.extadd_pairwise_i8x16_u', bytes);
  if (size === 2) return halfwords;
  const words = b.op('i32x4.extadd_pairwise_i16x8_u', halfwords);
  if (size === 4) return words;
  const left = b.op('i64x2.shr_u', words, b.const32(32));
  return b.op('i64x2.add', left, b.op('v128.and', words, splatOf(b, 8, 0xffff_ffffn)));
}

/** Zeros before the first one: what is not covered after the ones have been spread to the right. */
function leadingZeros(b: Builder, size: ElementSize, v: V128): V128 {
  let spread = v;
  for (let n = 1; n < 8 * size; n *= 2) {
    spread = b.op('v128.or', spread, b.op(`${shapeOf[size]}.shr_u`, spread, b.const32(n)));
  }
  return population(b, size, b.op('v128.not', spread));
}

/** Zeros after the last one: the ones of (v - 1) & ~v. */
function trailingZeros(b: Builder, size: ElementSize, v: V128): V128 {
  const less = b.op(`${shapeOf[size]}.sub`, v, splatOf(b, size, 1n));
  return population(b, size, b.op('v128.andnot', less, v));
}

function ofEachSize(
  xos: readonly (readonly [string, number, number | undefined, ElementSize])[],
  since: '2.07' | '3.0',
  count: (b: Builder, size: ElementSize, v: V128) => V128,
): InstructionRow[] {
  return xos.map(([mnemonic, xo, eo, size]) => vxUnary(mnemonic, xo, eo, since, (b, y) => count(b, size, y)));
}

/** Parity of the low bits of the bytes of each word, doubleword or the quadword. */
function parityWords(b: Builder, v: V128): V128 {
  const bytes = b.op('v128.and', v, splatOf(b, 1, 1n));
  return b.op('v128.and', population(b, 4, bytes), splatOf(b, 4, 1n));
}

function parityDoublewords(b: Builder, v: V128): V128 {
  const bytes = b.op('v128.and', v, splatOf(b, 1, 1n));
  return b.op('v128.and', population(b, 8, bytes), splatOf(b, 8, 1n));
}

function parityQuadword(b: Builder, v: V128): V128 {
  const halves = parityDoublewords(b, v);
  return pair(b, b.const(0), b.xor(high(b, halves), low(b, halves)));
}

/** The low bits of the bytes, that of the leftmost byte first, as a 16-bit number. */
function lowBits(b: Builder, v: V128) {
  return b.op('i8x16.bitmask', b.op('i8x16.shl', v, b.const32(7)));
}

function byData(
  mnemonic: string,
  xo: number,
  since: '2.07' | '3.0',
  name: 'vectorBitPermuteQuadword' | 'vectorBitPermuteDoublewords',
): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRA,VRB',
    since,
    facility: 'VEC',
    meaning: (b, f) => b.call(name, b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB)),
  };
}

/** The 8×8 bits of a doubleword mirrored at the diagonal, in three exchanges of bits, pairs and nibbles. */
function transpose(b: Builder, v: V128): V128 {
  return eachDoubleword(b, v, v, (x) => {
    let result = x;
    for (const [distance, mask] of [
      [7, 0x00aa_00aa_00aa_00aan],
      [14, 0x0000_cccc_0000_ccccn],
      [28, 0x0000_0000_f0f0_f0f0n],
    ] as const) {
      const n = b.const(distance);
      const differs = b.and(b.xor(result, b.shrU(result, n)), b.const(mask));
      result = b.xor(b.xor(result, differs), b.shl(differs, n));
    }
    return result;
  });
}

export const vectorCountRows: readonly InstructionRow[] = [
  ...ofEachSize(
    [
      ['vclzb', 1794, undefined, 1],
      ['vclzh', 1858, undefined, 2],
      ['vclzw', 1922, undefined, 4],
      ['vclzd', 1986, undefined, 8],
    ],
    '2.07',
    leadingZeros,
  ),
  ...ofEachSize(
    [
      ['vctzb', 1538, 28, 1],
      ['vctzh', 1538, 29, 2],
      ['vctzw', 1538, 30, 4],
      ['vctzd', 1538, 31, 8],
    ],
    '3.0',
    trailingZeros,
  ),
  ...ofEachSize(
    [
      ['vpopcntb', 1795, undefined, 1],
      ['vpopcnth', 1859, undefined, 2],
      ['vpopcntw', 1923, undefined, 4],
      ['vpopcntd', 1987, undefined, 8],
    ],
    '2.07',
    population,
  ),
  vxUnary('vprtybw', 1538, 8, '3.0', parityWords),
  vxUnary('vprtybd', 1538, 9, '3.0', parityDoublewords),
  vxUnary('vprtybq', 1538, 10, '3.0', parityQuadword),
  {
    mnemonic: 'vclzlsbb',
    pattern: '4:6 RT:5 0:5 VRB:5 1538:11',
    operands: 'RT,VRB',
    since: '3.0',
    facility: 'VEC',
    meaning: (b, f) => {
      const mask = b.op('i32.shl', lowBits(b, b.vr(f.VRB)), b.const32(16));
      b.setGpr(f.RT, b.zext(b.op('i32.clz', b.op('i32.or', mask, b.const32(0x8000)))));
    },
  },
  {
    mnemonic: 'vctzlsbb',
    pattern: '4:6 RT:5 1:5 VRB:5 1538:11',
    operands: 'RT,VRB',
    since: '3.0',
    facility: 'VEC',
    meaning: (b, f) => {
      const mask = b.op('i32.or', lowBits(b, b.vr(f.VRB)), b.const32(0x1_0000));
      b.setGpr(f.RT, b.zext(b.op('i32.ctz', mask)));
    },
  },
  vxUnary('vgbbd', 1292, undefined, '2.07', transpose),
  byData('vbpermq', 1356, '2.07', 'vectorBitPermuteQuadword'),
  byData('vbpermd', 1484, '3.0', 'vectorBitPermuteDoublewords'),
];
