// Fixed-point load and store instructions (Power ISA Book I, sections 3.3.2 to 3.3.7).
import type { AccessSize, Builder, Field, Fields, I32, I64 } from '../builder.ts';
import type { InstructionRow } from '../row.ts';
import type { IsaVersion } from '../version.ts';

/** How a load or store handles its operand. */
interface Access {
  readonly size: AccessSize;
  readonly signed?: boolean;
  readonly reverse?: boolean;
}

type Displacement = 'D' | 'DS';
type AddressOf = (b: Builder, f: Fields) => I64;

const baseAndDisplacement = (field: Displacement): AddressOf => {
  return (b, f) => b.add(b.gprOr0(f.RA), b.imm(f[field]));
};
const baseAndIndex: AddressOf = (b, f) => b.add(b.gprOr0(f.RA), b.gpr(f.RB));
const updatedBaseAndDisplacement = (field: Displacement): AddressOf => {
  return (b, f) => truncate(b, b.add(b.gpr(f.RA), b.imm(f[field])));
};
const updatedBaseAndIndex: AddressOf = (b, f) => truncate(b, b.add(b.gpr(f.RA), b.gpr(f.RB)));

/** An effective address as it is placed into a register (section 1.10.3): high word 0 in 32-bit mode. */
function truncate(b: Builder, ea: I64): I64 {
  return b.is64 ? ea : b.ext32u(ea);
}

const options = (access: Access) => ({ signed: access.signed ?? false, reverse: access.reverse ?? false });

function load(access: Access, address: AddressOf): InstructionRow['meaning'] {
  return (b, f) => b.setGpr(f.RT, b.load(access.size, address(b, f), options(access)));
}

/** RA = 0 and RA = RT are invalid forms: GPR 0 is then the base, and the address is what RT keeps. */
function loadUpdate(access: Access, address: AddressOf): InstructionRow['meaning'] {
  return (b, f) => {
    const ea = address(b, f);
    b.setGpr(f.RT, b.load(access.size, ea, options(access)));
    b.setGpr(f.RA, ea);
  };
}

function store(access: Access, address: AddressOf): InstructionRow['meaning'] {
  return (b, f) => b.store(access.size, address(b, f), b.gpr(f.RS), { reverse: access.reverse ?? false });
}

function storeUpdate(access: Access, address: AddressOf): InstructionRow['meaning'] {
  return (b, f) => {
    const ea = address(b, f);
    b.store(access.size, ea, b.gpr(f.RS));
    b.setGpr(f.RA, ea);
  };
}

interface Place {
  readonly code: number;
  readonly hot?: boolean;
  readonly since?: IsaVersion;
}

function row(mnemonic: string, pattern: string, operands: string, meaning: InstructionRow['meaning'], place: Place) {
  const { hot, since } = place;
  return { mnemonic, pattern, operands, since: since ?? '2.05', ...(hot ? { hot } : {}), meaning } as InstructionRow;
}

/** D-form and DS-form: `code` is the primary opcode, for DS-form with the low two bits appended. */
function d(mnemonic: string, target: 'RT' | 'RS', place: Place, make: (a: AddressOf) => InstructionRow['meaning']) {
  const address = mnemonic.endsWith('u') ? updatedBaseAndDisplacement : baseAndDisplacement;
  const pattern = `${place.code}:6 ${target}:5 RA:5 D:16`;
  return row(mnemonic, pattern, `${target},D(RA)`, make(address('D')), place);
}

function ds(mnemonic: string, target: 'RT' | 'RS', place: Place, make: (a: AddressOf) => InstructionRow['meaning']) {
  const address = mnemonic.endsWith('u') ? updatedBaseAndDisplacement : baseAndDisplacement;
  const pattern = `${place.code >> 2}:6 ${target}:5 RA:5 DS:14 ${place.code & 3}:2`;
  return row(mnemonic, pattern, `${target},DS(RA)`, make(address('DS')), place);
}

