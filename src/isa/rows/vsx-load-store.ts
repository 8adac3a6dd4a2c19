// VSX storage access (Power ISA Book I, section 7.6.1.1).
import type { Builder, Fields, I64, V128 } from '../builder.ts';
import { prefixedAccess, prefixedAddress } from '../prefixed-common.ts';
import type { InstructionRow } from '../row.ts';
import { doubleOfSingle, singleOfDouble } from '../single-format.ts';
import { byRegister, high, indexedAddress, low, pair, setDoubleword0, splatOf } from '../vector-common.ts';
import type { IsaVersion } from '../version.ts';

type Access = Pick<InstructionRow, 'facility' | 'facilityByField' | 'hot'>;
const vsx: Access = { facility: 'VSX' };
const hotVsx: Access = { facility: 'VSX', hot: true };
const byTarget: Access = { facilityByField: byRegister('TX', 'VSX') };
const bySource: Access = { facilityByField: byRegister('SX', 'VSX') };

/** X-form load `mnemonic XT,RA,RB`. */
function load(
  mnemonic: string,
  xo: number,
  since: IsaVersion,
  access: Access,
  target: (b: Builder, f: Fields, ea: I64) => void,
): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 T:5 RA:5 RB:5 ${xo}:10 TX:1`,
    operands: 'XT,RA,RB',
    since,
    ...access,
    meaning: (b, f) => target(b, f, indexedAddress(b, f)),
  };
}

/** Load into doubleword 0. */
function loadScalar(mnemonic: string, xo: number, since: IsaVersion, value: (b: Builder, ea: I64) => I64) {
  return load(mnemonic, xo, since, vsx, (b, f, ea) => setDoubleword0(b, f.XT, value(b, ea)));
}

/** Load of all elements of `size` bytes. */
function loadElements(mnemonic: string, xo: number, since: IsaVersion, size: 1 | 2 | 4 | 8 | 16, access: Access) {
  return load(mnemonic, xo, since, access, (b, f, ea) => b.setVsr(f.XT, b.loadVector(size, ea)));
}

/** X-form store `mnemonic XS,RA,RB`. */
function store(
  mnemonic: string,
  xo: number,
  since: IsaVersion,
  access: Access,
  source: (b: Builder, f: Fields, ea: I64) => void,
): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 S:5 RA:5 RB:5 ${xo}:10 SX:1`,
    operands: 'XS,RA,RB',
    since,
    ...access,
    meaning: (b, f) => source(b, f, indexedAddress(b, f)),
  };
}

/** Store of the low bytes of doubleword 0. */
function storeScalar(
  mnemonic: string,
  xo: number,
  since: IsaVersion,
  size: 1 | 2 | 4 | 8,
  value: (b: Builder, x: I64) => I64 = (_b, x) => x,
) {
  return store(mnemonic, xo, since, vsx, (b, f, ea) => b.store(size, ea, value(b, b.vsrDoubleword(f.XS, 0))));
}

/** Store of all elements of `size` bytes. */
function storeElements(mnemonic: string, xo: number, since: IsaVersion, size: 1 | 2 | 4 | 8 | 16, access: Access) {
  return store(mnemonic, xo, since, access, (b, f, ea) => b.storeVector(size, ea, b.vsr(f.XS)));
}

/** Number of bytes that the instructions with length access: bits 0:7 of RB, at most 16. */
function byteCount(b: Builder, f: Fields): I64 {
  const count = b.shrU(b.gpr(f.RB), b.const(56));
  return b.select(b.gtU(count, b.const(16)), b.const(16), count);
}

function reversed(b: Builder, v: V128): V128 {
  return b.shuffle(
    v,
    v,
    Array.from({ length: 16 }, (_, lane) => 15 - lane),
  );
}

/** Runs the branch for 1…3, 4…7 or 8…16 bytes; none for 0. */
function byLength(b: Builder, n: I64, few: () => void, some: () => void, many: () => void): void {
  b.if(b.gtU(n, b.const(7)), many, () => b.if(b.gtU(n, b.const(3)), some, () => b.if(b.ne(n, b.const(0)), few)));
}

/** 8·x bits. */
function bits(b: Builder, x: I64): I64 {
  return b.shl(x, b.const(3));
}

/**
 * lxvl, lxvll: n bytes, in the order of storage from the least significant end (little-endian lxvl) or the left. Two
 * accesses that overlap cover exactly the bytes that the instruction may touch.
 */
