// Vector AES, SHA-2 and polynomial multiply-sum (Power ISA Book I, section 6.11), done in the data plane.
import type { InstructionRow } from '../row.ts';

function three(mnemonic: string, xo: number, meaning: InstructionRow['meaning']): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 VRB:5 ${xo}:11`,
    operands: 'VRT,VRA,VRB',
    since: '2.07',
    facility: 'VEC',
    meaning,
  };
}

function cipher(mnemonic: string, xo: number, name: 'vectorCipher' | 'vectorInverseCipher', last: 0 | 1) {
  return three(mnemonic, xo, (b, f) => b.call(name, b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB), b.const32(last)));
}

function polynomial(mnemonic: string, xo: number, size: 1 | 2 | 4 | 8): InstructionRow {
  return three(mnemonic, xo, (b, f) =>
    b.call('vectorPolynomialSum', b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB), b.const32(size)),
  );
}

function sigma(mnemonic: string, xo: number, name: 'vectorSigmaWords' | 'vectorSigmaDoublewords'): InstructionRow {
  return {
    mnemonic,
    pattern: `4:6 VRT:5 VRA:5 ST:1 SIX:4 ${xo}:11`,
    operands: 'VRT,VRA,ST,SIX',
    since: '2.07',
    facility: 'VEC',
    meaning: (b, f) => b.call(name, b.vrRef(f.VRT), b.vrRef(f.VRA), b.imm32(f.ST), b.imm32(f.SIX)),
  };
}

export const vectorCryptoRows: readonly InstructionRow[] = [
  cipher('vcipher', 1288, 'vectorCipher', 0),
  cipher('vcipherlast', 1289, 'vectorCipher', 1),
  cipher('vncipher', 1352, 'vectorInverseCipher', 0),
  cipher('vncipherlast', 1353, 'vectorInverseCipher', 1),
  {
    mnemonic: 'vsbox',
    pattern: '4:6 VRT:5 VRA:5 /:5 1480:11',
    operands: 'VRT,VRA',
    since: '2.07',
    facility: 'VEC',
    meaning: (b, f) => b.call('vectorSubstituteBytes', b.vrRef(f.VRT), b.vrRef(f.VRA)),
  },
  sigma('vshasigmaw', 1666, 'vectorSigmaWords'),
  sigma('vshasigmad', 1730, 'vectorSigmaDoublewords'),
  polynomial('vpmsumb', 1032, 1),
  polynomial('vpmsumh', 1096, 2),
  polynomial('vpmsumw', 1160, 4),
  polynomial('vpmsumd', 1224, 8),
];
