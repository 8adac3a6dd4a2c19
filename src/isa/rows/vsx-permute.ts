// VSX logical, permute, splat and byte-reverse instructions (Power ISA Book I, sections 7.6.1.9 and 7.6.1.10).
import type { InstructionRow } from '../row.ts';
import { byRegister, pick, splatByte, xx3 } from '../vector-common.ts';
import { logical } from './vector-logical.ts';
import { extractAt, insertAt, permute, permuteReversed } from './vector-permute.ts';

/** xxbr…: the bytes of each element of `size` bytes reversed. */
function reverseBytes(mnemonic: string, eo: number, size: number): InstructionRow {
  return {
    mnemonic,
    pattern: `60:6 T:5 ${eo}:5 B:5 475:9 BX:1 TX:1`,
    operands: 'XT,XB',
    since: '3.0',
    facility: 'VSX',
    meaning: (b, f) => {
      const lanes = Array.from({ length: 16 }, (_, lane) => lane - (lane % size) + size - 1 - (lane % size));
      const v = b.vsr(f.XB);
      b.setVsr(f.XT, b.shuffle(v, v, lanes));
    },
  };
}

export const vsxPermuteRows: readonly InstructionRow[] = [
  xx3('xxland', 130, '2.06', logical.and),
  xx3('xxlandc', 138, '2.06', logical.andc),
  xx3('xxleqv', 186, '2.07', logical.eqv),
  xx3('xxlnand', 178, '2.07', logical.nand),
  xx3('xxlorc', 170, '2.07', logical.orc),
  xx3('xxlnor', 162, '2.06', logical.nor),
  { ...xx3('xxlor', 146, '2.06', logical.or), hot: true },
  xx3('xxlxor', 154, '2.06', logical.xor),
  xx3('xxmrghw', 18, '2.06', (b, x, y) => pick(b, 4, x, y, [0, 4, 1, 5])),
  xx3('xxmrglw', 50, '2.06', (b, x, y) => pick(b, 4, x, y, [2, 6, 3, 7])),
  {
    mnemonic: 'xxpermdi',
    pattern: '60:6 T:5 A:5 B:5 0:1 DM:2 10:5 AX:1 BX:1 TX:1',
    operands: 'XT,XA,XB,DM',
    since: '2.06',
    facility: 'VSX',
    split: ['DM'],
    hot: true,
    meaning: (b, f) => {
      const dm = b.fixed(f.DM);
      b.setVsr(f.XT, pick(b, 8, b.vsr(f.XA), b.vsr(f.XB), [dm >> 1, 2 + (dm & 1)]));
    },
  },
  {
    mnemonic: 'xxsldwi',
    pattern: '60:6 T:5 A:5 B:5 0:1 SHW:2 2:5 AX:1 BX:1 TX:1',
    operands: 'XT,XA,XB,SHW',
    since: '2.06',
    facility: 'VSX',
    split: ['SHW'],
    meaning: (b, f) => {
      const words = [0, 1, 2, 3].map((i) => i + b.fixed(f.SHW));
      b.setVsr(f.XT, pick(b, 4, b.vsr(f.XA), b.vsr(f.XB), words));
    },
  },
  {
    mnemonic: 'xxsel',
    pattern: '60:6 T:5 A:5 B:5 C:5 3:2 CX:1 AX:1 BX:1 TX:1',
    operands: 'XT,XA,XB,XC',
    since: '2.06',
    facility: 'VSX',
    meaning: (b, f) => b.setVsr(f.XT, b.op('v128.bitselect', b.vsr(f.XB), b.vsr(f.XA), b.vsr(f.XC))),
  },
  {
    mnemonic: 'xxspltw',
    pattern: '60:6 T:5 /:3 UIM:2 B:5 164:9 BX:1 TX:1',
    operands: 'XT,XB,UIM',
    since: '2.06',
    facility: 'VSX',
    split: ['UIM'],
    meaning: (b, f) => {
      const word = b.fixed(f.UIM);
      const v = b.vsr(f.XB);
      b.setVsr(f.XT, pick(b, 4, v, v, [word, word, word, word]));
    },
  },
  {
    mnemonic: 'xxspltib',
    pattern: '60:6 T:5 0:2 IMM8:8 360:10 TX:1',
    operands: 'XT,IMM8',
    since: '3.0',
    facilityByField: byRegister('TX', 'VSX'),
    meaning: (b, f) => b.setVsr(f.XT, splatByte(b, b.imm32(f.IMM8))),
  },
  {
    mnemonic: 'xxperm',
    pattern: '60:6 T:5 A:5 B:5 26:8 AX:1 BX:1 TX:1',
    operands: 'XT,XA,XB',
    since: '3.0',
    facility: 'VSX',
    meaning: (b, f) => b.setVsr(f.XT, permute(b, b.vsr(f.XA), b.vsr(f.XT), b.vsr(f.XB))),
  },
  {
    mnemonic: 'xxpermr',
    pattern: '60:6 T:5 A:5 B:5 58:8 AX:1 BX:1 TX:1',
    operands: 'XT,XA,XB',
    since: '3.0',
    facility: 'VSX',
    meaning: (b, f) => b.setVsr(f.XT, permuteReversed(b, b.vsr(f.XA), b.vsr(f.XT), b.vsr(f.XB))),
  },
  {
    mnemonic: 'xxextractuw',
    pattern: '60:6 T:5 /:1 UIM:4 B:5 165:9 BX:1 TX:1',
    operands: 'XT,XB,UIM',
    since: '3.0',
    facility: 'VSX',
    meaning: (b, f) => b.setVsr(f.XT, extractAt(b, b.vsr(f.XB), b.imm32(f.UIM), 4)),
  },
  {
    mnemonic: 'xxinsertw',
    pattern: '60:6 T:5 /:1 UIM:4 B:5 181:9 BX:1 TX:1',
    operands: 'XT,XB,UIM',
    since: '3.0',
    facility: 'VSX',
    meaning: (b, f) => b.setVsr(f.XT, insertAt(b, b.vsr(f.XT), b.vsr(f.XB), b.imm32(f.UIM), 4)),
  },
  reverseBytes('xxbrh', 7, 2),
  reverseBytes('xxbrw', 15, 4),
  reverseBytes('xxbrd', 23, 8),
  reverseBytes('xxbrq', 31, 16),
];
