// Moves between general and vector-scalar registers (Power ISA Book I, section 7.6.1.3 and the move instructions of 3.0).
import type { Builder, I64 } from '../builder.ts';
import type { Facility, InstructionRow } from '../row.ts';
import { byRegister, pair, setDoubleword0 } from '../vector-common.ts';
import type { IsaVersion } from '../version.ts';

/** mfvsr…: a doubleword of VSR[XS] into RA. */
function moveFrom(
  mnemonic: string,
  xo: number,
  since: IsaVersion,
  low: Facility,
  which: 0 | 1,
  convert: (b: Builder, x: I64) => I64,
): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 S:5 RA:5 /:5 ${xo}:10 SX:1`,
    operands: 'RA,XS',
    since,
    facilityByField: byRegister('SX', low),
    meaning: (b, f) => b.setGpr(f.RA, convert(b, b.vsrDoubleword(f.XS, which))),
  };
}

/** mtvsr…: RA into doubleword 0 of VSR[XT]. */
function moveTo(mnemonic: string, xo: number, convert: (b: Builder, x: I64) => I64): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 T:5 RA:5 /:5 ${xo}:10 TX:1`,
    operands: 'XT,RA',
    since: '2.07',
    facilityByField: byRegister('TX', 'FP'),
    meaning: (b, f) => setDoubleword0(b, f.XT, convert(b, b.gpr(f.RA))),
  };
}

const whole = (_b: Builder, x: I64): I64 => x;

export const vsxMoveRows: readonly InstructionRow[] = [
  moveFrom('mfvsrd', 51, '2.07', 'FP', 0, whole),
  moveFrom('mfvsrwz', 115, '2.07', 'FP', 0, (b, x) => b.ext32u(x)),
  moveFrom('mfvsrld', 307, '3.0', 'VSX', 1, whole),
  { ...moveTo('mtvsrd', 179, whole), hot: true },
  moveTo('mtvsrwa', 211, (b, x) => b.ext32s(x)),
  moveTo('mtvsrwz', 243, (b, x) => b.ext32u(x)),
  {
    mnemonic: 'mtvsrdd',
    pattern: '31:6 T:5 RA:5 RB:5 435:10 TX:1',
    operands: 'XT,RA,RB',
    since: '3.0',
    facilityByField: byRegister('TX', 'VSX'),
    meaning: (b, f) => b.setVsr(f.XT, pair(b, b.gprOr0(f.RA), b.gpr(f.RB))),
  },
  {
    mnemonic: 'mtvsrws',
    pattern: '31:6 T:5 RA:5 /:5 403:10 TX:1',
    operands: 'XT,RA',
    since: '3.0',
    facilityByField: byRegister('TX', 'VSX'),
    meaning: (b, f) => b.setVsr(f.XT, b.op('i32x4.splat', b.wrap(b.gpr(f.RA)))),
  },
];