function x(mnemonic: string, target: 'RT' | 'RS', place: Place, make: (a: AddressOf) => InstructionRow['meaning']) {
  const address = mnemonic.endsWith('ux') ? updatedBaseAndIndex : baseAndIndex;
  const pattern = `31:6 ${target}:5 RA:5 RB:5 ${place.code}:10 /:1`;
  return row(mnemonic, pattern, `${target},RA,RB`, make(address), place);
}

const byte: Access = { size: 1 };
const half: Access = { size: 2 };
const halfSigned: Access = { size: 2, signed: true };
const word: Access = { size: 4 };
const wordSigned: Access = { size: 4, signed: true };
const doubleword: Access = { size: 8 };

const loads = (access: Access) => (address: AddressOf) => load(access, address);
const loadsUpdate = (access: Access) => (address: AddressOf) => loadUpdate(access, address);
const stores = (access: Access) => (address: AddressOf) => store(access, address);
const storesUpdate = (access: Access) => (address: AddressOf) => storeUpdate(access, address);
const reversed = (size: 2 | 4 | 8): Access => ({ size, reverse: true });

/** DS-form code: primary opcode and the two low bits. */
const dsCode = (primary: number, low: number) => (primary << 2) | low;

/**
 * Multiple and string instructions exist in big-endian mode only (section 3.3.5): else the alignment interrupt.
 * Fields are read before this, so that the meaning names the same ones in both modes.
 */
function bigEndianOnly(b: Builder, ea: I64, then: () => void): void {
  if (b.littleEndian) b.call('raiseAlignment', ea);
  else then();
}

/** GPRs RT to 31 and consecutive words; a fault on the way leaves a part done, to be done again. */
function multiple(b: Builder, f: Fields, first: Field, transfer: (n: number, ea: I64) => void): void {
  const ea = b.add(b.gprOr0(f.RA), b.imm(f.D));
  const start = b.imm32(first);
  bigEndianOnly(b, ea, () => {
    for (let n = 0; n < 32; n++) {
      const place = b.op('i32.sub', b.const32(n), start);
      b.if(b.op('i32.ge_s', place, b.const32(0)), () => {
        transfer(n, b.add(ea, b.zext(b.op('i32.shl', place, b.const32(2)))));
      });
    }
  });
}

/** Runs `then(index, ea)` for each byte of a string of fewer than four. */
function fewBytes(b: Builder, count: I64, ea: I64, then: (index: number, ea: I64) => void): void {
  for (let index = 0; index < 3; index++) {
    const more = b.op('i32.and', b.gtU(count, b.const(index)), b.ltU(count, b.const(4)));
    b.if(more, () => then(index, b.add(ea, b.const(index))));
  }
}

/**
 * Runs `then(n, ea, early)` for each GPR n that holds a word of a string of at least four bytes. The last word ends
 * with the string: it begins `early` bits before its register's first byte.
 */
function words(b: Builder, first: I32, count: I64, ea: I64, then: (n: number, ea: I64, early: I64) => void): void {
  for (let n = 0; n < 32; n++) {
    const index = b.op('i32.and', b.op('i32.sub', b.const32(n), first), b.const32(31));
    const wanted = b.zext(b.op('i32.shl', index, b.const32(2)));
    const used = b.op('i32.and', b.gtU(count, wanted), b.gtU(count, b.const(3)));
    b.if(used, () => {
      const last = b.sub(count, b.const(4));
      const start = b.select(b.ltU(last, wanted), last, wanted);
      then(n, b.add(ea, start), b.shl(b.sub(wanted, start), b.const(3)));
    });
  }
}

function loadString(b: Builder, f: Fields, count: I64, ea: I64): void {
  const first = b.imm32(f.RT);
  b.gpr(f.RT);
  bigEndianOnly(b, ea, () => {
    words(b, first, count, ea, (n, at, early) => b.setGpr(n, b.ext32u(b.shl(b.load(4, at), early))));
    fewBytes(b, count, ea, (index, at) => {
      const loaded = b.shl(b.load(1, at), b.const(24 - 8 * index));
      b.setGpr(f.RT, index === 0 ? loaded : b.or(b.gpr(f.RT), loaded));
    });
  });
}

