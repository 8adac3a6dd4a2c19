// Fixed-point arithmetic instructions (Power ISA Book I, sections 3.3.9 and 3.3.10).
import type { Builder, Fields, I32, I64 } from '../builder.ts';
import { addWithCarry, overflowOfSum, record, recordCr0, setOverflow } from '../common.ts';
import type { InstructionRow } from '../row.ts';
import type { IsaVersion } from '../version.ts';

interface Options {
  readonly since?: IsaVersion;
  readonly hot?: boolean;
}

/** XO-form `RT,RA,RB` with OE and Rc. */
function sum(mnemonic: string, code: number, meaning: (b: Builder, f: Fields) => I64, options: Options = {}) {
  return xo(mnemonic, `RB:5 OE:1 ${code}:9`, 'RT,RA,RB', meaning, options);
}

/** XO-form `RT,RA` with OE and Rc. */
function sumOfOne(mnemonic: string, code: number, meaning: (b: Builder, f: Fields) => I64, options: Options = {}) {
  return xo(mnemonic, `/:5 OE:1 ${code}:9`, 'RT,RA', meaning, options);
}

function xo(
  mnemonic: string,
  middle: string,
  operands: string,
  meaning: (b: Builder, f: Fields) => I64,
  options: Options,
): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 RT:5 RA:5 ${middle} Rc:1`,
    operands,
    since: '2.05',
    ...options,
    meaning: (b, f) => {
      const result = meaning(b, f);
      b.setGpr(f.RT, result);
      record(b, f, result);
    },
  };
}

/** XO-form multiply-high: no OE. */
function multiplyHigh(mnemonic: string, code: number, product: (b: Builder, x: I64, y: I64) => I64): InstructionRow {
  return xo(mnemonic, `RB:5 /:1 ${code}:9`, 'RT,RA,RB', (b, f) => product(b, b.gpr(f.RA), b.gpr(f.RB)), {});
}

/** D-form arithmetic with an immediate. */
function immediate(
  mnemonic: string,
  code: number,
  meaning: (b: Builder, f: Fields) => void,
  hot?: boolean,
): InstructionRow {
  const pattern = `${code}:6 RT:5 RA:5 SI:16`;
  return { mnemonic, pattern, operands: 'RT,RA,SI', since: '2.05', ...(hot ? { hot } : {}), meaning };
}

/** ¬RA + RB + 1 with the overflow of that sum. */
function subtract(b: Builder, f: Fields, x: I64, y: I64): I64 {
  const difference = b.sub(y, x);
  if (b.fixed(f.OE) === 1) overflowOfSum(b, b.not(x), y, difference);
  return difference;
}

/** Stores 0/1 in OV, OV32 and the sticky SO when OE = 1. */
function overflowWhenOe(b: Builder, f: Fields, overflow: () => I32): void {
  if (b.fixed(f.OE) !== 1) return;
  const ov = b.zext(overflow());
  setOverflow(b, ov, ov);
}

/** Quotient that cannot trap: where there is no result (it is undefined, and OV reports it) the divisor becomes 1. */
function divide(b: Builder, f: Fields, x: I64, y: I64, bad: I32, operator: 'i64.div_s' | 'i64.div_u'): I64 {
  overflowWhenOe(b, f, () => bad);
  return b.op(operator, x, b.select(bad, b.const(1), y));
}

function modulo(
  mnemonic: string,
  code: number,
  operand: (b: Builder, x: I64) => I64,
  operator: 'i64.rem_s' | 'i64.rem_u',
): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 RT:5 RA:5 RB:5 ${code}:10 /:1`,
    operands: 'RT,RA,RB',
    since: '3.0',
    meaning: (b, f) => {
      const y = operand(b, b.gpr(f.RB));
      const bad = b.eqz(y);
      const rest = b.op(operator, operand(b, b.gpr(f.RA)), b.select(bad, b.const(1), y));
      b.setGpr(f.RT, b.select(bad, b.const(0), rest));
    },
  };
}

