// Decimal integers in vector registers (Power ISA Book I, section 6.14): the data plane does them and returns CR6.
import type { Builder, I64, V128 } from '../builder.ts';
import type { FunctionName } from '../functions.ts';
import type { InstructionRow } from '../row.ts';
import { high, low, pair } from '../vector-common.ts';
import type { IsaVersion } from '../version.ts';

type Ps = 'PS' | 'reserved';

function row(
  mnemonic: string,
  pattern: string,
  operands: string,
  since: IsaVersion,
  meaning: InstructionRow['meaning'],
) {
  return { mnemonic, pattern, operands, since, facility: 'VEC', meaning } as const satisfies InstructionRow;
}

/** `mnemonic VRT,VRA,VRB,PS`; `option` is added to PS for the function. */
function binary(mnemonic: string, xo: number, since: IsaVersion, name: FunctionName, option: number): InstructionRow {
  return row(mnemonic, `4:6 VRT:5 VRA:5 VRB:5 1:1 PS:1 ${xo}:9`, 'VRT,VRA,VRB,PS', since, (b, f) => {
    const options = option ? b.op('i32.or', b.imm32(f.PS), b.const32(option)) : b.imm32(f.PS);
    b.setCrField(6, b.callI32(name, b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB), options));
  });
}

/** `mnemonic VRT,VRA,VRB` without PS. */
function binaryPlain(mnemonic: string, xo: number, name: FunctionName): InstructionRow {
  return row(mnemonic, `4:6 VRT:5 VRA:5 VRB:5 ${xo}:11`, 'VRT,VRA,VRB', '3.0', (b, f) =>
    b.setCrField(6, b.callI32(name, b.vrRef(f.VRT), b.vrRef(f.VRA), b.vrRef(f.VRB))),
  );
}

/** `mnemonic VRT,VRB,PS`, or `mnemonic VRT,VRB` where PS is reserved. */
function unary(mnemonic: string, eo: number, ps: Ps, name: FunctionName): InstructionRow {
  if (ps === 'PS') {
    return row(mnemonic, `4:6 VRT:5 ${eo}:5 VRB:5 1:1 PS:1 385:9`, 'VRT,VRB,PS', '3.0', (b, f) =>
      b.setCrField(6, b.callI32(name, b.vrRef(f.VRT), b.vrRef(f.VRB), b.imm32(f.PS))),
    );
  }
  return row(mnemonic, `4:6 VRT:5 ${eo}:5 VRB:5 1:1 /:1 385:9`, 'VRT,VRB', '3.0', (b, f) =>
    b.setCrField(6, b.callI32(name, b.vrRef(f.VRT), b.vrRef(f.VRB))),
  );
}

/** 10·x + digit: the low 128 bits and what is above them. */
function timesTen(b: Builder, x: V128, digit: I64): { product: V128; carry: I64 } {
  const ten = b.const(10);
  const productLow = b.mul(low(b, x), ten);
  const sumLow = b.add(productLow, digit);
  const upper = b.add(b.mulhU(low(b, x), ten), b.zext(b.ltU(sumLow, digit)));
  const productHigh = b.mul(high(b, x), ten);
  const sumHigh = b.add(productHigh, upper);
  const carry = b.add(b.mulhU(high(b, x), ten), b.zext(b.ltU(sumHigh, upper)));
  return { product: pair(b, sumHigh, sumLow), carry };
}

function multiplyTen(mnemonic: string, xo: number, extended: boolean, wantCarry: boolean): InstructionRow {
  const pattern = `4:6 VRT:5 VRA:5 ${extended ? 'VRB' : '/'}:5 ${xo}:11`;
  return row(mnemonic, pattern, extended ? 'VRT,VRA,VRB' : 'VRT,VRA', '3.0', (b, f) => {
    const digit = extended ? b.and(low(b, b.vr(f.VRB)), b.const(15)) : b.const(0);
    const { product, carry } = timesTen(b, b.vr(f.VRA), digit);
    b.setVr(f.VRT, wantCarry ? pair(b, b.const(0), carry) : product);
  });
}

export const vectorDecimalRows: readonly InstructionRow[] = [
  multiplyTen('vmul10uq', 513, false, false),
  multiplyTen('vmul10cuq', 1, false, true),
  multiplyTen('vmul10euq', 577, true, false),
  multiplyTen('vmul10ecuq', 65, true, true),
  binary('bcdadd.', 1, '2.07', 'decimalAdd', 0),
  binary('bcdsub.', 65, '2.07', 'decimalAdd', 2),
  unary('bcdcfn.', 7, 'PS', 'decimalFromNational'),
  unary('bcdcfz.', 6, 'PS', 'decimalFromZoned'),
  unary('bcdctn.', 5, 'reserved', 'decimalToNational'),
  unary('bcdctz.', 4, 'PS', 'decimalToZoned'),
  unary('bcdcfsq.', 2, 'PS', 'decimalFromQuadword'),
  unary('bcdctsq.', 0, 'reserved', 'decimalToQuadword'),
  unary('bcdsetsgn.', 31, 'PS', 'decimalSetSign'),
  binaryPlain('bcdcpsgn.', 833, 'decimalCopySign'),
  binary('bcds.', 193, '3.0', 'decimalShift', 0),
  binaryPlain('bcdus.', 1153, 'decimalShiftUnsigned'),
  binary('bcdsr.', 449, '3.0', 'decimalShift', 2),
  binary('bcdtrunc.', 257, '3.0', 'decimalTruncate', 0),
  binaryPlain('bcdutrunc.', 1345, 'decimalTruncateUnsigned'),
];
