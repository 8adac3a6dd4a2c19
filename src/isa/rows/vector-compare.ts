// Vector integer compares (Power ISA Book I, section 6.9.3): elements of ones or zeros, and CR6 when Rc = 1.
import type { Builder, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { splatOf } from '../vector-common.ts';
import type { IsaVersion } from '../version.ts';

/** CR6: LT when all elements are true, EQ when none is. */
export function recordCr6(b: Builder, mask: V128): void {
  const all = b.op('i32.shl', b.op('i8x16.all_true', mask), b.const32(3));
  const none = b.op('i32.shl', b.op('i32.eqz', b.op('v128.any_true', mask)), b.const32(1));
  b.setCrField(6, b.op('i32.or', all, none));
}

/** VC-form row whose result is a mask. */
export function vc(
  mnemonic: string,
  xo: number,
  since: IsaVersion,
  compare: (b: Builder, x: V128, y: V128) => V128,
): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 Rc:1 ${xo}:10`,
    operands: 'VRT,VRA,VRB',
    since,
    facility: 'VEC',
    meaning: (b, f) => {
      const mask = compare(b, b.vr(f.VRA), b.vr(f.VRB));
      b.setVr(f.VRT, mask);
      if (b.fixed(f.Rc) === 1) recordCr6(b, mask);
    },
  };
}

/** Unsigned x > y for doublewords, which WebAssembly lacks: signed with the sign bits inverted. */
export function greaterUnsigned64(b: Builder, x: V128, y: V128): V128 {
  const sign = splatOf(b, 8, 1n << 63n);
  return b.op('i64x2.gt_s', b.op('v128.xor', x, sign), b.op('v128.xor', y, sign));
}

/** vcmpnez…: different, or one of the two is zero. */
function differentOrZero(shape: 'i8x16' | 'i16x8' | 'i32x4') {
  return (b: Builder, x: V128, y: V128): V128 => {
    const zero = splatOf(b, 8, 0n);
    const someZero = b.op('v128.or', b.op(`${shape}.eq`, x, zero), b.op(`${shape}.eq`, y, zero));
    return b.op('v128.or', b.op(`${shape}.ne`, x, y), someZero);
  };
}

export const vectorCompareRows: readonly InstructionRow[] = [
  { ...vc('vcmpequb', 6, '2.05', (b, x, y) => b.op('i8x16.eq', x, y)), hot: true },
  vc('vcmpequh', 70, '2.05', (b, x, y) => b.op('i16x8.eq', x, y)),
  vc('vcmpequw', 134, '2.05', (b, x, y) => b.op('i32x4.eq', x, y)),
  vc('vcmpequd', 199, '2.07', (b, x, y) => b.op('i64x2.eq', x, y)),
  vc('vcmpgtsb', 774, '2.05', (b, x, y) => b.op('i8x16.gt_s', x, y)),
  vc('vcmpgtsh', 838, '2.05', (b, x, y) => b.op('i16x8.gt_s', x, y)),
  vc('vcmpgtsw', 902, '2.05', (b, x, y) => b.op('i32x4.gt_s', x, y)),
  vc('vcmpgtsd', 967, '2.07', (b, x, y) => b.op('i64x2.gt_s', x, y)),
  vc('vcmpgtub', 518, '2.05', (b, x, y) => b.op('i8x16.gt_u', x, y)),
  vc('vcmpgtuh', 582, '2.05', (b, x, y) => b.op('i16x8.gt_u', x, y)),
  vc('vcmpgtuw', 646, '2.05', (b, x, y) => b.op('i32x4.gt_u', x, y)),
  vc('vcmpgtud', 711, '2.07', greaterUnsigned64),
  vc('vcmpneb', 7, '3.0', (b, x, y) => b.op('i8x16.ne', x, y)),
  vc('vcmpneh', 71, '3.0', (b, x, y) => b.op('i16x8.ne', x, y)),
  vc('vcmpnew', 135, '3.0', (b, x, y) => b.op('i32x4.ne', x, y)),
  vc('vcmpnezb', 263, '3.0', differentOrZero('i8x16')),
  vc('vcmpnezh', 327, '3.0', differentOrZero('i16x8')),
  vc('vcmpnezw', 391, '3.0', differentOrZero('i32x4')),
];