function storeString(b: Builder, f: Fields, count: I64, ea: I64): void {
  const first = b.imm32(f.RS);
  const value = b.gpr(f.RS);
  bigEndianOnly(b, ea, () => {
    words(b, first, count, ea, (n, at, early) => {
      // An early word begins with the last bytes of the register before, which are in memory already.
      const both = b.or(b.shl(b.gpr((n + 31) % 32), b.const(32)), b.ext32u(b.gpr(n)));
      b.store(4, at, b.shrU(both, early));
    });
    fewBytes(b, count, ea, (index, at) => b.store(1, at, b.shrU(value, b.const(24 - 8 * index))));
  });
}

/** NB, where 0 stands for 32. */
function immediateCount(b: Builder, f: Fields): I64 {
  const count = b.imm(f.NB);
  return b.select(b.eqz(count), b.const(32), count);
}

const xerCount = (b: Builder): I64 => b.and(b.slot('xerLow'), b.const(0x7f));

/** Quadword: RTp is the more significant doubleword in both byte orders. */
const evenFirst = (b: Builder): readonly [even: number, odd: number] => (b.littleEndian ? [8, 0] : [0, 8]);

/** lq and stq: of supervisor state alone before edition 2.07. */
const quadwordRows = ([{ since: '2.07' }, { since: '2.05', until: '2.06', privilege: 'supervisor' }] as const).flatMap(
  (when): readonly InstructionRow[] => [
    {
      mnemonic: 'lq',
      pattern: '56:6 RTp:5 RA:5 DQ:12 /:4',
      operands: 'RTp,DQ(RA)',
      ...when,
      meaning: (b, f) => {
        const ea = b.add(b.gprOr0(f.RA), b.imm(f.DQ));
        const [even, odd] = evenFirst(b);
        const high = b.load(8, b.add(ea, b.const(even)));
        const low = b.load(8, b.add(ea, b.const(odd)));
        b.setGprAt(f.RTp, 0, high);
        b.setGprAt(f.RTp, 1, low);
      },
    },
    {
      mnemonic: 'stq',
      pattern: '62:6 RSp:5 RA:5 DS:14 2:2',
      operands: 'RSp,DS(RA)',
      ...when,
      meaning: (b, f) => {
        const ea = b.add(b.gprOr0(f.RA), b.imm(f.DS));
        const [even, odd] = evenFirst(b);
        b.store(8, b.add(ea, b.const(even)), b.gprAt(f.RSp, 0));
        b.store(8, b.add(ea, b.const(odd)), b.gprAt(f.RSp, 1));
      },
    },
  ],
);

