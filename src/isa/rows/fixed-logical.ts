// Fixed-point compare, trap, select and logical instructions (Power ISA Book I, sections 3.3.10 to 3.3.13).
import type { Builder, Field, Fields, I32, I64 } from '../builder.ts';
import { compareSigned, compareUnsigned, record, recordCr0 } from '../common.ts';
import type { InstructionRow } from '../row.ts';
import type { IsaVersion } from '../version.ts';

interface Options {
  readonly hot?: boolean;
  readonly since?: IsaVersion;
}

type OfTwo = (b: Builder, s: I64, x: I64) => I64;

/** X-form `RA,RS,RB` with Rc. */
function logical(mnemonic: string, code: number, combine: OfTwo, options: Options = {}): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 RS:5 RA:5 RB:5 ${code}:10 Rc:1`,
    operands: 'RA,RS,RB',
    since: '2.05',
    ...options,
    meaning: (b, f) => {
      const result = combine(b, b.gpr(f.RS), b.gpr(f.RB));
      b.setGpr(f.RA, result);
      record(b, f, result);
    },
  };
}

/** D-form `RA,RS,UI`: the immediate in the low or the high half of the low word. */
function immediate(mnemonic: string, code: number, combine: OfTwo, shift: 0 | 16, recorded = false): InstructionRow {
  return {
    mnemonic,
    pattern: `${code}:6 RS:5 RA:5 UI:16`,
    operands: 'RA,RS,UI',
    since: '2.05',
    hot: true,
    meaning: (b, f) => {
      const ui = b.imm(f.UI);
      const result = combine(b, b.gpr(f.RS), shift === 0 ? ui : b.shl(ui, b.const(16)));
      b.setGpr(f.RA, result);
      if (recorded) recordCr0(b, result);
    },
  };
}

/** X-form `RA,RS` with Rc. */
function unaryRecord(mnemonic: string, code: number, of: (b: Builder, s: I64) => I64, options: Options = {}) {
  return {
    mnemonic,
    pattern: `31:6 RS:5 RA:5 /:5 ${code}:10 Rc:1`,
    operands: 'RA,RS',
    since: '2.05',
    ...options,
    meaning: (b, f) => {
      const result = of(b, b.gpr(f.RS));
      b.setGpr(f.RA, result);
      record(b, f, result);
    },
  } as const satisfies InstructionRow;
}

/** X-form `RA,RS` without Rc. */
function unary(mnemonic: string, code: number, since: IsaVersion, of: (b: Builder, s: I64) => I64): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 RS:5 RA:5 /:5 ${code}:10 /:1`,
    operands: 'RA,RS',
    since,
    meaning: (b, f) => b.setGpr(f.RA, of(b, b.gpr(f.RS))),
  };
}

