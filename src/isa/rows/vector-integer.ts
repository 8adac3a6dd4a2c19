// Vector integer addition, subtraction, average, minimum, maximum, negation and sign extension (Power ISA Book I,
// sections 6.9.1 and 6.9.2).
import type { Builder, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { splatOf, vx, vxUnary } from '../vector-common.ts';
import { greaterUnsigned64 } from './vector-compare.ts';
import { saturateIfChanged } from './vector-pack.ts';

type Shape = 'i8x16' | 'i16x8' | 'i32x4' | 'i64x2';

function modulo(mnemonic: string, xo: number, operator: `${Shape}.${'add' | 'sub'}`): InstructionRow {
  return vx(mnemonic, xo, operator.startsWith('i64') ? '2.07' : '2.05', (b, x, y) => b.op(operator, x, y));
}

/** Bytes and halfwords: WebAssembly saturates them; SAT is set where the modulo result differs. */
function saturating(mnemonic: string, xo: number, shape: 'i8x16' | 'i16x8', operation: 'add' | 'sub', sign: 's' | 'u') {
  return vx(mnemonic, xo, '2.05', (b, x, y) => {
    const result = b.op(`${shape}.${operation}_sat_${sign}`, x, y);
    saturateIfChanged(b, [result, b.op(`${shape}.${operation}`, x, y)]);
    return result;
  });
}

/** Sum of signed words that saturates; `overflow` sums differ in sign from both operands. */
export function addWordsSigned(b: Builder, x: V128, y: V128): V128 {
  const sum = b.op('i32x4.add', x, y);
  const overflow = b.op('v128.and', b.op('v128.xor', x, sum), b.op('v128.xor', y, sum));
  return saturateWords(b, x, sum, overflow);
}

function subtractWordsSigned(b: Builder, x: V128, y: V128): V128 {
  const difference = b.op('i32x4.sub', x, y);
  const overflow = b.op('v128.and', b.op('v128.xor', x, y), b.op('v128.xor', x, difference));
  return saturateWords(b, x, difference, overflow);
}

/** Where the sign of `overflow` is set, the limit with the sign of x takes the place of `result`. */
function saturateWords(b: Builder, x: V128, result: V128, overflow: V128): V128 {
  const mask = b.op('i32x4.shr_s', overflow, b.const32(31));
  const limit = b.op('v128.xor', b.op('i32x4.shr_s', x, b.const32(31)), splatOf(b, 4, 0x7fff_ffffn));
  const saturated = b.op('v128.bitselect', limit, result, mask);
  saturateIfChanged(b, [result, saturated]);
  return saturated;
}

/** Sum of unsigned words that saturates. */
export function addWordsUnsigned(b: Builder, x: V128, y: V128): V128 {
  const sum = b.op('i32x4.add', x, y);
  const saturated = b.op('v128.or', sum, b.op('i32x4.lt_u', sum, x));
  saturateIfChanged(b, [sum, saturated]);
  return saturated;
}

function subtractWordsUnsigned(b: Builder, x: V128, y: V128): V128 {
  const difference = b.op('i32x4.sub', x, y);
  const saturated = b.op('v128.andnot', difference, b.op('i32x4.lt_u', x, y));
  saturateIfChanged(b, [difference, saturated]);
  return saturated;
}

function ones(b: Builder, mask: V128): V128 {
  return b.op('v128.and', mask, splatOf(b, 4, 1n));
}

/** (x + y + 1) >> 1 without the bit that would be lost: x | y minus half of the difference. */
function averageWords(b: Builder, x: V128, y: V128, shift: 'i32x4.shr_s' | 'i32x4.shr_u'): V128 {
  return b.op('i32x4.sub', b.op('v128.or', x, y), b.op(shift, b.op('v128.xor', x, y), b.const32(1)));
}

/** Signed average of bytes or halfwords through the unsigned one, with the sign bits inverted. */
function averageSigned(shape: 'i8x16' | 'i16x8', sign: bigint) {
  return (b: Builder, x: V128, y: V128): V128 => {
    const bias = splatOf(b, shape === 'i8x16' ? 1 : 2, sign);
    const average = b.op(`${shape}.avgr_u`, b.op('v128.xor', x, bias), b.op('v128.xor', y, bias));
    return b.op('v128.xor', average, bias);
  };
}

function extremes(
  suffix: string,
  shape: 'i8x16' | 'i16x8' | 'i32x4',
  max: readonly [number, number],
): InstructionRow[] {
  const [signed, unsigned] = max;
  return [
    vx(`vmaxs${suffix}`, signed, '2.05', (b, x, y) => b.op(`${shape}.max_s`, x, y)),
    vx(`vmaxu${suffix}`, unsigned, '2.05', (b, x, y) => b.op(`${shape}.max_u`, x, y)),
    vx(`vmins${suffix}`, signed + 512, '2.05', (b, x, y) => b.op(`${shape}.min_s`, x, y)),
    vx(`vminu${suffix}`, unsigned + 512, '2.05', (b, x, y) => b.op(`${shape}.min_u`, x, y)),
  ];
}

const greaterSigned64 = (b: Builder, x: V128, y: V128): V128 => b.op('i64x2.gt_s', x, y);

/** x where x > y, else y (maximum); the other way round for the minimum. */
function extreme64(mnemonic: string, xo: number, greater: typeof greaterSigned64, maximum: boolean): InstructionRow {
  return vx(mnemonic, xo, '2.07', (b, x, y) =>
    b.op('v128.bitselect', maximum ? x : y, maximum ? y : x, greater(b, x, y)),
  );
}

function absoluteDifference(mnemonic: string, xo: number, shape: 'i8x16' | 'i16x8' | 'i32x4'): InstructionRow {
  return vx(mnemonic, xo, '3.0', (b, x, y) =>
    b.op(`${shape}.sub`, b.op(`${shape}.max_u`, x, y), b.op(`${shape}.min_u`, x, y)),
  );
}

/** The low `bits` of each element sign-extended. */
function extendSign(mnemonic: string, eo: number, shape: 'i32x4' | 'i64x2', shift: number): InstructionRow {
  return vxUnary(mnemonic, 1538, eo, '3.0', (b, y) =>
    b.op(`${shape}.shr_s`, b.op(`${shape}.shl`, y, b.const32(shift)), b.const32(shift)),
  );
}

export const vectorIntegerRows: readonly InstructionRow[] = [
  vx('vaddcuw', 384, '2.05', (b, x, y) => ones(b, b.op('i32x4.lt_u', b.op('i32x4.add', x, y), x))),
  saturating('vaddsbs', 768, 'i8x16', 'add', 's'),
  saturating('vaddshs', 832, 'i16x8', 'add', 's'),
  vx('vaddsws', 896, '2.05', addWordsSigned),
  modulo('vaddubm', 0, 'i8x16.add'),
  modulo('vadduhm', 64, 'i16x8.add'),
  modulo('vadduwm', 128, 'i32x4.add'),
  modulo('vaddudm', 192, 'i64x2.add'),
  saturating('vaddubs', 512, 'i8x16', 'add', 'u'),
  saturating('vadduhs', 576, 'i16x8', 'add', 'u'),
  vx('vadduws', 640, '2.05', addWordsUnsigned),
  vx('vsubcuw', 1408, '2.05', (b, x, y) => ones(b, b.op('i32x4.ge_u', x, y))),
  saturating('vsubsbs', 1792, 'i8x16', 'sub', 's'),
  saturating('vsubshs', 1856, 'i16x8', 'sub', 's'),
  vx('vsubsws', 1920, '2.05', subtractWordsSigned),
  modulo('vsububm', 1024, 'i8x16.sub'),
  modulo('vsubuhm', 1088, 'i16x8.sub'),
  modulo('vsubuwm', 1152, 'i32x4.sub'),
  modulo('vsubudm', 1216, 'i64x2.sub'),
  saturating('vsububs', 1536, 'i8x16', 'sub', 'u'),
  saturating('vsubuhs', 1600, 'i16x8', 'sub', 'u'),
  vx('vsubuws', 1664, '2.05', subtractWordsUnsigned),
  vx('vavgsb', 1282, '2.05', averageSigned('i8x16', 0x80n)),
  vx('vavgsh', 1346, '2.05', averageSigned('i16x8', 0x8000n)),
  vx('vavgsw', 1410, '2.05', (b, x, y) => averageWords(b, x, y, 'i32x4.shr_s')),
  vx('vavgub', 1026, '2.05', (b, x, y) => b.op('i8x16.avgr_u', x, y)),
  vx('vavguh', 1090, '2.05', (b, x, y) => b.op('i16x8.avgr_u', x, y)),
  vx('vavguw', 1154, '2.05', (b, x, y) => averageWords(b, x, y, 'i32x4.shr_u')),
  absoluteDifference('vabsdub', 1027, 'i8x16'),
  absoluteDifference('vabsduh', 1091, 'i16x8'),
  absoluteDifference('vabsduw', 1155, 'i32x4'),
  ...extremes('b', 'i8x16', [258, 2]),
  ...extremes('h', 'i16x8', [322, 66]),
  ...extremes('w', 'i32x4', [386, 130]),
  extreme64('vmaxsd', 450, greaterSigned64, true),
  extreme64('vmaxud', 194, greaterUnsigned64, true),
  extreme64('vminsd', 962, greaterSigned64, false),
  extreme64('vminud', 706, greaterUnsigned64, false),
  vxUnary('vnegw', 1538, 6, '3.0', (b, y) => b.op('i32x4.neg', y)),
  vxUnary('vnegd', 1538, 7, '3.0', (b, y) => b.op('i64x2.neg', y)),
  extendSign('vextsb2w', 16, 'i32x4', 24),
  extendSign('vextsh2w', 17, 'i32x4', 16),
  extendSign('vextsb2d', 24, 'i64x2', 56),
  extendSign('vextsh2d', 25, 'i64x2', 48),
  extendSign('vextsw2d', 26, 'i64x2', 32),
];
