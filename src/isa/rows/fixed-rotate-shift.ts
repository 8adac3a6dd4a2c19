// Fixed-point rotate and shift instructions (Power ISA Book I, section 3.3.14).
import type { Builder, Fields, I64 } from '../builder.ts';
import { record } from '../common.ts';
import type { InstructionRow } from '../row.ts';
import type { IsaVersion } from '../version.ts';

interface Options {
  readonly hot?: boolean;
  readonly since?: IsaVersion;
}

/** `RA,RS,…` with Rc: the pattern is `RS:5 RA:5`, the given middle, and Rc. */
function toRa(
  mnemonic: string,
  pattern: string,
  operands: string,
  meaning: (b: Builder, f: Fields) => I64,
  options: Options = {},
): InstructionRow {
  return {
    mnemonic,
    pattern,
    operands: `RA,RS,${operands}`,
    since: '2.05',
    ...options,
    meaning: (b, f) => {
      const result = meaning(b, f);
      b.setGpr(f.RA, result);
      record(b, f, result);
    },
  };
}

/** M-form (rotate left word). */
function m(mnemonic: string, code: number, shift: 'SH' | 'RB', meaning: (b: Builder, f: Fields) => I64, hot = false) {
  const pattern = `${code}:6 RS:5 RA:5 ${shift}:5 MB:5 ME:5 Rc:1`;
  return toRa(mnemonic, pattern, `${shift},MB,ME`, meaning, hot ? { hot } : {});
}

/** MD-form (rotate left doubleword immediate). */
function md(mnemonic: string, code: number, meaning: (b: Builder, f: Fields) => I64) {
  const pattern = `30:6 RS:5 RA:5 sh04:5 mb04:5 mb5:1 ${code}:3 sh5:1 Rc:1`;
  return toRa(mnemonic, pattern, 'sh,mb', meaning, { hot: true });
}

/** MDS-form (rotate left doubleword). */
function mds(mnemonic: string, code: number, meaning: (b: Builder, f: Fields) => I64, hot = false) {
  const pattern = `30:6 RS:5 RA:5 RB:5 mb04:5 mb5:1 ${code}:4 Rc:1`;
  return toRa(mnemonic, pattern, 'RB,mb', meaning, hot ? { hot } : {});
}

/** X-form shift by a register. */
function shift(mnemonic: string, code: number, meaning: (b: Builder, f: Fields) => I64, hot = false) {
  return toRa(mnemonic, `31:6 RS:5 RA:5 RB:5 ${code}:10 Rc:1`, 'RB', meaning, hot ? { hot } : {});
}

/** ROTL32: the low word rotated, in both words. */
function rotateWord(b: Builder, x: I64, n: I64): I64 {
  const word = b.zext(b.op('i32.rotl', b.wrap(x), b.wrap(n)));
  return b.or(word, b.shl(word, b.const(32)));
}

/** Bits of `rotated` where the mask has ones, of RA elsewhere. */
function insert(b: Builder, f: Fields, rotated: I64, mask: I64): I64 {
  return b.or(b.and(rotated, mask), b.and(b.gpr(f.RA), b.not(mask)));
}

/** Shift amount of the low bits of RB and whether the shift leaves nothing (amount ≥ width). */
function amount(b: Builder, f: Fields, width: 32 | 64): I64 {
  return b.and(b.gpr(f.RB), b.const(2 * width - 1));
}

/** Arithmetic shift right by 0…63 of a sign-extended value: CA when it is negative and loses one bits. */
function shiftAlgebraic(b: Builder, x: I64, n: I64): I64 {
  const result = b.shrS(x, n);
  const lost = b.ne(b.shl(result, n), x);
  const carry = b.and(b.zext(lost), b.shrU(x, b.const(63)));
  b.setSlot('ca', carry);
  b.setSlot('ca32', carry);
  return result;
}

