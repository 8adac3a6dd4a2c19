// Vector logical instructions (Power ISA Book I, section 6.9.5) and the vector status and control register
// (section 6.16).
import type { Builder, V128 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import { low, pair, vx } from '../vector-common.ts';

/** The eight operations, which VMX and VSX share. */
export const logical = {
  and: (b: Builder, x: V128, y: V128): V128 => b.op('v128.and', x, y),
  andc: (b: Builder, x: V128, y: V128): V128 => b.op('v128.andnot', x, y),
  or: (b: Builder, x: V128, y: V128): V128 => b.op('v128.or', x, y),
  orc: (b: Builder, x: V128, y: V128): V128 => b.op('v128.or', x, b.op('v128.not', y)),
  xor: (b: Builder, x: V128, y: V128): V128 => b.op('v128.xor', x, y),
  nor: (b: Builder, x: V128, y: V128): V128 => b.op('v128.not', b.op('v128.or', x, y)),
  nand: (b: Builder, x: V128, y: V128): V128 => b.op('v128.not', b.op('v128.and', x, y)),
  eqv: (b: Builder, x: V128, y: V128): V128 => b.op('v128.not', b.op('v128.xor', x, y)),
} as const;

/** The bits of VSCR that exist: NJ and SAT. */
const vscrBits = 0x0001_0001;

export const vectorLogicalRows: readonly InstructionRow[] = [
  vx('vand', 1028, '2.05', logical.and),
  vx('vandc', 1092, '2.05', logical.andc),
  vx('veqv', 1668, '2.07', logical.eqv),
  vx('vnand', 1412, '2.07', logical.nand),
  vx('vnor', 1284, '2.05', logical.nor),
  { ...vx('vor', 1156, '2.05', logical.or), hot: true },
  vx('vorc', 1348, '2.07', logical.orc),
  { ...vx('vxor', 1220, '2.05', logical.xor), hot: true },
  {
    mnemonic: 'mtvscr',
    pattern: '4:6 /:10 VRB:5 1604:11',
    operands: 'VRB',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => b.setSlot('vscr', b.and(low(b, b.vr(f.VRB)), b.const(vscrBits))),
  },
  {
    mnemonic: 'mfvscr',
    pattern: '4:6 VRT:5 /:10 1540:11',
    operands: 'VRT',
    since: '2.05',
    facility: 'VEC',
    meaning: (b, f) => b.setVr(f.VRT, pair(b, b.const(0), b.slot('vscr'))),
  },
];
