// Floating-point move, merge and select instructions (Power ISA Book I, sections 4.6.5 and 4.6.8).
import type { Builder, I64 } from '../builder.ts';
import { recordCr1 } from '../floating-point-common.ts';
import type { InstructionRow } from '../row.ts';

const signBit = 1n << 63n;

/** X-form row `mnemonic FRT,FRB`: works on the bits, NaNs included, and leaves FPSCR alone. */
function move(mnemonic: string, xo: number, change: (b: Builder, x: I64) => I64): InstructionRow {
  return {
    mnemonic,
    pattern: `63:6 FRT:5 /:5 FRB:5 ${xo}:10 Rc:1`,
    operands: 'FRT,FRB',
    since: '2.05',
    facility: 'FP',
    hot: true,
    meaning: (b, f) => {
      b.setFpr(f.FRT, change(b, b.fpr(f.FRB)));
      recordCr1(b, f);
    },
  };
}

function merge(mnemonic: string, xo: number, join: (b: Builder, x: I64, y: I64) => I64): InstructionRow {
  return {
    mnemonic,
    pattern: `63:6 FRT:5 FRA:5 FRB:5 ${xo}:10 /:1`,
    operands: 'FRT,FRA,FRB',
    since: '2.07',
    facility: 'FP',
    meaning: (b, f) => b.setFpr(f.FRT, join(b, b.fpr(f.FRA), b.fpr(f.FRB))),
  };
}

export const floatingPointMoveRows: readonly InstructionRow[] = [
  move('fmr', 72, (_b, x) => x),
  move('fneg', 40, (b, x) => b.xor(x, b.const(signBit))),
  move('fabs', 264, (b, x) => b.and(x, b.const(signBit - 1n))),
  move('fnabs', 136, (b, x) => b.or(x, b.const(signBit))),
  {
    mnemonic: 'fcpsgn',
    pattern: '63:6 FRT:5 FRA:5 FRB:5 8:10 Rc:1',
    operands: 'FRT,FRA,FRB',
    since: '2.05',
    facility: 'FP',
    meaning: (b, f) => {
      const sign = b.and(b.fpr(f.FRA), b.const(signBit));
      b.setFpr(f.FRT, b.or(sign, b.and(b.fpr(f.FRB), b.const(signBit - 1n))));
      recordCr1(b, f);
    },
  },
  merge('fmrgew', 966, (b, x, y) => b.or(b.and(x, b.const(0xffff_ffffn << 32n)), b.shrU(y, b.const(32)))),
  merge('fmrgow', 838, (b, x, y) => b.or(b.shl(x, b.const(32)), b.ext32u(y))),
  {
    mnemonic: 'fsel',
    pattern: '63:6 FRT:5 FRA:5 FRB:5 FRC:5 23:5 Rc:1',
    operands: 'FRT,FRA,FRC,FRB',
    since: '2.05',
    facility: 'FP',
    meaning: (b, f) => {
      // A NaN is not greater than or equal to zero, −0 is.
      const chosen = b.op('f64.ge', b.op('f64.reinterpret_i64', b.fpr(f.FRA)), b.constF64(0));
      b.setFpr(f.FRT, b.select(chosen, b.fpr(f.FRC), b.fpr(f.FRB)));
      recordCr1(b, f);
    },
  },
];
