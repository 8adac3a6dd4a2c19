// Vector rotate and shift of elements (Power ISA Book I, section 6.9.6). Shift amounts differ for each element, which
// WebAssembly's vector shifts do not allow: words and doublewords go through its scalar operators, bytes and halfwords
// are multiplied by powers of two.
import type { Builder, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { byteLanes, eachDoubleword, eachWord, splatOf, vx } from '../vector-common.ts';

type Kind = 'rotate' | 'left' | 'right' | 'rightAlgebraic';

/** The shape of twice the element size. */
const wide = { 1: 'i16x8', 2: 'i32x4' } as const;

/** 2 to the power of each element, which is less than its number of bits. */
function powerOfTwo(b: Builder, size: 1 | 2, n: V128): V128 {
  const table = byteLanes(b, (lane) => (lane < 8 ? 1 << lane : 0));
  if (size === 1) return b.op('i8x16.swizzle', table, n);
  // The low byte of the power is looked up at n, the high one at n - 8; outside of the table there are zeros.
  const upper = b.op('i16x8.shl', b.op('i16x8.sub', n, splatOf(b, 2, 8n)), b.const32(8));
  return b.op('i8x16.swizzle', table, b.op('v128.or', n, upper));
}

/** Shifts by multiplication with twice the width: to the right by n is to the left by all bits but n. */
function shiftNarrow(b: Builder, size: 1 | 2, x: V128, y: V128, kind: Kind): V128 {
  const shape = wide[size];
  const bits = b.const32(8 * size);
  const lower = splatOf(b, (2 * size) as 2 | 4, (1n << BigInt(8 * size)) - 1n);
  const last = splatOf(b, size, BigInt(8 * size - 1));
  const isRight = kind === 'right' || kind === 'rightAlgebraic';
  const shift = kind === 'rightAlgebraic' ? (`${shape}.shr_s` as const) : (`${shape}.shr_u` as const);
  const power = powerOfTwo(b, size, isRight ? b.op('v128.andnot', last, y) : b.op('v128.and', y, last));
  const half = (value: V128, factor: V128): V128 => {
    const product = b.op(`${shape}.mul`, value, factor);
    if (isRight) return b.op(shift, product, b.const32(8 * size - 1));
    return kind === 'rotate' ? b.op('v128.or', product, b.op(`${shape}.shr_u`, product, bits)) : product;
  };
  const odd = kind === 'rightAlgebraic' ? b.op(shift, b.op(`${shape}.shl`, x, bits), bits) : b.op('v128.and', x, lower);
  const right = half(odd, b.op('v128.and', power, lower));
  const left = half(b.op(shift, x, bits), b.op(`${shape}.shr_u`, power, bits));
  return b.op('v128.bitselect', right, b.op(`${shape}.shl`, left, bits), lower);
}

function shiftSmall(mnemonic: string, xo: number, size: 1 | 2, kind: Kind): InstructionRow {
  return vx(mnemonic, xo, '2.05', (b, x, y) => shiftNarrow(b, size, x, y, kind));
}

type Shift = 'rotl' | 'shl' | 'shr_u' | 'shr_s';

function shiftWords(mnemonic: string, xo: number, operation: Shift): InstructionRow {
  return vx(mnemonic, xo, '2.05', (b, x, y) => eachWord(b, x, y, (v, n) => b.op(`i32.${operation}`, v, n)));
}

function shiftDoublewords(mnemonic: string, xo: number, operation: Shift): InstructionRow {
  return vx(mnemonic, xo, '2.07', (b, x, y) => eachDoubleword(b, x, y, (v, n) => b.op(`i64.${operation}`, v, n)));
}

/** vrl…nm (and with a mask) and vrl…mi (insert under a mask): the mask's ends and the amount stand in VRB's elements. */
function rotateMask(mnemonic: string, xo: number, size: 4 | 8, insert: boolean): InstructionRow {
  const name = size === 4 ? 'vectorRotateWordsMask' : 'vectorRotateDoublewordsMask';
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRA,VRB',
    since: '3.0',
    facility: 'VEC',
    meaning: (b, f) => b.call(name, b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB), b.const32(insert ? 1 : 0)),
  };
}

/** vslv, vsrv: each byte shifted by its own amount, with the bits of its neighbour coming in. */
function shiftVariable(mnemonic: string, xo: number, right: boolean): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRA,VRB',
    since: '3.0',
    facility: 'VEC',
    meaning: (b, f) =>
      b.call('vectorShiftVariable', b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB), b.const32(right ? 1 : 0)),
  };
}

export const vectorRotateShiftRows: readonly InstructionRow[] = [
  shiftSmall('vrlb', 4, 1, 'rotate'),
  shiftSmall('vrlh', 68, 2, 'rotate'),
  shiftWords('vrlw', 132, 'rotl'),
  shiftDoublewords('vrld', 196, 'rotl'),
  shiftSmall('vslb', 260, 1, 'left'),
  shiftSmall('vslh', 324, 2, 'left'),
  shiftWords('vslw', 388, 'shl'),
  shiftDoublewords('vsld', 1476, 'shl'),
  shiftSmall('vsrb', 516, 1, 'right'),
  shiftSmall('vsrh', 580, 2, 'right'),
  shiftWords('vsrw', 644, 'shr_u'),
  shiftDoublewords('vsrd', 1732, 'shr_u'),
  shiftSmall('vsrab', 772, 1, 'rightAlgebraic'),
  shiftSmall('vsrah', 836, 2, 'rightAlgebraic'),
  shiftWords('vsraw', 900, 'shr_s'),
  shiftDoublewords('vsrad', 964, 'shr_s'),
  rotateMask('vrlwmi', 133, 4, true),
  rotateMask('vrlwnm', 389, 4, false),
  rotateMask('vrldmi', 197, 8, true),
  rotateMask('vrldnm', 453, 8, false),
  shiftVariable('vslv', 1860, false),
  shiftVariable('vsrv', 1796, true),
];
