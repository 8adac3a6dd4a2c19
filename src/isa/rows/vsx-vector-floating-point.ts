// VSX vector floating-point instructions (Power ISA Book I, section 7.6.1).
import type { Builder, V128 } from '../builder.ts';
import { interruptWhenEnabled } from '../floating-point-common.ts';
import type { FunctionName } from '../functions.ts';
import type { InstructionRow } from '../row.ts';
import { splatOf } from '../vector-common.ts';
import type { IsaVersion } from '../version.ts';
import {
  byReference,
  conditionRow,
  xx2,
  xx2ConditionPattern,
  xx3,
  xx3ConditionPattern,
} from '../vsx-floating-point-common.ts';

const binary = (name: FunctionName, xo: number): InstructionRow => {
  return xx3(
    name,
    xo,
    '2.06',
    byReference(name, (f) => [f.XT, f.XA, f.XB]),
  );
};

const unary = (name: FunctionName, xo: number, since: IsaVersion = '2.06', eo?: number): InstructionRow => {
  return xx2(
    name,
    xo,
    since,
    byReference(name, (f) => [f.XT, f.XB]),
    eo,
  );
};

/** The A form adds XT to a product, the M form multiplies by it. */
function fused(stem: string, suffix: 'dp' | 'sp', xo: number, variant: number): readonly InstructionRow[] {
  const name = suffix === 'dp' ? 'xvmadddp' : 'xvmaddsp';
  return [
    xx3(
      `${stem}a${suffix}`,
      xo,
      '2.06',
      byReference(name, (f) => [f.XT, f.XA, f.XB, f.XT], variant),
    ),
    xx3(
      `${stem}m${suffix}`,
      xo + 8,
      '2.06',
      byReference(name, (f) => [f.XT, f.XA, f.XT, f.XB], variant),
    ),
  ];
}

/** Row whose result is a function of vectors of bits. */
function bits(mnemonic: string, xo: number, change: (b: Builder, x: V128) => V128): InstructionRow {
  return xx2(mnemonic, xo, '2.06', (b, f) => b.setVsr(f.XT, change(b, b.vsr(f.XB))));
}

/** Compare to masks; Rc = 1 writes CR6. */
function compare(name: FunctionName, xo: number): InstructionRow {
  return {
    mnemonic: name,
    pattern: `60:6 T:5 A:5 B:5 Rc:1 ${xo}:7 AX:1 BX:1 TX:1`,
    operands: 'XT,XA,XB',
    since: '2.06',
    facility: 'VSX',
    meaning: (b, f) => {
      const field = b.callI32(name, b.vsrRef(f.XT), b.vsrRef(f.XA), b.vsrRef(f.XB));
      if (b.fixed(f.Rc) === 1) b.setCrField(6, field);
      interruptWhenEnabled(b);
    },
  };
}

function testDivide(name: FunctionName, xo: number): InstructionRow {
  return conditionRow(name, xx3ConditionPattern(xo), 'BF,XA,XB', '2.06', (b, f) =>
    b.callI32(name, b.vsrRef(f.XA), b.vsrRef(f.XB)),
  );
}

function testRoot(name: FunctionName, xo: number): InstructionRow {
  return conditionRow(name, xx2ConditionPattern(xo), 'BF,XB', '2.06', (b, f) => b.callI32(name, b.vsrRef(f.XB)));
}

function testClass(name: FunctionName, xo: number): InstructionRow {
  return {
    mnemonic: name,
    pattern: `60:6 T:5 dx:5 B:5 ${xo}:4 dc:1 5:3 dm:1 BX:1 TX:1`,
    operands: 'XT,XB,DCMX',
    since: '3.0',
    facility: 'VSX',
    meaning: (b, f) => b.call(name, b.vsrRef(f.XT), b.vsrRef(f.XB), b.imm32(f.DCMX)),
  };
}

const signs = { dp: { size: 8, bit: 1n << 63n }, sp: { size: 4, bit: 1n << 31n } } as const;

/** abs, nabs, neg and cpsgn of a format. */
function signRows(format: 'dp' | 'sp', codes: { abs: number; nabs: number; neg: number; cpsgn: number }) {
  const { size, bit } = signs[format];
  const mask = (b: Builder): V128 => splatOf(b, size, bit);
  return [
    bits(`xvabs${format}`, codes.abs, (b, x) => b.op('v128.andnot', x, mask(b))),
    bits(`xvnabs${format}`, codes.nabs, (b, x) => b.op('v128.or', x, mask(b))),
    bits(`xvneg${format}`, codes.neg, (b, x) => b.op('v128.xor', x, mask(b))),
    xx3(`xvcpsgn${format}`, codes.cpsgn, '2.06', (b, f) => {
      b.setVsr(f.XT, b.op('v128.bitselect', b.vsr(f.XA), b.vsr(f.XB), mask(b)));
    }),
  ];
}

/** Exponent and significand of each element as integers, and their joining. */
const formats = {
  dp: { size: 8, lanes: 'i64x2', exponentBits: 0x7ffn, fractionLength: 52 },
  sp: { size: 4, lanes: 'i32x4', exponentBits: 0xffn, fractionLength: 23 },
} as const;

function exponents(b: Builder, format: 'dp' | 'sp', x: V128): V128 {
  const { size, lanes, exponentBits, fractionLength } = formats[format];
  const shifted = b.op(`${lanes}.shr_u`, x, b.const32(fractionLength));
  return b.op('v128.and', shifted, splatOf(b, size, exponentBits));
}