function loadWithLength(mnemonic: string, xo: number, leftJustified: boolean): InstructionRow {
  return load(mnemonic, xo, '3.0', byTarget, (b, f) => {
    const ea = b.gprOr0(f.RA);
    const n = byteCount(b, f);
    const reverse = !b.littleEndian;
    const set = (hi: I64, lo: I64): void => {
      const v = pair(b, hi, lo);
      b.setVsr(f.XT, leftJustified || !b.littleEndian ? reversed(b, v) : v);
    };
    b.if(b.eqz(n), () => b.setVsr(f.XT, splatOf(b, 8, 0n)));
    byLength(
      b,
      n,
      () => {
        const half = b.shrU(n, b.const(1));
        const last = b.sub(n, b.const(1));
        const first = b.load(1, ea);
        const middle = b.shl(b.load(1, b.add(ea, half)), bits(b, half));
        const end = b.shl(b.load(1, b.add(ea, last)), bits(b, last));
        set(b.const(0), b.or(first, b.or(middle, end)));
      },
      () => {
        const from = b.sub(n, b.const(4));
        const first = b.load(4, ea, { reverse });
        const end = b.shl(b.load(4, b.add(ea, from), { reverse }), bits(b, from));
        set(b.const(0), b.or(first, end));
      },
      () => {
        const from = b.sub(n, b.const(8));
        const first = b.load(8, ea, { reverse });
        const end = b.load(8, b.add(ea, from), { reverse });
        // The upper part has n - 8 bytes, at the top of what was loaded; a shift by 64 (none of them) would be no shift.
        const shift = b.sub(b.const(64), bits(b, from));
        set(b.select(b.eqz(from), b.const(0), b.shrU(end, shift)), first);
      },
    );
  });
}

/** stxvl, stxvll. */
function storeWithLength(mnemonic: string, xo: number, leftJustified: boolean): InstructionRow {
  return store(mnemonic, xo, '3.0', bySource, (b, f) => {
    const ea = b.gprOr0(f.RA);
    const n = byteCount(b, f);
    const reverse = !b.littleEndian;
    const register = b.vsr(f.XS);
    const v = leftJustified || !b.littleEndian ? reversed(b, register) : register;
    const first = low(b, v);
    byLength(
      b,
      n,
      () => {
        const half = b.shrU(n, b.const(1));
        const last = b.sub(n, b.const(1));
        b.store(1, ea, first);
        b.store(1, b.add(ea, half), b.shrU(first, bits(b, half)));
        b.store(1, b.add(ea, last), b.shrU(first, bits(b, last)));
      },
      () => {
        const from = b.sub(n, b.const(4));
        b.store(4, ea, first, { reverse });
        b.store(4, b.add(ea, from), b.shrU(first, bits(b, from)), { reverse });
      },
      () => {
        const from = b.sub(n, b.const(8));
        const shift = bits(b, from);
        const upper = b.shl(b.shl(high(b, v), b.const(1)), b.sub(b.const(63), shift));
        const mixed = b.or(b.shrU(first, shift), upper);
        b.store(8, ea, first, { reverse });
        b.store(8, b.add(ea, from), b.select(b.eq(from, b.const(8)), high(b, v), mixed), { reverse });
      },
    );
  });
}

/** lxv and stxv address: (RA|0) + DQ; lxsd, lxssp and their stores: (RA|0) + DS. */
const dqAddress = (b: Builder, f: Fields): I64 => b.add(b.gprOr0(f.RA), b.imm(f.DQ));
const dsAddress = (b: Builder, f: Fields): I64 => b.add(b.gprOr0(f.RA), b.imm(f.DS));

/** Doubleword 0 of VSR 32+VRT as the DS-form loads write it. */
function setVrDoubleword0(b: Builder, f: Fields, value: I64): void {
  b.setVr(f.VRT, pair(b, value, b.const(0)));
}

const vrDoubleword0 = (b: Builder, f: Fields): I64 => high(b, b.vr(f.VRS));

/** plxsd, plxssp and their stores: VSR 32 to 63 only. */
function prefixedScalar(mnemonic: string, code: number, register: 'VRT' | 'VRS', meaning: InstructionRow['meaning']) {
  return prefixedAccess(mnemonic, { type: 0, head: `${code}:6 ${register}:5`, register, facility: 'VEC' }, meaning);
}

