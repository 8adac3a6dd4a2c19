// VSX scalar floating-point instructions (Power ISA Book I, section 7.6.1).
import type { Builder, Field, Fields, I64 } from '../builder.ts';
import { setScalar } from '../floating-point-common.ts';
import type { FunctionName } from '../functions.ts';
import type { InstructionRow } from '../row.ts';
import { doubleOfSingle, singleOfDouble } from '../single-format.ts';
import type { IsaVersion } from '../version.ts';
import {
  conditionRow,
  scalarResult,
  xx2,
  xx2ConditionPattern,
  xx3,
  xx3ConditionPattern,
} from '../vsx-floating-point-common.ts';

const signBit = 1n << 63n;
const fractionMask = (1n << 52n) - 1n;

function binary(mnemonic: string, xo: number, name: FunctionName, since: IsaVersion): InstructionRow {
  return xx3(
    mnemonic,
    xo,
    since,
    scalarResult(name, (f) => [f.XA, f.XB]),
  );
}

function unary(mnemonic: string, xo: number, name: FunctionName, since: IsaVersion, eo?: number): InstructionRow {
  return xx2(
    mnemonic,
    xo,
    since,
    scalarResult(name, (f) => [f.XB]),
    eo,
  );
}

/** The A form adds XT to a product, the M form multiplies by it. */
function fused(stem: string, suffix: string, xo: number, name: FunctionName, since: IsaVersion) {
  return [
    xx3(
      `${stem}a${suffix}`,
      xo,
      since,
      scalarResult(name, (f) => [f.XA, f.XB, f.XT]),
    ),
    xx3(
      `${stem}m${suffix}`,
      xo + 8,
      since,
      scalarResult(name, (f) => [f.XA, f.XT, f.XB]),
    ),
  ];
}

/** XT ← a function of bits that touches no FPSCR. */
function bits(mnemonic: string, xo: number, since: IsaVersion, change: (b: Builder, x: I64) => I64): InstructionRow {
  return xx2(mnemonic, xo, since, (b, f) => setScalar(b, f.XT, change(b, b.vsrDoubleword(f.XB, 0))));
}

function compare(mnemonic: string, xo: number, name: FunctionName, since: IsaVersion): InstructionRow {
  return conditionRow(mnemonic, xx3ConditionPattern(xo), 'BF,XA,XB', since, (b, f) =>
    b.callI32(name, high(b, f.XA), high(b, f.XB)),
  );
}

const high = (b: Builder, field: Field): I64 => b.vsrDoubleword(field, 0);

function testClass(mnemonic: 'xststdcdp' | 'xststdcsp', xo: number): InstructionRow {
  const pattern = `60:6 BF:3 DCMX:7 B:5 ${xo}:9 BX:1 /:1`;
  return conditionRow(mnemonic, pattern, 'BF,XB,DCMX', '3.0', (b, f) =>
    b.callI32(mnemonic, high(b, f.XB), b.imm32(f.DCMX)),
  );
}

/** The significand with its hidden bit, which zero, denormals, infinities and NaNs lack. */
function significand(b: Builder, x: I64): I64 {
  const exponent = b.and(b.shrU(x, b.const(52)), b.const(0x7ff));
  const hidden = b.ltU(b.sub(exponent, b.const(1)), b.const(0x7fe));
  return b.or(b.and(x, b.const(fractionMask)), b.shl(b.zext(hidden), b.const(52)));
}

/** xsxexpdp, xsxsigdp: a part of a double into RT. */
function extract(mnemonic: string, eo: number, part: (b: Builder, x: I64) => I64): InstructionRow {
  return {
    mnemonic,
    pattern: `60:6 RT:5 ${eo}:5 B:5 347:9 BX:1 /:1`,
    operands: 'RT,XB',
    since: '3.0',
    facility: 'VSX',
    meaning: (b, f) => b.setGpr(f.RT, part(b, high(b, f.XB))),
  };
}

function insertExponent(b: Builder, f: Fields): void {
  const rest = b.and(b.gpr(f.RA), b.const(signBit | fractionMask));
  const exponent = b.shl(b.and(b.gpr(f.RB), b.const(0x7ff)), b.const(52));
  setScalar(b, f.XT, b.or(rest, exponent));
}