/** Most negative doubleword divided by −1. */
function quotientTooLarge(b: Builder, x: I64, y: I64): I32 {
  return b.op('i32.and', b.eq(x, b.const(-(2n ** 63n))), b.eq(y, b.const(-1)));
}

/** A divide-word-extended result that does not fit 32 bits. */
function divideWordExtended(b: Builder, f: Fields, signed: boolean): I64 {
  const word = (x: I64) => (signed ? b.ext32s(x) : b.ext32u(x));
  const x = b.shl(b.gpr(f.RA), b.const(32));
  const y = word(b.gpr(f.RB));
  const noResult = signed ? b.op('i32.or', b.eqz(y), quotientTooLarge(b, x, y)) : b.eqz(y);
  const divisor = b.select(noResult, b.const(1), y);
  const quotient = b.op(signed ? 'i64.div_s' : 'i64.div_u', x, divisor);
  const bad = b.op('i32.or', noResult, b.ne(word(quotient), quotient));
  overflowWhenOe(b, f, () => bad);
  return b.select(bad, b.const(0), quotient);
}

/** VA-form multiply-add. */
function multiplyAdd(mnemonic: string, code: number, meaning: (b: Builder, x: I64, y: I64, z: I64) => I64) {
  return {
    mnemonic,
    pattern: `4:6 RT:5 RA:5 RB:5 RC:5 ${code}:6`,
    operands: 'RT,RA,RB,RC',
    since: '3.0',
    meaning: (b, f) => b.setGpr(f.RT, meaning(b, b.gpr(f.RA), b.gpr(f.RB), b.gpr(f.RC))),
  } as const satisfies InstructionRow;
}

/** High doubleword of x·y + z: the low sum's carry goes up, and so does the addend's sign. */
function multiplyAddHigh(b: Builder, high: I64, x: I64, y: I64, z: I64, signed: boolean): I64 {
  const low = b.mul(x, y);
  const carry = b.zext(b.ltU(b.add(low, z), z));
  const top = b.add(high, carry);
  return signed ? b.add(top, b.shrS(z, b.const(63))) : top;
}