export const fixedLoadStoreRows: readonly InstructionRow[] = [
  d('lbz', 'RT', { code: 34, hot: true }, loads(byte)),
  d('lbzu', 'RT', { code: 35, hot: true }, loadsUpdate(byte)),
  x('lbzx', 'RT', { code: 87, hot: true }, loads(byte)),
  x('lbzux', 'RT', { code: 119 }, loadsUpdate(byte)),
  d('lhz', 'RT', { code: 40, hot: true }, loads(half)),
  d('lhzu', 'RT', { code: 41 }, loadsUpdate(half)),
  x('lhzx', 'RT', { code: 279 }, loads(half)),
  x('lhzux', 'RT', { code: 311 }, loadsUpdate(half)),
  d('lha', 'RT', { code: 42 }, loads(halfSigned)),
  d('lhau', 'RT', { code: 43 }, loadsUpdate(halfSigned)),
  x('lhax', 'RT', { code: 343 }, loads(halfSigned)),
  x('lhaux', 'RT', { code: 375 }, loadsUpdate(halfSigned)),
  d('lwz', 'RT', { code: 32, hot: true }, loads(word)),
  d('lwzu', 'RT', { code: 33, hot: true }, loadsUpdate(word)),
  x('lwzx', 'RT', { code: 23, hot: true }, loads(word)),
  x('lwzux', 'RT', { code: 55 }, loadsUpdate(word)),
  ds('lwa', 'RT', { code: dsCode(58, 2), hot: true }, loads(wordSigned)),
  x('lwax', 'RT', { code: 341, hot: true }, loads(wordSigned)),
  x('lwaux', 'RT', { code: 373 }, loadsUpdate(wordSigned)),
  ds('ld', 'RT', { code: dsCode(58, 0), hot: true }, loads(doubleword)),
  ds('ldu', 'RT', { code: dsCode(58, 1), hot: true }, loadsUpdate(doubleword)),
  x('ldx', 'RT', { code: 21, hot: true }, loads(doubleword)),
  x('ldux', 'RT', { code: 53 }, loadsUpdate(doubleword)),
  d('stb', 'RS', { code: 38, hot: true }, stores(byte)),
  d('stbu', 'RS', { code: 39 }, storesUpdate(byte)),
  x('stbx', 'RS', { code: 215, hot: true }, stores(byte)),
  x('stbux', 'RS', { code: 247 }, storesUpdate(byte)),
  d('sth', 'RS', { code: 44, hot: true }, stores(half)),
  d('sthu', 'RS', { code: 45 }, storesUpdate(half)),
  x('sthx', 'RS', { code: 407 }, stores(half)),
  x('sthux', 'RS', { code: 439 }, storesUpdate(half)),
  d('stw', 'RS', { code: 36, hot: true }, stores(word)),
  d('stwu', 'RS', { code: 37, hot: true }, storesUpdate(word)),
  x('stwx', 'RS', { code: 151, hot: true }, stores(word)),
  x('stwux', 'RS', { code: 183 }, storesUpdate(word)),
  ds('std', 'RS', { code: dsCode(62, 0), hot: true }, stores(doubleword)),
  ds('stdu', 'RS', { code: dsCode(62, 1), hot: true }, storesUpdate(doubleword)),
  x('stdx', 'RS', { code: 149, hot: true }, stores(doubleword)),
  x('stdux', 'RS', { code: 181 }, storesUpdate(doubleword)),
  x('lhbrx', 'RT', { code: 790 }, loads(reversed(2))),
  x('lwbrx', 'RT', { code: 534, hot: true }, loads(reversed(4))),
  x('ldbrx', 'RT', { code: 532, hot: true, since: '2.06' }, loads(reversed(8))),
  x('sthbrx', 'RS', { code: 918 }, stores(reversed(2))),
  x('stwbrx', 'RS', { code: 662 }, stores(reversed(4))),
  x('stdbrx', 'RS', { code: 660, since: '2.06' }, stores(reversed(8))),
  {
    mnemonic: 'lmw',
    pattern: '46:6 RT:5 RA:5 D:16',
    operands: 'RT,D(RA)',
    since: '2.05',
    meaning: (b, f) => multiple(b, f, f.RT, (n, ea) => b.setGpr(n, b.load(4, ea))),
  },
  {
    mnemonic: 'stmw',
    pattern: '47:6 RS:5 RA:5 D:16',
    operands: 'RS,D(RA)',
    since: '2.05',
    meaning: (b, f) => multiple(b, f, f.RS, (n, ea) => b.store(4, ea, b.gpr(n))),
  },
  {
    mnemonic: 'lswi',
    pattern: '31:6 RT:5 RA:5 NB:5 597:10 /:1',
    operands: 'RT,RA,NB',
    since: '2.05',
    meaning: (b, f) => loadString(b, f, immediateCount(b, f), b.gprOr0(f.RA)),
  },
  {
    mnemonic: 'lswx',
    pattern: '31:6 RT:5 RA:5 RB:5 533:10 /:1',
    operands: 'RT,RA,RB',
    since: '2.05',
    meaning: (b, f) => loadString(b, f, xerCount(b), baseAndIndex(b, f)),
  },
  {
    mnemonic: 'stswi',
    pattern: '31:6 RS:5 RA:5 NB:5 725:10 /:1',
    operands: 'RS,RA,NB',
    since: '2.05',
    meaning: (b, f) => storeString(b, f, immediateCount(b, f), b.gprOr0(f.RA)),
  },
  {
    mnemonic: 'stswx',
    pattern: '31:6 RS:5 RA:5 RB:5 661:10 /:1',
    operands: 'RS,RA,RB',
    since: '2.05',
    meaning: (b, f) => storeString(b, f, xerCount(b), baseAndIndex(b, f)),
  },
  ...quadwordRows,
];