/** Loads and stores of the section. */
export const vsxLoadStoreRows: readonly InstructionRow[] = [
  loadScalar('lxsdx', 588, '2.06', (b, ea) => b.load(8, ea)),
  loadScalar('lxsiwax', 76, '2.07', (b, ea) => b.load(4, ea, { signed: true })),
  loadScalar('lxsiwzx', 12, '2.07', (b, ea) => b.load(4, ea)),
  loadScalar('lxsspx', 524, '2.07', (b, ea) => doubleOfSingle(b, b.load(4, ea))),
  loadScalar('lxsibzx', 781, '3.0', (b, ea) => b.load(1, ea)),
  loadScalar('lxsihzx', 813, '3.0', (b, ea) => b.load(2, ea)),
  load('lxvdsx', 332, '2.06', vsx, (b, f, ea) => b.setVsr(f.XT, b.op('i64x2.splat', b.load(8, ea)))),
  load('lxvwsx', 364, '3.0', byTarget, (b, f, ea) => b.setVsr(f.XT, b.op('i32x4.splat', b.wrap(b.load(4, ea))))),
  loadElements('lxvd2x', 844, '2.06', 8, hotVsx),
  loadElements('lxvw4x', 780, '2.06', 4, vsx),
  loadElements('lxvh8x', 812, '3.0', 2, byTarget),
  loadElements('lxvb16x', 876, '3.0', 1, byTarget),
  { ...loadElements('lxvx', 268, '3.0', 16, byTarget), pattern: '31:6 T:5 RA:5 RB:5 4:4 /:1 12:5 TX:1' },
  {
    mnemonic: 'lxv',
    pattern: '61:6 T:5 RA:5 DQ:12 TX:1 1:3',
    operands: 'XT,DQ(RA)',
    since: '3.0',
    ...byTarget,
    meaning: (b, f) => b.setVsr(f.XT, b.loadVector(16, dqAddress(b, f))),
  },
  loadWithLength('lxvl', 269, false),
  loadWithLength('lxvll', 301, true),
  {
    mnemonic: 'lxsd',
    pattern: '57:6 VRT:5 RA:5 DS:14 2:2',
    operands: 'VRT,DS(RA)',
    since: '3.0',
    facility: 'VEC',
    meaning: (b, f) => setVrDoubleword0(b, f, b.load(8, dsAddress(b, f))),
  },
  {
    mnemonic: 'lxssp',
    pattern: '57:6 VRT:5 RA:5 DS:14 3:2',
    operands: 'VRT,DS(RA)',
    since: '3.0',
    facility: 'VEC',
    meaning: (b, f) => setVrDoubleword0(b, f, doubleOfSingle(b, b.load(4, dsAddress(b, f)))),
  },
  prefixedScalar('plxsd', 42, 'VRT', (b, f) => setVrDoubleword0(b, f, b.load(8, prefixedAddress(b, f)))),
  prefixedScalar('plxssp', 43, 'VRT', (b, f) =>
    setVrDoubleword0(b, f, doubleOfSingle(b, b.load(4, prefixedAddress(b, f)))),
  ),
  prefixedAccess('plxv', { type: 0, head: '25:5 TX:1 T:5', register: 'XT', ...byTarget }, (b, f) =>
    b.setVsr(f.XT, b.loadVector(16, prefixedAddress(b, f))),
  ),
  storeScalar('stxsdx', 716, '2.06', 8),
  storeScalar('stxsiwx', 140, '2.07', 4),
  storeScalar('stxsspx', 652, '2.07', 4, singleOfDouble),
  storeScalar('stxsibx', 909, '3.0', 1),
  storeScalar('stxsihx', 941, '3.0', 2),
  storeElements('stxvd2x', 972, '2.06', 8, hotVsx),
  storeElements('stxvw4x', 908, '2.06', 4, vsx),
  storeElements('stxvh8x', 940, '3.0', 2, bySource),
  storeElements('stxvb16x', 1004, '3.0', 1, bySource),
  storeElements('stxvx', 396, '3.0', 16, bySource),
  {
    mnemonic: 'stxv',
    pattern: '61:6 S:5 RA:5 DQ:12 SX:1 5:3',
    operands: 'XS,DQ(RA)',
    since: '3.0',
    ...bySource,
    meaning: (b, f) => b.storeVector(16, dqAddress(b, f), b.vsr(f.XS)),
  },
  storeWithLength('stxvl', 397, false),
  storeWithLength('stxvll', 429, true),
  {
    mnemonic: 'stxsd',
    pattern: '61:6 VRS:5 RA:5 DS:14 2:2',
    operands: 'VRS,DS(RA)',
    since: '3.0',
    facility: 'VEC',
    meaning: (b, f) => b.store(8, dsAddress(b, f), vrDoubleword0(b, f)),
  },
  {
    mnemonic: 'stxssp',
    pattern: '61:6 VRS:5 RA:5 DS:14 3:2',
    operands: 'VRS,DS(RA)',
    since: '3.0',
    facility: 'VEC',
    meaning: (b, f) => b.store(4, dsAddress(b, f), singleOfDouble(b, vrDoubleword0(b, f))),
  },
  prefixedScalar('pstxsd', 46, 'VRS', (b, f) => b.store(8, prefixedAddress(b, f), vrDoubleword0(b, f))),
  prefixedScalar('pstxssp', 47, 'VRS', (b, f) =>
    b.store(4, prefixedAddress(b, f), singleOfDouble(b, vrDoubleword0(b, f))),
  ),
  prefixedAccess('pstxv', { type: 0, head: '27:5 SX:1 S:5', register: 'XS', ...bySource }, (b, f) =>
    b.storeVector(16, prefixedAddress(b, f), b.vsr(f.XS)),
  ),
];
