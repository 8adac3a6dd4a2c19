// Fixed-point arithmetic instructions (Power ISA Book I, section 3.3.9).
import { addWithCarry, overflowOfSum, record } from '../common.ts';
import type { InstructionRow } from '../row.ts';

export const fixedArithmeticRows: readonly InstructionRow[] = [
  {
    mnemonic: 'addi',
    pattern: '14:6 RT:5 RA:5 SI:16',
    operands: 'RT,RA,SI',
    since: '2.05',
    hot: true,
    meaning: (b, f) => b.setGpr(f.RT, b.add(b.gprOr0(f.RA), b.imm(f.SI))),
  },
  {
    mnemonic: 'add',
    pattern: '31:6 RT:5 RA:5 RB:5 OE:1 266:9 Rc:1',
    operands: 'RT,RA,RB',
    since: '2.05',
    hot: true,
    meaning: (b, f) => {
      const x = b.gpr(f.RA);
      const y = b.gpr(f.RB);
      const sum = b.add(x, y);
      if (b.fixed(f.OE) === 1) overflowOfSum(b, x, y, sum);
      b.setGpr(f.RT, sum);
      record(b, f, sum);
    },
  },
  {
    mnemonic: 'addc',
    pattern: '31:6 RT:5 RA:5 RB:5 OE:1 10:9 Rc:1',
    operands: 'RT,RA,RB',
    since: '2.05',
    hot: true,
    meaning: (b, f) => {
      const sum = addWithCarry(b, f, b.gpr(f.RA), b.gpr(f.RB), undefined, true);
      b.setGpr(f.RT, sum);
      record(b, f, sum);
    },
  },
];
