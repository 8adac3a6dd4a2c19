// Floating-point arithmetic, rounding, conversion and compare instructions (Power ISA Book I, sections 4.6.6 to 4.6.8).
import {
  aForm,
  aFormFused,
  aFormProduct,
  aFormUnary,
  interruptWhenEnabled,
  xFormUnary,
} from '../floating-point-common.ts';
import type { InstructionRow } from '../row.ts';

const hot = { hot: true } as const;
const isa206 = { since: '2.06' } as const;

/** X-form row `mnemonic BF,FRA,FRB` that writes FPCC and a CR field even with an enabled exception. */
function compare(name: 'fcmpu' | 'fcmpo', xo: number): InstructionRow {
  return {
    mnemonic: name,
    pattern: `63:6 BF:3 /:2 FRA:5 FRB:5 ${xo}:10 /:1`,
    operands: 'BF,FRA,FRB',
    since: '2.05',
    facility: 'FP',
    hot: true,
    meaning: (b, f) => {
      b.setCrField(f.BF, b.callI32(name, b.fpr(f.FRA), b.fpr(f.FRB)));
      interruptWhenEnabled(b);
    },
  };
}

export const floatingPointArithmeticRows: readonly InstructionRow[] = [
  aForm(63, 21, 'fadd', hot),
  aForm(59, 21, 'fadds', hot),
  aForm(63, 20, 'fsub', hot),
  aForm(59, 20, 'fsubs', hot),
  aFormProduct(63, 25, 'fmul', hot),
  aFormProduct(59, 25, 'fmuls', hot),
  aForm(63, 18, 'fdiv', hot),
  aForm(59, 18, 'fdivs', hot),
  aFormUnary(63, 22, 'fsqrt'),
  aFormUnary(59, 22, 'fsqrts'),
  aFormUnary(63, 24, 'fre'),
  aFormUnary(59, 24, 'fres'),
  aFormUnary(63, 26, 'frsqrte'),
  aFormUnary(59, 26, 'frsqrtes'),
  aFormFused(63, 29, 'fmadd', hot),
  aFormFused(59, 29, 'fmadds', hot),
  aFormFused(63, 28, 'fmsub', hot),
  aFormFused(59, 28, 'fmsubs', hot),
  aFormFused(63, 31, 'fnmadd'),
  aFormFused(59, 31, 'fnmadds'),
  aFormFused(63, 30, 'fnmsub', hot),
  aFormFused(59, 30, 'fnmsubs', hot),
  xFormUnary(63, 12, 'frsp', hot),
  xFormUnary(63, 814, 'fctid'),
  xFormUnary(63, 815, 'fctidz', hot),
  xFormUnary(63, 942, 'fctidu', isa206),
  xFormUnary(63, 943, 'fctiduz', isa206),
  xFormUnary(63, 14, 'fctiw'),
  xFormUnary(63, 15, 'fctiwz', hot),
  xFormUnary(63, 142, 'fctiwu', isa206),
  xFormUnary(63, 143, 'fctiwuz', isa206),
  xFormUnary(63, 846, 'fcfid', hot),
  xFormUnary(59, 846, 'fcfids', isa206),
  xFormUnary(63, 974, 'fcfidu', isa206),
  xFormUnary(59, 974, 'fcfidus', isa206),
  xFormUnary(63, 392, 'frin'),
  xFormUnary(63, 424, 'friz'),
  xFormUnary(63, 456, 'frip'),
  xFormUnary(63, 488, 'frim'),
  compare('fcmpu', 0),
  compare('fcmpo', 32),
  {
    mnemonic: 'ftdiv',
    pattern: '63:6 BF:3 /:2 FRA:5 FRB:5 128:10 /:1',
    operands: 'BF,FRA,FRB',
    since: '2.06',
    facility: 'FP',
    meaning: (b, f) => b.setCrField(f.BF, b.callI32('ftdiv', b.fpr(f.FRA), b.fpr(f.FRB))),
  },
  {
    mnemonic: 'ftsqrt',
    pattern: '63:6 BF:3 /:2 /:5 FRB:5 160:10 /:1',
    operands: 'BF,FRB',
    since: '2.06',
    facility: 'FP',
    meaning: (b, f) => b.setCrField(f.BF, b.callI32('ftsqrt', b.fpr(f.FRB))),
  },
];
