// Vector rotate and shift of elements (Power ISA Book I, section 6.9.6). Shift amounts differ for each element, which
// WebAssembly's vector shifts do not allow: words and doublewords go through its scalar operators, the rest through
// the data plane.
import type { InstructionRow } from '../row.ts';
import { eachDoubleword, eachWord, vx } from '../vector-common.ts';

/** Kinds of shift as the data plane numbers them. */
const kind = { rotate: 0, left: 1, right: 2, rightAlgebraic: 3 } as const;

function shiftSmall(mnemonic: string, xo: number, size: 1 | 2, operation: keyof typeof kind): InstructionRow {
  const name = size === 1 ? 'vectorShiftBytes' : 'vectorShiftHalfwords';
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRA,VRB',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => b.call(name, b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB), b.const32(kind[operation])),
  };
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