/** X-form `RA,RS,RB` without Rc. */
function binary(mnemonic: string, code: number, since: IsaVersion, of: OfTwo): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 RS:5 RA:5 RB:5 ${code}:10 /:1`,
    operands: 'RA,RS,RB',
    since,
    meaning: (b, f) => b.setGpr(f.RA, of(b, b.gpr(f.RS), b.gpr(f.RB))),
  };
}

/** Compares doublewords when L=1, else the low words. */
function compare(mnemonic: string, middle: string, signed: boolean, second: (b: Builder, f: Fields) => I64) {
  const operand = middle.includes('RB') ? 'RB' : signed ? 'SI' : 'UI';
  return {
    mnemonic,
    pattern: middle,
    operands: `BF,L,RA,${operand}`,
    since: '2.05',
    split: ['L'],
    hot: true,
    meaning: (b, f) => {
      const cut = (x: I64) => (b.fixed(f.L) === 1 ? x : signed ? b.ext32s(x) : b.ext32u(x));
      const x = cut(b.gpr(f.RA));
      const y = cut(second(b, f));
      b.setCrField(f.BF, signed ? compareSigned(b, x, y) : compareUnsigned(b, x, y));
    },
  } as const satisfies InstructionRow;
}

/** Traps when a condition that holds between the operands is one of those that TO names. */
function trap(b: Builder, to: Field, x: I64, y: I64): void {
  const either = (c: I32, yes: number, no: number) => b.select(c, b.const32(yes), b.const32(no));
  const unequal = b.op('i32.or', either(b.ltS(x, y), 16, 8), either(b.ltU(x, y), 2, 1));
  const holds = b.select(b.eq(x, y), b.const32(4), unequal);
  b.trapIf(b.op('i32.and', holds, b.imm32(to)));
}

function trapRow(mnemonic: string, pattern: string, doubleword: boolean, hot = false): InstructionRow {
  const immediateForm = pattern.includes('SI');
  return {
    mnemonic,
    pattern,
    operands: immediateForm ? 'TO,RA,SI' : 'TO,RA,RB',
    since: '2.05',
    ...(hot ? { hot } : {}),
    meaning: (b, f) => {
      const cut = (x: I64) => (doubleword ? x : b.ext32s(x));
      trap(b, f.TO, cut(b.gpr(f.RA)), immediateForm ? b.imm(f.SI) : cut(b.gpr(f.RB)));
    },
  };
}

/** A lane-wise operation on the eight bytes of doublewords. */
const bytes = (b: Builder, x: I64) => b.op('i64x2.splat', x);

const everyByte = 0x0101_0101_0101_0101n;

/** CR field with only bit 1 (GT), as the byte range and byte set comparisons write it. */
const matchField = (b: Builder, match: I32): I32 => b.op('i32.shl', match, b.const32(2));

/** 1 when the byte is within low…high of a byte pair at `shift` of RB. */
function inRange(b: Builder, byte: I64, ranges: I64, shift: number): I32 {
  const at = (place: number) => b.and(b.shrU(ranges, b.const(place)), b.const(0xff));
  return b.op('i32.and', b.op('i64.le_u', at(shift), byte), b.op('i64.le_u', byte, at(shift + 8)));
}

const countWord = (b: Builder, operator: 'i32.clz' | 'i32.ctz' | 'i32.popcnt', x: I64): I64 => {
  return b.zext(b.op(operator, b.wrap(x)));
};

/** An operation on the bits that a mask names. */
const byCall = (name: 'bitPermute' | 'extractBits' | 'depositBits' | 'centrifugeBits'): OfTwo => {
  return (b, s, x) => b.callI64(name, s, x);
};

/** cntlzdm, cnttzdm: zero bits of RS where RB has ones, counted from one end up to the first one bit. */
function countUnderMask(b: Builder, s: I64, mask: I64, fromLeft: boolean): I64 {
  // The masked bits pulled together at the right; those beyond the mask's length count as ones.
  const gathered = b.callI64('extractBits', s, mask);
  const length = b.op('i64.popcnt', mask);
  if (!fromLeft) {
    const count = b.op('i64.ctz', gathered);
    return b.select(b.ltU(count, length), count, length);
  }
  const count = b.sub(b.op('i64.clz', gathered), b.sub(b.const(64), length));
  return count;
}

export const fixedLogicalRows: readonly InstructionRow[] = [
  compare('cmpi', '11:6 BF:3 /:1 L:1 RA:5 SI:16', true, (b, f) => b.imm(f.SI)),
  compare('cmp', '31:6 BF:3 /:1 L:1 RA:5 RB:5 0:10 /:1', true, (b, f) => b.gpr(f.RB)),
  compare('cmpli', '10:6 BF:3 /:1 L:1 RA:5 UI:16', false, (b, f) => b.imm(f.UI)),
  compare('cmpl', '31:6 BF:3 /:1 L:1 RA:5 RB:5 32:10 /:1', false, (b, f) => b.gpr(f.RB)),
  {
    mnemonic: 'cmprb',
    pattern: '31:6 BF:3 /:1 L:1 RA:5 RB:5 192:10 /:1',
    operands: 'BF,L,RA,RB',
    since: '3.0',
    split: ['L'],
    meaning: (b, f) => {
      const byte = b.and(b.gpr(f.RA), b.const(0xff));
      const ranges = b.gpr(f.RB);
      const first = inRange(b, byte, ranges, 0);
      const match = b.fixed(f.L) === 1 ? b.op('i32.or', first, inRange(b, byte, ranges, 16)) : first;
      b.setCrField(f.BF, matchField(b, match));
    },
  },
  {
    mnemonic: 'cmpeqb',
    pattern: '31:6 BF:3 /:2 RA:5 RB:5 224:10 /:1',
    operands: 'BF,RA,RB',
    since: '3.0',
    meaning: (b, f) => {
      const wanted = b.op('i8x16.splat', b.wrap(b.gpr(f.RA)));
      const equal = b.op('i8x16.eq', wanted, bytes(b, b.gpr(f.RB)));
      b.setCrField(f.BF, matchField(b, b.op('v128.any_true', equal)));
    },
  },
  trapRow('twi', '3:6 TO:5 RA:5 SI:16', false),
  trapRow('tw', '31:6 TO:5 RA:5 RB:5 4:10 /:1', false),
  trapRow('tdi', '2:6 TO:5 RA:5 SI:16', true, true),
  trapRow('td', '31:6 TO:5 RA:5 RB:5 68:10 /:1', true),
  {
    mnemonic: 'isel',
    pattern: '31:6 RT:5 RA:5 RB:5 BC:5 15:5 /:1',
    operands: 'RT,RA,RB,BC',
    since: '2.05',
    meaning: (b, f) => b.setGpr(f.RT, b.select(b.crBit(f.BC), b.gprOr0(f.RA), b.gpr(f.RB))),
  },
  immediate('andi.', 28, (b, s, x) => b.and(s, x), 0, true),
  immediate('andis.', 29, (b, s, x) => b.and(s, x), 16, true),
  immediate('ori', 24, (b, s, x) => b.or(s, x), 0),
  immediate('oris', 25, (b, s, x) => b.or(s, x), 16),
  immediate('xori', 26, (b, s, x) => b.xor(s, x), 0),
  immediate('xoris', 27, (b, s, x) => b.xor(s, x), 16),
  logical('and', 28, (b, s, x) => b.and(s, x), { hot: true }),
  logical('xor', 316, (b, s, x) => b.xor(s, x), { hot: true }),
  logical('nand', 476, (b, s, x) => b.not(b.and(s, x))),
  logical('or', 444, (b, s, x) => b.or(s, x), { hot: true }),
  logical('nor', 124, (b, s, x) => b.not(b.or(s, x)), { hot: true }),
  logical('andc', 60, (b, s, x) => b.and(s, b.not(x)), { hot: true }),
  logical('eqv', 284, (b, s, x) => b.not(b.xor(s, x))),
  logical('orc', 412, (b, s, x) => b.or(s, b.not(x)), { hot: true }),
  unaryRecord('extsb', 954, (b, s) => b.ext8s(s)),
  unaryRecord('extsh', 922, (b, s) => b.ext16s(s)),
  unaryRecord('extsw', 986, (b, s) => b.ext32s(s), { hot: true }),
  unaryRecord('cntlzw', 26, (b, s) => countWord(b, 'i32.clz', s), { hot: true }),
  unaryRecord('cnttzw', 538, (b, s) => countWord(b, 'i32.ctz', s), { since: '3.0' }),
  unaryRecord('cntlzd', 58, (b, s) => b.op('i64.clz', s), { hot: true }),
  unaryRecord('cnttzd', 570, (b, s) => b.op('i64.ctz', s), { since: '3.0' }),
  binary('cmpb', 508, '2.05', (b, s, x) => b.extractLane64(0, b.op('i8x16.eq', bytes(b, s), bytes(b, x)))),
  unary('popcntb', 122, '2.05', (b, s) => b.extractLane64(0, b.op('i8x16.popcnt', bytes(b, s)))),
  unary('popcntw', 378, '2.06', (b, s) => {
    const high = countWord(b, 'i32.popcnt', b.shrU(s, b.const(32)));
    return b.or(b.shl(high, b.const(32)), countWord(b, 'i32.popcnt', s));
  }),
  unary('popcntd', 506, '2.06', (b, s) => b.op('i64.popcnt', s)),
  unary('prtyw', 154, '2.05', (b, s) => {
    const low = b.and(s, b.const(everyByte));
    const parity = (x: I64) => b.and(countWord(b, 'i32.popcnt', x), b.const(1));
    return b.or(b.shl(parity(b.shrU(low, b.const(32))), b.const(32)), parity(low));
  }),
  unary('prtyd', 186, '2.05', (b, s) => b.and(b.op('i64.popcnt', b.and(s, b.const(everyByte))), b.const(1))),
  binary('bpermd', 252, '2.06', byCall('bitPermute')),
  unary('cdtbcd', 282, '2.06', (b, s) => b.callI64('decletsToBcd', s)),
  unary('cbcdtd', 314, '2.06', (b, s) => b.callI64('bcdToDeclets', s)),
  binary('cfuged', 220, '3.1', byCall('centrifugeBits')),
  binary('pextd', 188, '3.1', byCall('extractBits')),
  binary('pdepd', 156, '3.1', byCall('depositBits')),
  binary('cntlzdm', 59, '3.1', (b, s, x) => countUnderMask(b, s, x, true)),
  binary('cnttzdm', 571, '3.1', (b, s, x) => countUnderMask(b, s, x, false)),
  unary('brh', 219, '3.1', (b, s) => {
    const low = b.const(0x00ff_00ff_00ff_00ffn);
    return b.or(b.and(b.shrU(s, b.const(8)), low), b.shl(b.and(s, low), b.const(8)));
  }),
  unary('brw', 155, '3.1', (b, s) => {
    const high = b.byteReverse(4, b.shrU(s, b.const(32)));
    return b.or(b.shl(high, b.const(32)), b.byteReverse(4, s));
  }),
  unary('brd', 187, '3.1', (b, s) => b.byteReverse(8, s)),
];