export const fixedArithmeticRows: readonly InstructionRow[] = [
  immediate('addi', 14, (b, f) => b.setGpr(f.RT, b.add(b.gprOr0(f.RA), b.imm(f.SI))), true),
  immediate('addis', 15, (b, f) => b.setGpr(f.RT, b.add(b.gprOr0(f.RA), b.shl(b.imm(f.SI), b.const(16)))), true),
  {
    mnemonic: 'addpcis',
    pattern: '19:6 RT:5 d1:5 d0:10 2:5 d2:1',
    operands: 'RT,d',
    since: '3.0',
    meaning: (b, f) => b.setGpr(f.RT, b.add(b.nia(), b.shl(b.imm(f.d), b.const(16)))),
  },
  immediate(
    'addic',
    12,
    (b, f) => b.setGpr(f.RT, addWithCarry(b, f, b.gpr(f.RA), b.imm(f.SI), undefined, false)),
    true,
  ),
  immediate(
    'addic.',
    13,
    (b, f) => {
      const result = addWithCarry(b, f, b.gpr(f.RA), b.imm(f.SI), undefined, false);
      b.setGpr(f.RT, result);
      recordCr0(b, result);
    },
    true,
  ),
  immediate(
    'subfic',
    8,
    (b, f) => b.setGpr(f.RT, addWithCarry(b, f, b.not(b.gpr(f.RA)), b.imm(f.SI), b.const(1), false)),
    true,
  ),
  immediate('mulli', 7, (b, f) => b.setGpr(f.RT, b.mul(b.gpr(f.RA), b.imm(f.SI))), true),
  sum(
    'add',
    266,
    (b, f) => {
      const x = b.gpr(f.RA);
      const y = b.gpr(f.RB);
      const result = b.add(x, y);
      if (b.fixed(f.OE) === 1) overflowOfSum(b, x, y, result);
      return result;
    },
    { hot: true },
  ),
  sum('subf', 40, (b, f) => subtract(b, f, b.gpr(f.RA), b.gpr(f.RB)), { hot: true }),
  sum('addc', 10, (b, f) => addWithCarry(b, f, b.gpr(f.RA), b.gpr(f.RB), undefined, true), { hot: true }),
  sum(
    'subfc',
    8,
    (b, f) => {
      const x = b.gpr(f.RA);
      const y = b.gpr(f.RB);
      // ¬RA + RB + 1 carries out exactly when RB ≥ RA.
      const carry32 = b.zext(b.op('i32.ge_u', b.wrap(y), b.wrap(x)));
      b.setSlot('ca', b.is64 ? b.zext(b.op('i64.ge_u', y, x)) : carry32);
      b.setSlot('ca32', carry32);
      return subtract(b, f, x, y);
    },
    { hot: true },
  ),
  sum('adde', 138, (b, f) => addWithCarry(b, f, b.gpr(f.RA), b.gpr(f.RB), b.slot('ca'), true), { hot: true }),
  sum('subfe', 136, (b, f) => addWithCarry(b, f, b.not(b.gpr(f.RA)), b.gpr(f.RB), b.slot('ca'), true), { hot: true }),
  sumOfOne('addme', 234, (b, f) => addWithCarry(b, f, b.gpr(f.RA), b.const(-1), b.slot('ca'), true)),
  sumOfOne('subfme', 232, (b, f) => addWithCarry(b, f, b.not(b.gpr(f.RA)), b.const(-1), b.slot('ca'), true)),
  sumOfOne('addze', 202, (b, f) => addWithCarry(b, f, b.gpr(f.RA), b.const(0), b.slot('ca'), true), { hot: true }),
  sumOfOne('subfze', 200, (b, f) => addWithCarry(b, f, b.not(b.gpr(f.RA)), b.const(0), b.slot('ca'), true)),
  sumOfOne('neg', 104, (b, f) => subtract(b, f, b.gpr(f.RA), b.const(0)), { hot: true }),
  {
    mnemonic: 'addex',
    pattern: '31:6 RT:5 RA:5 RB:5 CY:2 170:8 /:1',
    operands: 'RT,RA,RB,CY',
    since: '3.0',
    meaning: (b, f) => {
      // CY = 0 is the only choice defined: OV takes the place of CA, and SO stays.
      const x = b.gpr(f.RA);
      const y = b.gpr(f.RB);
      const partial = b.add(x, y);
      const result = b.add(partial, b.slot('ov'));
      const carry = b.or(b.zext(b.ltU(partial, x)), b.zext(b.ltU(result, partial)));
      const carry32 = b.and(b.shrU(b.xor(b.xor(x, y), result), b.const(32)), b.const(1));
      b.setSlot('ov', b.is64 ? carry : carry32);
      b.setSlot('ov32', carry32);
      b.setGpr(f.RT, result);
    },
  },
  sum(
    'mullw',
    235,
    (b, f) => {
      const product = b.mul(b.ext32s(b.gpr(f.RA)), b.ext32s(b.gpr(f.RB)));
      overflowWhenOe(b, f, () => b.ne(b.ext32s(product), product));
      return product;
    },
    { hot: true },
  ),
  sum(
    'mulld',
    233,
    (b, f) => {
      const x = b.gpr(f.RA);
      const y = b.gpr(f.RB);
      const product = b.mul(x, y);
      overflowWhenOe(b, f, () => b.ne(b.mulhS(x, y), b.shrS(product, b.const(63))));
      return product;
    },
    { hot: true },
  ),
  // The high word of RT is undefined for the word forms; here it is zero.
  multiplyHigh('mulhw', 75, (b, x, y) => b.shrU(b.mul(b.ext32s(x), b.ext32s(y)), b.const(32))),
  multiplyHigh('mulhwu', 11, (b, x, y) => b.shrU(b.mul(b.ext32u(x), b.ext32u(y)), b.const(32))),
  multiplyHigh('mulhd', 73, (b, x, y) => b.mulhS(x, y)),
  multiplyHigh('mulhdu', 9, (b, x, y) => b.mulhU(x, y)),
  multiplyAdd('maddhd', 48, (b, x, y, z) => multiplyAddHigh(b, b.mulhS(x, y), x, y, z, true)),
  multiplyAdd('maddhdu', 49, (b, x, y, z) => multiplyAddHigh(b, b.mulhU(x, y), x, y, z, false)),
  multiplyAdd('maddld', 51, (b, x, y, z) => b.add(b.mul(x, y), z)),
  sum('divw', 491, (b, f) => {
    const x = b.ext32s(b.gpr(f.RA));
    const y = b.ext32s(b.gpr(f.RB));
    const tooLarge = b.op('i32.and', b.eq(x, b.const(-(2 ** 31))), b.eq(y, b.const(-1)));
    return b.ext32u(divide(b, f, x, y, b.op('i32.or', b.eqz(y), tooLarge), 'i64.div_s'));
  }),
  sum(
    'divwu',
    459,
    (b, f) => {
      const y = b.ext32u(b.gpr(f.RB));
      return divide(b, f, b.ext32u(b.gpr(f.RA)), y, b.eqz(y), 'i64.div_u');
    },
    { hot: true },
  ),
  sum('divd', 489, (b, f) => {
    const x = b.gpr(f.RA);
    const y = b.gpr(f.RB);
    return divide(b, f, x, y, b.op('i32.or', b.eqz(y), quotientTooLarge(b, x, y)), 'i64.div_s');
  }),
  sum(
    'divdu',
    457,
    (b, f) => {
      const y = b.gpr(f.RB);
      return divide(b, f, b.gpr(f.RA), y, b.eqz(y), 'i64.div_u');
    },
    { hot: true },
  ),
  sum('divwe', 427, (b, f) => divideWordExtended(b, f, true), { since: '2.06' }),
  sum('divweu', 395, (b, f) => divideWordExtended(b, f, false), { since: '2.06' }),
  sum(
    'divde',
    425,
    (b, f) => {
      const x = b.gpr(f.RA);
      const y = b.gpr(f.RB);
      overflowWhenOe(b, f, () => b.callI32('divideExtendedOverflows', x, y));
      return b.callI64('divideExtended', x, y);
    },
    { since: '2.06' },
  ),
  sum(
    'divdeu',
    393,
    (b, f) => {
      const x = b.gpr(f.RA);
      const y = b.gpr(f.RB);
      // RB = 0 is among them: no dividend is below it.
      overflowWhenOe(b, f, () => b.op('i64.ge_u', x, y));
      return b.callI64('divideExtendedUnsigned', x, y);
    },
    { since: '2.06' },
  ),
  modulo('modsw', 779, (b, x) => b.ext32s(x), 'i64.rem_s'),
  modulo('moduw', 267, (b, x) => b.ext32u(x), 'i64.rem_u'),
  modulo('modsd', 777, (_, x) => x, 'i64.rem_s'),
  modulo('modud', 265, (_, x) => x, 'i64.rem_u'),
  {
    mnemonic: 'darn',
    pattern: '31:6 RT:5 /:3 L:2 /:5 755:10 /:1',
    operands: 'RT,L',
    since: '3.0',
    meaning: (b, f) => b.setGpr(f.RT, b.callI64('deliverRandomNumber', b.imm32(f.L))),
  },
  {
    // Sixes where a decimal digit of the sum RA + RB made no carry.
    mnemonic: 'addg6s',
    pattern: '31:6 RT:5 RA:5 RB:5 /:1 74:9 /:1',
    operands: 'RT,RA,RB',
    since: '2.06',
    meaning: (b, f) => {
      const x = b.gpr(f.RA);
      const y = b.gpr(f.RB);
      const result = b.add(x, y);
      // Carries into bits 4, 8, … 60 stand in x ⊕ y ⊕ sum; the one out of bit 63 comes from the comparison.
      const inner = b.shrU(b.and(b.xor(b.xor(x, y), result), b.const(0x1111_1111_1111_1110n)), b.const(4));
      const carries = b.or(inner, b.shl(b.zext(b.ltU(result, x)), b.const(60)));
      const missing = b.xor(carries, b.const(0x1111_1111_1111_1111n));
      b.setGpr(f.RT, b.mul(missing, b.const(6)));
    },
  },
];