export const vsxScalarFloatingPointRows: readonly InstructionRow[] = [
  { ...binary('xsadddp', 32, 'fadd', '2.06'), hot: true },
  { ...binary('xssubdp', 40, 'fsub', '2.06'), hot: true },
  { ...binary('xsmuldp', 48, 'fmul', '2.06'), hot: true },
  { ...binary('xsdivdp', 56, 'fdiv', '2.06'), hot: true },
  binary('xsaddsp', 0, 'fadds', '2.07'),
  binary('xssubsp', 8, 'fsubs', '2.07'),
  binary('xsmulsp', 16, 'fmuls', '2.07'),
  binary('xsdivsp', 24, 'fdivs', '2.07'),
  ...fused('xsmadd', 'dp', 33, 'fmadd', '2.06'),
  ...fused('xsmsub', 'dp', 49, 'fmsub', '2.06'),
  ...fused('xsnmadd', 'dp', 161, 'fnmadd', '2.06'),
  ...fused('xsnmsub', 'dp', 177, 'fnmsub', '2.06'),
  ...fused('xsmadd', 'sp', 1, 'fmadds', '2.07'),
  ...fused('xsmsub', 'sp', 17, 'fmsubs', '2.07'),
  ...fused('xsnmadd', 'sp', 129, 'fnmadds', '2.07'),
  ...fused('xsnmsub', 'sp', 145, 'fnmsubs', '2.07'),
  unary('xssqrtdp', 75, 'fsqrt', '2.06'),
  unary('xssqrtsp', 11, 'fsqrts', '2.07'),
  unary('xsredp', 90, 'fre', '2.06'),
  unary('xsresp', 26, 'fres', '2.07'),
  unary('xsrsqrtedp', 74, 'frsqrte', '2.06'),
  unary('xsrsqrtesp', 10, 'frsqrtes', '2.07'),
  binary('xsmaxdp', 160, 'xsmaxdp', '2.06'),
  binary('xsmindp', 168, 'xsmindp', '2.06'),
  binary('xsmaxcdp', 128, 'xsmaxcdp', '3.0'),
  binary('xsmincdp', 136, 'xsmincdp', '3.0'),
  binary('xsmaxjdp', 144, 'xsmaxjdp', '3.0'),
  binary('xsminjdp', 152, 'xsminjdp', '3.0'),
  binary('xscmpeqdp', 3, 'xscmpeqdp', '3.0'),
  binary('xscmpgtdp', 11, 'xscmpgtdp', '3.0'),
  binary('xscmpgedp', 19, 'xscmpgedp', '3.0'),
  { ...compare('xscmpudp', 35, 'fcmpu', '2.06'), hot: true },
  compare('xscmpodp', 43, 'fcmpo', '2.06'),
  compare('xscmpexpdp', 59, 'xscmpexpdp', '3.0'),
  compare('xstdivdp', 61, 'ftdiv', '2.06'),
  conditionRow('xstsqrtdp', xx2ConditionPattern(106), 'BF,XB', '2.06', (b, f) => b.callI32('ftsqrt', high(b, f.XB))),
  testClass('xststdcdp', 362),
  testClass('xststdcsp', 298),
  unary('xsrdpi', 73, 'frin', '2.06'),
  unary('xsrdpic', 107, 'xsrdpic', '2.06'),
  unary('xsrdpim', 121, 'frim', '2.06'),
  unary('xsrdpip', 105, 'frip', '2.06'),
  unary('xsrdpiz', 89, 'friz', '2.06'),
  unary('xsrsp', 281, 'frsp', '2.07'),
  unary('xscvdpsp', 265, 'xscvdpsp', '2.06'),
  unary('xscvspdp', 329, 'xscvspdp', '2.06'),
  unary('xscvhpdp', 347, 'xscvhpdp', '3.0', 16),
  unary('xscvdphp', 347, 'xscvdphp', '3.0', 17),
  bits('xscvdpspn', 267, '2.07', (b, x) => {
    const word = singleOfDouble(b, x);
    return b.or(b.shl(word, b.const(32)), word);
  }),
  bits('xscvspdpn', 331, '2.07', (b, x) => doubleOfSingle(b, b.shrU(x, b.const(32)))),
  unary('xscvdpsxds', 344, 'fctidz', '2.06'),
  unary('xscvdpuxds', 328, 'fctiduz', '2.06'),
  unary('xscvdpsxws', 88, 'xscvdpsxws', '2.06'),
  unary('xscvdpuxws', 72, 'xscvdpuxws', '2.06'),
  unary('xscvsxddp', 376, 'fcfid', '2.06'),
  unary('xscvuxddp', 360, 'fcfidu', '2.06'),
  unary('xscvsxdsp', 312, 'fcfids', '2.07'),
  unary('xscvuxdsp', 296, 'fcfidus', '2.07'),
  bits('xsabsdp', 345, '2.06', (b, x) => b.and(x, b.const(signBit - 1n))),
  bits('xsnabsdp', 361, '2.06', (b, x) => b.or(x, b.const(signBit))),
  bits('xsnegdp', 377, '2.06', (b, x) => b.xor(x, b.const(signBit))),
  xx3('xscpsgndp', 176, '2.06', (b, f) => {
    const sign = b.and(high(b, f.XA), b.const(signBit));
    setScalar(b, f.XT, b.or(sign, b.and(high(b, f.XB), b.const(signBit - 1n))));
  }),
  extract('xsxexpdp', 0, (b, x) => b.and(b.shrU(x, b.const(52)), b.const(0x7ff))),
  extract('xsxsigdp', 1, significand),
  {
    mnemonic: 'xsiexpdp',
    pattern: '60:6 T:5 RA:5 RB:5 918:10 TX:1',
    operands: 'XT,RA,RB',
    since: '3.0',
    facility: 'VSX',
    meaning: insertExponent,
  },
];
