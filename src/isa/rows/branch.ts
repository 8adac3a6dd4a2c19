// Branch instructions and Condition Register instructions (Power ISA Book I, sections 2.4 and 2.5).
import type { Builder, Field, Fields, I32, I64 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';

/** BO without its hint and ignored bits (Book I, figure 40): equal meanings share one variant. */
function canonicalBo(fixed: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const bo = fixed.BO ?? 0;
  if ((bo & 0b10100) === 0b10100) return { ...fixed, BO: 0b10100 };
  if ((bo & 0b10000) !== 0) return { ...fixed, BO: bo & 0b10010 };
  if ((bo & 0b00100) !== 0) return { ...fixed, BO: bo & 0b01100 };
  return { ...fixed, BO: bo & 0b11110 };
}

/** Decrements CTR and tests it and the CR bit as BO says; undefined when the branch is always taken. */
function branchCondition(b: Builder, f: Fields): I32 | undefined {
  const bo = b.fixed(f.BO);
  let ok: I32 | undefined;
  if ((bo & 0b00100) === 0) {
    const ctr = b.sub(b.slot('ctr'), b.const(1));
    b.setSlot('ctr', ctr);
    const tested = b.is64 ? ctr : b.ext32u(ctr);
    ok = (bo & 0b00010) === 0 ? b.ne(tested, b.const(0)) : b.eqz(tested);
  }
  if ((bo & 0b10000) === 0) {
    const bit = b.crBit(f.BI);
    const conditionOk = (bo & 0b01000) === 0 ? b.op('i32.eqz', bit) : bit;
    ok = ok ? b.op('i32.and', ok, conditionOk) : conditionOk;
  }
  return ok;
}

/** Sets LR when LK=1, then branches when the condition holds. */
function branchConditional(b: Builder, f: Fields, branch: () => void): void {
  const ok = branchCondition(b, f);
  if (b.fixed(f.LK) === 1) b.setSlot('lr', b.nia());
  if (ok) b.if(ok, branch);
  else branch();
}

function branchToRegister(slot: 'lr' | 'ctr' | 'tar', kind: 'return' | 'count' | 'tar'): InstructionRow['meaning'] {
  return (b, f) => {
    const target = b.slot(slot);
    branchConditional(b, f, () => b.branchTo(target, kind));
  };
}

/** A Condition Register logical instruction on single bits. */
function crLogical(mnemonic: string, code: number, combine: (b: Builder, x: I32, y: I32) => I32): InstructionRow {
  return {
    mnemonic,
    pattern: `19:6 BT:5 BA:5 BB:5 ${code}:10 /:1`,
    operands: 'BT,BA,BB',
    since: '2.05',
    meaning: (b, f) => b.setCrBit(f.BT, combine(b, b.crBit(f.BA), b.crBit(f.BB))),
  };
}

/** A set-Boolean instruction: RT from one CR bit. */
function setBoolean(mnemonic: string, code: number, whenSet: number, whenClear: number): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 RT:5 BI:5 /:5 ${code}:10 /:1`,
    operands: 'RT,BI',
    since: '3.1',
    meaning: (b, f) => b.setGpr(f.RT, b.select(b.crBit(f.BI), b.const(whenSet), b.const(whenClear))),
  };
}

const not = (b: Builder, x: I32): I32 => b.op('i32.eqz', x);

/** CR field to the low 32 bits of a register: LT, GT, EQ, SO of all fields. */
const crWithMask = (b: Builder, field: Field): I64 => b.and(b.cr(), b.derived('crMask', field));

export const branchRows: readonly InstructionRow[] = [
  {
    mnemonic: 'b',
    pattern: '18:6 LI:24 AA:1 LK:1',
    operands: 'LI',
    since: '2.05',
    hot: true,
    endsBlock: true,
    meaning: (b, f) => {
      if (b.fixed(f.LK) === 1) b.setSlot('lr', b.nia());
      b.branchField(f.LI, b.fixed(f.AA) === 1);
    },
  },
  {
    mnemonic: 'bc',
    pattern: '16:6 BO:5 BI:5 BD:14 AA:1 LK:1',
    operands: 'BO,BI,BD',
    since: '2.05',
    split: ['BO'],
    canonical: canonicalBo,
    hot: true,
    endsBlock: true,
    meaning: (b, f) => branchConditional(b, f, () => b.branchField(f.BD, b.fixed(f.AA) === 1)),
  },
  {
    mnemonic: 'bclr',
    pattern: '19:6 BO:5 BI:5 /:3 BH:2 16:10 LK:1',
    operands: 'BO,BI,BH',
    since: '2.05',
    split: ['BO'],
    canonical: canonicalBo,
    hot: true,
    endsBlock: true,
    meaning: branchToRegister('lr', 'return'),
  },
  {
    // A BO that decrements CTR is an invalid form here: CTR is decremented and the branch uses its old value.
    mnemonic: 'bcctr',
    pattern: '19:6 BO:5 BI:5 /:3 BH:2 528:10 LK:1',
    operands: 'BO,BI,BH',
    since: '2.05',
    split: ['BO'],
    canonical: canonicalBo,
    hot: true,
    endsBlock: true,
    meaning: branchToRegister('ctr', 'count'),
  },
  {
    mnemonic: 'bctar',
    pattern: '19:6 BO:5 BI:5 /:3 BH:2 560:10 LK:1',
    operands: 'BO,BI,BH',
    since: '2.07',
    facility: 'TAR',
    split: ['BO'],
    canonical: canonicalBo,
    endsBlock: true,
    meaning: branchToRegister('tar', 'tar'),
  },
  crLogical('crand', 257, (b, x, y) => b.op('i32.and', x, y)),
  crLogical('crnand', 225, (b, x, y) => not(b, b.op('i32.and', x, y))),
  crLogical('cror', 449, (b, x, y) => b.op('i32.or', x, y)),
  crLogical('crxor', 193, (b, x, y) => b.op('i32.xor', x, y)),
  crLogical('crnor', 33, (b, x, y) => not(b, b.op('i32.or', x, y))),
  crLogical('creqv', 289, (b, x, y) => not(b, b.op('i32.xor', x, y))),
  crLogical('crandc', 129, (b, x, y) => b.op('i32.and', x, not(b, y))),
  crLogical('crorc', 417, (b, x, y) => b.op('i32.or', x, not(b, y))),
  {
    mnemonic: 'mcrf',
    pattern: '19:6 BF:3 /:2 BFA:3 /:2 /:5 0:10 /:1',
    operands: 'BF,BFA',
    since: '2.05',
    meaning: (b, f) => b.setCrField(f.BF, b.crField(f.BFA)),
  },
  {
    mnemonic: 'mtocrf',
    pattern: '31:6 RS:5 1:1 FXM:8 /:1 144:10 /:1',
    operands: 'FXM,RS',
    since: '2.05',
    hot: true,
    meaning: moveToCrFields,
  },
  {
    mnemonic: 'mtcrf',
    pattern: '31:6 RS:5 0:1 FXM:8 /:1 144:10 /:1',
    operands: 'FXM,RS',
    since: '2.05',
    meaning: moveToCrFields,
  },
  {
    // With other than one field named the result is undefined; each named field appears in its place.
    mnemonic: 'mfocrf',
    pattern: '31:6 RT:5 1:1 FXM:8 /:1 19:10 /:1',
    operands: 'RT,FXM',
    since: '2.05',
    hot: true,
    meaning: (b, f) => b.setGpr(f.RT, crWithMask(b, f.FXM)),
  },
  {
    mnemonic: 'mfcr',
    pattern: '31:6 RT:5 0:1 /:9 19:10 /:1',
    operands: 'RT',
    since: '2.05',
    hot: true,
    meaning: (b, f) => b.setGpr(f.RT, b.cr()),
  },
  {
    mnemonic: 'mcrxrx',
    pattern: '31:6 BF:3 /:2 /:5 /:5 576:10 /:1',
    operands: 'BF',
    since: '3.0',
    meaning: (b, f) => {
      const bit = (name: 'ov' | 'ov32' | 'ca' | 'ca32', place: number) => b.shl(b.slot(name), b.const(place));
      b.setCrField(f.BF, b.wrap(b.or(b.or(bit('ov', 3), bit('ov32', 2)), b.or(bit('ca', 1), bit('ca32', 0)))));
    },
  },
  {
    mnemonic: 'setb',
    pattern: '31:6 RT:5 BFA:3 /:2 /:5 128:10 /:1',
    operands: 'RT,BFA',
    since: '3.0',
    meaning: (b, f) => {
      const field = b.crField(f.BFA);
      const less = b.op('i32.and', field, b.const32(8));
      const greater = b.op('i32.and', field, b.const32(4));
      b.setGpr(f.RT, b.select(less, b.const(-1), b.select(greater, b.const(1), b.const(0))));
    },
  },
  setBoolean('setbc', 384, 1, 0),
  setBoolean('setbcr', 416, 0, 1),
  setBoolean('setnbc', 448, -1, 0),
  setBoolean('setnbcr', 480, 0, -1),
];

function moveToCrFields(b: Builder, f: Fields): void {
  const mask = b.derived('crMask', f.FXM);
  b.setCr(b.or(b.and(b.gpr(f.RS), mask), b.and(b.cr(), b.not(mask))));
}
