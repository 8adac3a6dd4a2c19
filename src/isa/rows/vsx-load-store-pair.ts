// VSX storage access of 3.1: rightmost elements, register pairs, and quad-precision constants (Power ISA Book I,
// section 7.6.1).
import type { Builder, Fields, I64 } from '../builder.ts';
import { prefixedAccess, prefixedAddress } from '../prefixed-common.ts';
import type { InstructionRow } from '../row.ts';
import { indexedAddress, pair } from '../vector-common.ts';

/** lxvr…x: an element into the right end of the register. */
function loadRight(letter: string, xo: number, size: 1 | 2 | 4 | 8): InstructionRow {
  return {
    mnemonic: `lxvr${letter}x`,
    pattern: `31:6 T:5 RA:5 RB:5 ${xo}:10 TX:1`,
    operands: 'XT,RA,RB',
    since: '3.1',
    facility: 'VSX',
    meaning: (b, f) => b.setVsr(f.XT, pair(b, b.const(0), b.load(size, indexedAddress(b, f)))),
  };
}

function storeRight(letter: string, xo: number, size: 1 | 2 | 4 | 8): InstructionRow {
  return {
    mnemonic: `stxvr${letter}x`,
    pattern: `31:6 S:5 RA:5 RB:5 ${xo}:10 SX:1`,
    operands: 'XS,RA,RB',
    since: '3.1',
    facility: 'VSX',
    meaning: (b, f) => b.store(size, indexedAddress(b, f), b.vsrDoubleword(f.XS, 1)),
  };
}

const dqAddress = (b: Builder, f: Fields): I64 => b.add(b.gprOr0(f.RA), b.imm(f.DQ));

/** The register of the pair whose quadword is first in storage: they change places with the byte order. */
function firstInStorage(b: Builder): 0 | 1 {
  return b.littleEndian ? 1 : 0;
}

function loadPair(b: Builder, f: Fields, ea: I64): void {
  const which = firstInStorage(b);
  const first = b.loadVector(16, ea);
  const second = b.loadVector(16, b.add(ea, b.const(16)));
  b.setVsrOfPair(f.XTp, which, first);
  b.setVsrOfPair(f.XTp, which === 0 ? 1 : 0, second);
}

function storePair(b: Builder, f: Fields, ea: I64): void {
  const which = firstInStorage(b);
  b.storeVector(16, ea, b.vsrOfPair(f.XSp, which));
  b.storeVector(16, b.add(ea, b.const(16)), b.vsrOfPair(f.XSp, which === 0 ? 1 : 0));
}

function pairRow(
  mnemonic: string,
  pattern: string,
  operands: string,
  meaning: InstructionRow['meaning'],
): InstructionRow {
  return { mnemonic, pattern, operands, since: '3.1', facility: 'VSX', meaning };
}

/** Sign, exponent and first fraction bits of the constants of lxvkq: the upper 32 bits of the quad by UIM. */
const quadConstants = [
  ...[0x3fff_0000, 0x4000_0000, 0x4000_8000, 0x4001_0000, 0x4001_4000],
  ...[0x4001_8000, 0x4001_c000, 0x7fff_0000, 0x7fff_8000],
] as const;

/** Doubleword 0 of the constant number UIM (1…9; 16…24 with the sign, of which 16 is -0), undefined for others. */
function quadConstant(uim: number): bigint | undefined {
  if (uim === 16) return 1n << 63n;
  const upper = quadConstants[(uim & 15) - 1];
  if (upper === undefined || uim === 25) return undefined;
  return (BigInt(upper) << 32n) | (uim > 16 ? 1n << 63n : 0n);
}

export const vsxLoadStorePairRows: readonly InstructionRow[] = [
  loadRight('b', 13, 1),
  loadRight('h', 45, 2),
  loadRight('w', 77, 4),
  loadRight('d', 109, 8),
  storeRight('b', 141, 1),
  storeRight('h', 173, 2),
  storeRight('w', 205, 4),
  storeRight('d', 237, 8),
  pairRow('lxvp', '6:6 Tp:4 TX:1 RA:5 DQ:12 0:4', 'XTp,DQ(RA)', (b, f) => loadPair(b, f, dqAddress(b, f))),
  pairRow('stxvp', '6:6 Tp:4 SX:1 RA:5 DQ:12 1:4', 'XSp,DQ(RA)', (b, f) => storePair(b, f, dqAddress(b, f))),
  pairRow('lxvpx', '31:6 Tp:4 TX:1 RA:5 RB:5 333:10 /:1', 'XTp,RA,RB', (b, f) => loadPair(b, f, indexedAddress(b, f))),
  pairRow('stxvpx', '31:6 Tp:4 SX:1 RA:5 RB:5 461:10 /:1', 'XSp,RA,RB', (b, f) =>
    storePair(b, f, indexedAddress(b, f)),
  ),
  prefixedAccess('plxvp', { type: 0, head: '58:6 Tp:4 TX:1', register: 'XTp', facility: 'VSX' }, (b, f) =>
    loadPair(b, f, prefixedAddress(b, f)),
  ),
  prefixedAccess('pstxvp', { type: 0, head: '62:6 Tp:4 SX:1', register: 'XSp', facility: 'VSX' }, (b, f) =>
    storePair(b, f, prefixedAddress(b, f)),
  ),
  {
    mnemonic: 'lxvkq',
    pattern: '60:6 T:5 31:5 UIM:5 360:10 TX:1',
    operands: 'XT,UIM',
    since: '3.1',
    facility: 'VSX',
    split: ['UIM'],
    meaning: (b, f) => {
      const constant = quadConstant(b.fixed(f.UIM));
      if (constant === undefined) b.program('illegal');
      else b.setVsr(f.XT, pair(b, b.const(constant), b.const(0)));
    },
  },
];
