// Floating-point load and store instructions (Power ISA Book I, sections 4.6.2 to 4.6.4).
import type { AccessSize, Builder, Field, Fields, I64 } from '../builder.ts';
import { prefixedAccess, prefixedAddress } from '../prefixed-common.ts';
import type { InstructionRow } from '../row.ts';
import { doubleOfSingle, singleOfDouble } from '../single-format.ts';
import type { IsaVersion } from '../version.ts';

interface Access {
  readonly size: AccessSize;
  /** Memory to register and back. */
  readonly convert?: (b: Builder, x: I64) => I64;
}

const double: Access = { size: 8 };
const singleLoad: Access = { size: 4, convert: doubleOfSingle };
const singleStore: Access = { size: 4, convert: singleOfDouble };

const converted = (b: Builder, access: Access, x: I64): I64 => (access.convert ? access.convert(b, x) : x);

function loadTo(b: Builder, f: Fields, access: Access, ea: I64): void {
  b.setFpr(f.FRT, converted(b, access, b.load(access.size, ea)));
}

function storeFrom(b: Builder, f: Fields, access: Access, ea: I64): void {
  b.store(access.size, ea, converted(b, access, b.fpr(f.FRS)));
}

/** What RA gets in an update form: the address, with its high word 0 in 32-bit mode. */
function update(b: Builder, f: Fields, ea: I64): void {
  b.setGpr(f.RA, b.is64 ? ea : b.ext32u(ea));
}

type Transfer = (b: Builder, f: Fields, access: Access, ea: I64) => void;

/** The four forms of an access: displacement or index, without or with update. */
function forms(
  mnemonic: string,
  register: 'FRT' | 'FRS',
  codes: { readonly d: number; readonly du: number; readonly x: number; readonly ux: number },
  access: Access,
  transfer: Transfer,
): readonly InstructionRow[] {
  const common = { since: '2.05', facility: 'FP', hot: true } as const;
  return [
    {
      mnemonic,
      pattern: `${codes.d}:6 ${register}:5 RA:5 D:16`,
      operands: `${register},D(RA)`,
      ...common,
      meaning: (b, f) => transfer(b, f, access, b.add(b.gprOr0(f.RA), b.imm(f.D))),
    },
    {
      mnemonic: `${mnemonic}u`,
      pattern: `${codes.du}:6 ${register}:5 RA:5 D:16`,
      operands: `${register},D(RA)`,
      ...common,
      meaning: (b, f) => {
        const ea = b.add(b.gpr(f.RA), b.imm(f.D));
        transfer(b, f, access, ea);
        update(b, f, ea);
      },
    },
    {
      mnemonic: `${mnemonic}x`,
      pattern: `31:6 ${register}:5 RA:5 RB:5 ${codes.x}:10 /:1`,
      operands: `${register},RA,RB`,
      ...common,
      meaning: (b, f) => transfer(b, f, access, b.add(b.gprOr0(f.RA), b.gpr(f.RB))),
    },
    {
      mnemonic: `${mnemonic}ux`,
      pattern: `31:6 ${register}:5 RA:5 RB:5 ${codes.ux}:10 /:1`,
      operands: `${register},RA,RB`,
      ...common,
      meaning: (b, f) => {
        const ea = b.add(b.gpr(f.RA), b.gpr(f.RB));
        transfer(b, f, access, ea);
        update(b, f, ea);
      },
    },
  ];
}

function prefixed(
  mnemonic: string,
  register: 'FRT' | 'FRS',
  code: number,
  access: Access,
  transfer: Transfer,
): InstructionRow {
  return prefixedAccess(mnemonic, { type: 2, head: `${code}:6 ${register}:5`, register, facility: 'FP' }, (b, f) =>
    transfer(b, f, access, prefixedAddress(b, f)),
  );
}

function indexed(
  mnemonic: string,
  register: 'FRT' | 'FRS' | 'FRTp' | 'FRSp',
  xo: number,
  since: IsaVersion,
  transfer: (b: Builder, f: Fields, ea: I64) => void,
): InstructionRow {
  return {
    mnemonic,
    pattern: `31:6 ${register}:5 RA:5 RB:5 ${xo}:10 /:1`,
    operands: `${register},RA,RB`,
    since,
    facility: 'FP',
    meaning: (b, f) => transfer(b, f, b.add(b.gprOr0(f.RA), b.gpr(f.RB))),
  };
}

/** The even register of a pair is at the lower address whatever the byte order. */
function loadPair(b: Builder, target: Field, ea: I64): void {
  const first = b.load(8, ea);
  const second = b.load(8, b.add(ea, b.const(8)));
  b.setFprAt(target, 0, first);
  b.setFprAt(target, 1, second);
}

function storePair(b: Builder, source: Field, ea: I64): void {
  b.store(8, ea, b.fprAt(source, 0));
  b.store(8, b.add(ea, b.const(8)), b.fprAt(source, 1));
}

export const floatingPointLoadStoreRows: readonly InstructionRow[] = [
  ...forms('lfs', 'FRT', { d: 48, du: 49, x: 535, ux: 567 }, singleLoad, loadTo),
  ...forms('lfd', 'FRT', { d: 50, du: 51, x: 599, ux: 631 }, double, loadTo),
  ...forms('stfs', 'FRS', { d: 52, du: 53, x: 663, ux: 695 }, singleStore, storeFrom),
  ...forms('stfd', 'FRS', { d: 54, du: 55, x: 727, ux: 759 }, double, storeFrom),
  prefixed('plfs', 'FRT', 48, singleLoad, loadTo),
  prefixed('plfd', 'FRT', 50, double, loadTo),
  prefixed('pstfs', 'FRS', 52, singleStore, storeFrom),
  prefixed('pstfd', 'FRS', 54, double, storeFrom),
  indexed('lfiwax', 'FRT', 855, '2.05', (b, f, ea) => b.setFpr(f.FRT, b.load(4, ea, { signed: true }))),
  indexed('lfiwzx', 'FRT', 887, '2.06', (b, f, ea) => b.setFpr(f.FRT, b.load(4, ea))),
  indexed('stfiwx', 'FRS', 983, '2.05', (b, f, ea) => b.store(4, ea, b.fpr(f.FRS))),
  indexed('lfdpx', 'FRTp', 791, '2.05', (b, f, ea) => loadPair(b, f.FRTp, ea)),
  indexed('stfdpx', 'FRSp', 919, '2.05', (b, f, ea) => storePair(b, f.FRSp, ea)),
  {
    mnemonic: 'lfdp',
    pattern: '57:6 FRTp:5 RA:5 DS:14 0:2',
    operands: 'FRTp,DS(RA)',
    since: '2.05',
    facility: 'FP',
    meaning: (b, f) => loadPair(b, f.FRTp, b.add(b.gprOr0(f.RA), b.imm(f.DS))),
  },
  {
    mnemonic: 'stfdp',
    pattern: '61:6 FRSp:5 RA:5 DS:14 0:2',
    operands: 'FRSp,DS(RA)',
    since: '2.05',
    facility: 'FP',
    meaning: (b, f) => storePair(b, f.FRSp, b.add(b.gprOr0(f.RA), b.imm(f.DS))),
  },
];