function significands(b: Builder, format: 'dp' | 'sp', x: V128): V128 {
  const { size, lanes, exponentBits, fractionLength } = formats[format];
  const one = 1n << BigInt(fractionLength);
  const exponent = exponents(b, format, x);
  const zero = b.op(`${lanes}.eq`, exponent, splatOf(b, size, 0n));
  const ones = b.op(`${lanes}.eq`, exponent, splatOf(b, size, exponentBits));
  const hidden = b.op('v128.andnot', splatOf(b, size, one), b.op('v128.or', zero, ones));
  return b.op('v128.or', hidden, b.op('v128.and', x, splatOf(b, size, one - 1n)));
}

function partRows(format: 'dp' | 'sp', codes: { exponent: number; significand: number; insert: number }) {
  const { size, lanes, exponentBits, fractionLength } = formats[format];
  const extract = (mnemonic: string, eo: number, part: typeof exponents) =>
    xx2(mnemonic, 475, '3.0', (b, f) => b.setVsr(f.XT, part(b, format, b.vsr(f.XB))), eo);
  return [
    extract(`xvxexp${format}`, codes.exponent, exponents),
    extract(`xvxsig${format}`, codes.significand, significands),
    xx3(`xviexp${format}`, codes.insert, '3.0', (b, f) => {
      const exponent = b.op(`${lanes}.shl`, b.vsr(f.XB), b.const32(fractionLength));
      const mask = splatOf(b, size, exponentBits << BigInt(fractionLength));
      b.setVsr(f.XT, b.op('v128.bitselect', exponent, b.vsr(f.XA), mask));
    }),
  ];
}

export const vsxVectorFloatingPointRows: readonly InstructionRow[] = [
  binary('xvadddp', 96),
  binary('xvsubdp', 104),
  binary('xvmuldp', 112),
  binary('xvdivdp', 120),
  binary('xvaddsp', 64),
  binary('xvsubsp', 72),
  binary('xvmulsp', 80),
  binary('xvdivsp', 88),
  ...fused('xvmadd', 'dp', 97, 0),
  ...fused('xvmsub', 'dp', 113, 1),
  ...fused('xvnmadd', 'dp', 225, 2),
  ...fused('xvnmsub', 'dp', 241, 3),
  ...fused('xvmadd', 'sp', 65, 0),
  ...fused('xvmsub', 'sp', 81, 1),
  ...fused('xvnmadd', 'sp', 193, 2),
  ...fused('xvnmsub', 'sp', 209, 3),
  unary('xvsqrtdp', 203),
  unary('xvsqrtsp', 139),
  unary('xvredp', 218),
  unary('xvresp', 154),
  unary('xvrsqrtedp', 202),
  unary('xvrsqrtesp', 138),
  binary('xvmaxdp', 224),
  binary('xvmindp', 232),
  binary('xvmaxsp', 192),
  binary('xvminsp', 200),
  compare('xvcmpeqdp', 99),
  compare('xvcmpgtdp', 107),
  compare('xvcmpgedp', 115),
  compare('xvcmpeqsp', 67),
  compare('xvcmpgtsp', 75),
  compare('xvcmpgesp', 83),
  testDivide('xvtdivdp', 125),
  testDivide('xvtdivsp', 93),
  testRoot('xvtsqrtdp', 234),
  testRoot('xvtsqrtsp', 170),
  testClass('xvtstdcdp', 15),
  testClass('xvtstdcsp', 13),
  unary('xvrdpi', 201),
  unary('xvrdpic', 235),
  unary('xvrdpim', 249),
  unary('xvrdpip', 233),
  unary('xvrdpiz', 217),
  unary('xvrspi', 137),
  unary('xvrspic', 171),
  unary('xvrspim', 185),
  unary('xvrspip', 169),
  unary('xvrspiz', 153),
  unary('xvcvdpsp', 393),
  unary('xvcvspdp', 457),
  unary('xvcvhpsp', 475, '3.0', 24),
  unary('xvcvsphp', 475, '3.0', 25),
  unary('xvcvspbf16', 475, '3.1', 17),
  // A bfloat16 is the upper half of a single.
  xx2('xvcvbf16spn', 475, '3.1', (b, f) => b.setVsr(f.XT, b.op('i32x4.shl', b.vsr(f.XB), b.const32(16))), 16),
  unary('xvcvdpsxds', 472),
  unary('xvcvdpuxds', 456),
  unary('xvcvdpsxws', 216),
  unary('xvcvdpuxws', 200),
  unary('xvcvspsxds', 408),
  unary('xvcvspuxds', 392),
  unary('xvcvspsxws', 152),
  unary('xvcvspuxws', 136),
  unary('xvcvsxddp', 504),
  unary('xvcvuxddp', 488),
  unary('xvcvsxwdp', 248),
  unary('xvcvuxwdp', 232),
  unary('xvcvsxdsp', 440),
  unary('xvcvuxdsp', 424),
  unary('xvcvsxwsp', 184),
  unary('xvcvuxwsp', 168),
  ...signRows('dp', { abs: 473, nabs: 489, neg: 505, cpsgn: 240 }),
  ...signRows('sp', { abs: 409, nabs: 425, neg: 441, cpsgn: 208 }),
  ...partRows('dp', { exponent: 0, significand: 1, insert: 248 }),
  ...partRows('sp', { exponent: 8, significand: 9, insert: 216 }),
];