export const fixedRotateShiftRows: readonly InstructionRow[] = [
  m(
    'rlwinm',
    21,
    'SH',
    (b, f) => b.and(rotateWord(b, b.gpr(f.RS), b.imm(f.SH)), b.derived('mask32', f.MB, f.ME)),
    true,
  ),
  m('rlwnm', 23, 'RB', (b, f) => b.and(rotateWord(b, b.gpr(f.RS), b.gpr(f.RB)), b.derived('mask32', f.MB, f.ME))),
  m(
    'rlwimi',
    20,
    'SH',
    (b, f) => insert(b, f, rotateWord(b, b.gpr(f.RS), b.imm(f.SH)), b.derived('mask32', f.MB, f.ME)),
    true,
  ),
  md('rldicl', 0, (b, f) => b.and(b.rotl(b.gpr(f.RS), b.imm(f.sh)), b.derived('mask64', f.mb))),
  md('rldicr', 1, (b, f) => b.and(b.rotl(b.gpr(f.RS), b.imm(f.sh)), b.derived('maskTo', f.mb))),
  md('rldic', 2, (b, f) => b.and(b.rotl(b.gpr(f.RS), b.imm(f.sh)), b.derived('maskShifted', f.mb, f.sh))),
  md('rldimi', 3, (b, f) => insert(b, f, b.rotl(b.gpr(f.RS), b.imm(f.sh)), b.derived('maskShifted', f.mb, f.sh))),
  mds('rldcl', 8, (b, f) => b.and(b.rotl(b.gpr(f.RS), b.gpr(f.RB)), b.derived('mask64', f.mb)), true),
  mds('rldcr', 9, (b, f) => b.and(b.rotl(b.gpr(f.RS), b.gpr(f.RB)), b.derived('maskTo', f.mb))),
  shift(
    'slw',
    24,
    (b, f) => {
      // Amounts of 32 to 63 push the word out of the low half.
      return b.ext32u(b.shl(b.gpr(f.RS), amount(b, f, 32)));
    },
    true,
  ),
  shift('srw', 536, (b, f) => b.shrU(b.ext32u(b.gpr(f.RS)), amount(b, f, 32)), true),
  shift(
    'sld',
    27,
    (b, f) => {
      const n = amount(b, f, 64);
      return b.select(b.gtU(n, b.const(63)), b.const(0), b.shl(b.gpr(f.RS), n));
    },
    true,
  ),
  shift(
    'srd',
    539,
    (b, f) => {
      const n = amount(b, f, 64);
      return b.select(b.gtU(n, b.const(63)), b.const(0), b.shrU(b.gpr(f.RS), n));
    },
    true,
  ),
  // Amounts of 32 to 63 shift a sign-extended word to its sign, losing all of it.
  shift('sraw', 792, (b, f) => shiftAlgebraic(b, b.ext32s(b.gpr(f.RS)), amount(b, f, 32))),
  shift('srad', 794, (b, f) => {
    const n = amount(b, f, 64);
    const x = b.gpr(f.RS);
    const beyond = b.gtU(n, b.const(63));
    const within = b.select(beyond, b.const(63), n);
    const result = b.shrS(x, within);
    // From 64 on even the last bit is lost.
    const lost = b.op('i32.or', beyond, b.ne(b.shl(result, within), x));
    const carry = b.and(b.zext(lost), b.shrU(x, b.const(63)));
    b.setSlot('ca', carry);
    b.setSlot('ca32', carry);
    return result;
  }),
  toRa(
    'srawi',
    '31:6 RS:5 RA:5 SH:5 824:10 Rc:1',
    'SH',
    (b, f) => shiftAlgebraic(b, b.ext32s(b.gpr(f.RS)), b.imm(f.SH)),
    { hot: true },
  ),
  toRa('sradi', '31:6 RS:5 RA:5 sh04:5 413:9 sh5:1 Rc:1', 'sh', (b, f) => shiftAlgebraic(b, b.gpr(f.RS), b.imm(f.sh)), {
    hot: true,
  }),
  toRa(
    'extswsli',
    '31:6 RS:5 RA:5 sh04:5 445:9 sh5:1 Rc:1',
    'sh',
    (b, f) => b.shl(b.ext32s(b.gpr(f.RS)), b.imm(f.sh)),
    { since: '3.0' },
  ),
];
