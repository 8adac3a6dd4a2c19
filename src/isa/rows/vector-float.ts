// Vector floating-point of chapter 6 (Power ISA Book I, section 6.10): single precision, rounding to nearest, no
// exceptions; with VSCR[NJ] = 1 denormals count as zero.
import type { Builder, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { splatOf, stickySaturation } from '../vector-common.ts';
import { vc } from './vector-compare.ts';

/** Operations as the data plane numbers them. */
const binary = { add: 0, subtract: 1, maximum: 2, minimum: 3 } as const;
const unary = {
  nearest: 0,
  zero: 1,
  up: 2,
  down: 3,
  reciprocal: 4,
  reciprocalSquareRoot: 5,
  exponential: 6,
  logarithm: 7,
} as const;

function two(mnemonic: string, xo: number, operation: keyof typeof binary): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRA,VRB',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) =>
      b.call('vectorFloatBinary', b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB), b.const32(binary[operation])),
  };
}

function one(mnemonic: string, xo: number, operation: keyof typeof unary): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 /:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRB',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => b.call('vectorFloatUnary', b.vrRef(f.VRT), b.vrRef(f.VRB), b.const32(unary[operation])),
  };
}

/** vmaddfp: A·C + B; vnmsubfp: -(A·C - B); both round once. */
function fused(mnemonic: string, xo: number, name: 'vectorMultiplyAdd' | 'vectorNegativeMultiplySubtract') {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 VRC:5 ${xo}:6`,
    operands: 'VRT,VRA,VRC,VRB',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => b.call(name, b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB), b.vrRef(f.VRC)),
  } as const satisfies InstructionRow;
}

/** The source with denormals made zero if VSCR[NJ] = 1. */
function source(b: Builder, v: V128): V128 {
  const exponent = b.op('v128.and', v, splatOf(b, 4, 0x7f80_0000n));
  const small = b.op('i32x4.eq', exponent, splatOf(b, 4, 0n));
  const nonJava = b.op(
    'i32x4.splat',
    b.op('i32.shr_s', b.op('i32.shl', b.wrap(b.slot('vscr')), b.const32(15)), b.const32(31)),
  );
  const magnitude = b.op('v128.and', b.op('v128.and', small, nonJava), splatOf(b, 4, 0x7fff_ffffn));
  return b.op('v128.andnot', v, magnitude);
}

function compare(mnemonic: string, xo: number, operator: 'f32x4.eq' | 'f32x4.ge' | 'f32x4.gt'): InstructionRow {
  return vc(mnemonic, xo, '2.05', (b, x, y) => b.op(operator, source(b, x), source(b, y)));
}

/** vcmpbfp: bit 0 of a word is 1 unless x ≤ y, bit 1 unless x ≥ -y. */
function compareBounds(b: Builder, x: V128, y: V128): V128 {
  const left = source(b, x);
  const right = source(b, y);
  const above = b.op('v128.andnot', splatOf(b, 4, 0x8000_0000n), b.op('f32x4.le', left, right));
  const below = b.op('v128.andnot', splatOf(b, 4, 0x4000_0000n), b.op('f32x4.ge', left, b.op('f32x4.neg', right)));
  return b.op('v128.or', above, below);
}

/** 2 to the power of ±UIM as single in all words. */
function scale(b: Builder, uim: Parameters<Builder['imm32']>[0], sign: 1 | -1): V128 {
  const exponent = b.op(sign === 1 ? 'i32.add' : 'i32.sub', b.const32(127), b.imm32(uim));
  return b.op('i32x4.splat', b.op('i32.shl', exponent, b.const32(23)));
}

/** vcfux, vcfsx: integers divided by 2 to the power of UIM (exact after the rounding of the conversion). */
function fromInteger(mnemonic: string, xo: number, sign: 's' | 'u'): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 UIM:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRB,UIM',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => {
      const converted = b.op(`f32x4.convert_i32x4_${sign}`, b.vr(f.VRB));
      b.setVr(f.VRT, b.op('f32x4.mul', converted, scale(b, f.UIM, -1)));
    },
  };
}

/** vctuxs, vctsxs: multiplied by 2 to the power of UIM, rounded to zero, saturating; a NaN becomes 0. */
function toInteger(mnemonic: string, xo: number, sign: 's' | 'u'): InstructionRow {
  // The first single above the range, and the first one below it (or its lower end where that is a single).
  const tooLarge = sign === 's' ? 0x4f00_0000n : 0x4f80_0000n;
  const lower = sign === 's' ? 0xcf00_0000n : 0xbf80_0000n;
  return {
    mnemonic,
    pattern: `4:6 VRT:5 UIM:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRB,UIM',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => {
      const scaled = b.op('f32x4.mul', b.vr(f.VRB), scale(b, f.UIM, 1));
      const above = b.op('f32x4.ge', scaled, splatOf(b, 4, tooLarge));
      const below = b.op(sign === 's' ? 'f32x4.lt' : 'f32x4.le', scaled, splatOf(b, 4, lower));
      stickySaturation(b, b.op('v128.any_true', b.op('v128.or', above, below)));
      b.setVr(f.VRT, b.op(`i32x4.trunc_sat_f32x4_${sign}`, scaled));
    },
  };
}

export const vectorFloatRows: readonly InstructionRow[] = [
  two('vaddfp', 10, 'add'),
  two('vsubfp', 74, 'subtract'),
  fused('vmaddfp', 46, 'vectorMultiplyAdd'),
  fused('vnmsubfp', 47, 'vectorNegativeMultiplySubtract'),
  two('vmaxfp', 1034, 'maximum'),
  two('vminfp', 1098, 'minimum'),
  toInteger('vctsxs', 970, 's'),
  toInteger('vctuxs', 906, 'u'),
  fromInteger('vcfsx', 842, 's'),
  fromInteger('vcfux', 778, 'u'),
  one('vrfim', 714, 'down'),
  one('vrfin', 522, 'nearest'),
  one('vrfip', 650, 'up'),
  one('vrfiz', 586, 'zero'),
  {
    mnemonic: 'vcmpbfp',
    pattern: '4:6 VRT:5 VRA:5 VRB:5 Rc:1 966:10',
    operands: 'VRT,VRA,VRB',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => {
      const outside = compareBounds(b, b.vr(f.VRA), b.vr(f.VRB));
      b.setVr(f.VRT, outside);
      if (b.fixed(f.Rc) === 1) {
        const within = b.op('i32.eqz', b.op('v128.any_true', outside));
        b.setCrField(6, b.op('i32.shl', within, b.const32(1)));
      }
    },
  },
  compare('vcmpeqfp', 198, 'f32x4.eq'),
  compare('vcmpgefp', 454, 'f32x4.ge'),
  compare('vcmpgtfp', 710, 'f32x4.gt'),
  one('vexptefp', 394, 'exponential'),
  one('vlogefp', 458, 'logarithm'),
  one('vrefp', 266, 'reciprocal'),
  one('vrsqrtefp', 330, 'reciprocalSquareRoot'),
];
