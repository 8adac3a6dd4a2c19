// Quad-precision instructions, on VSR 32…63 (Power ISA 3.0 and 3.1 Book I, section 7.6.1).
import type { Builder, Field, Fields, I32, I64, V128 } from '../builder.ts';
import { interruptWhenEnabled } from '../floating-point-common.ts';
import type { FunctionName } from '../functions.ts';
import type { InstructionRow } from '../row.ts';
import { high, low, pair } from '../vector-common.ts';

type Meaning = InstructionRow['meaning'];

const signBit = 1n << 63n;
const fractionHigh = (1n << 48n) - 1n;

function row(mnemonic: string, pattern: string, operands: string, meaning: Meaning): InstructionRow {
  return { mnemonic, pattern, operands, since: '3.0', facility: 'VSX', meaning };
}

/** A function on references, then constants; then the interrupt. */
function computed(
  name: FunctionName,
  registers: (f: Fields) => readonly Field[],
  constants: readonly number[],
): Meaning {
  return (b, f) => {
    b.call(name, ...registers(f).map((field) => b.vrRef(field)), ...constants.map((n) => b.const32(n)));
    interruptWhenEnabled(b);
  };
}

const binaryPattern = (xo: number, odd: number) => `63:6 VRT:5 VRA:5 VRB:5 ${xo}:10 ${odd}:1`;

/** Both forms of `mnemonic VRT,VRA,VRB`: rounded as FPSCR says, and to odd. */
function binary(mnemonic: string, xo: number, name: FunctionName, ...constants: readonly number[]) {
  return [0, 1].map((odd) =>
    row(
      odd ? `${mnemonic}o` : mnemonic,
      binaryPattern(xo, odd),
      'VRT,VRA,VRB',
      computed(name, (f) => [f.VRT, f.VRA, f.VRB], [...constants, odd]),
    ),
  );
}

/** VRT ← ±(VRA × VRB ± VRT). */
function fused(mnemonic: string, xo: number, variant: number) {
  return [0, 1].map((odd) =>
    row(
      odd ? `${mnemonic}o` : mnemonic,
      binaryPattern(xo, odd),
      'VRT,VRA,VRB',
      computed('xsmaddqp', (f) => [f.VRT, f.VRA, f.VRB, f.VRT], [variant, odd]),
    ),
  );
}

const unaryPattern = (xo: number, eo: number, last: string) => `63:6 VRT:5 ${eo}:5 VRB:5 ${xo}:10 ${last}:1`;

function unaryOdd(name: FunctionName, xo: number, eo: number) {
  return [0, 1].map((odd) =>
    row(
      odd ? `${name}o` : name,
      unaryPattern(xo, eo, String(odd)),
      'VRT,VRB',
      computed(name, (f) => [f.VRT, f.VRB], [odd]),
    ),
  );
}

/** An instruction of edition 3.1 on references, then a constant. */
function isa31(
  mnemonic: string,
  pattern: string,
  name: FunctionName,
  registers: (f: Fields) => readonly Field[],
  constant: number,
): InstructionRow {
  const operands = pattern.includes('VRA') ? 'VRT,VRA,VRB' : 'VRT,VRB';
  return { ...row(mnemonic, pattern, operands, computed(name, registers, [constant])), since: '3.1' };
}

/** Masks and extremes: `wanted` are orders, LT=8, GT=4, EQ=2. */
function ordered(mnemonic: string, xo: number, name: FunctionName, wanted: number): InstructionRow {
  const pattern = `63:6 VRT:5 VRA:5 VRB:5 ${xo}:10 /:1`;
  return isa31(mnemonic, pattern, name, (f) => [f.VRT, f.VRA, f.VRB], wanted);
}

/** Conversions with 128-bit integers. */
function quadword(mnemonic: string, eo: number, name: FunctionName, signed: number): InstructionRow {
  return isa31(mnemonic, unaryPattern(836, eo, '/'), name, (f) => [f.VRT, f.VRB], signed);
}

function convert(name: FunctionName, eo: number): InstructionRow {
  return row(
    name,
    unaryPattern(836, eo, '/'),
    'VRT,VRB',
    computed(name, (f) => [f.VRT, f.VRB], []),
  );
}

/** VRT ← a function of the two halves of VRB; FPSCR stays. */
function parts(mnemonic: string, eo: number, change: (b: Builder, x: V128) => V128): InstructionRow {
  return row(mnemonic, unaryPattern(804, eo, '/'), 'VRT,VRB', (b, f) => b.setVr(f.VRT, change(b, b.vr(f.VRB))));
}

const withHigh = (change: (b: Builder, x: I64) => I64) => (b: Builder, x: V128) => {
  return b.replaceLane('i64x2', 1, x, change(b, high(b, x)));
};

const exponentOf = (b: Builder, x: V128): I64 => b.and(b.shrU(high(b, x), b.const(48)), b.const(0x7fff));

function significand(b: Builder, x: V128): V128 {
  const hidden = b.ltU(b.sub(exponentOf(b, x), b.const(1)), b.const(0x7ffe));
  const top = b.or(b.and(high(b, x), b.const(fractionHigh)), b.shl(b.zext(hidden), b.const(48)));
  return pair(b, top, low(b, x));
}

function condition(mnemonic: string, xo: number, compute: (b: Builder, f: Fields) => I32): InstructionRow {
  return row(mnemonic, `63:6 BF:3 /:2 VRA:5 VRB:5 ${xo}:10 /:1`, 'BF,VRA,VRB', (b, f) => {
    b.setCrField(f.BF, compute(b, f));
    interruptWhenEnabled(b);
  });
}

function compare(mnemonic: string, xo: number, ordered: number): InstructionRow {
  return condition(mnemonic, xo, (b, f) => b.callI32('xscmpqp', b.vrRef(f.VRA), b.vrRef(f.VRB), b.const32(ordered)));
}

/** xsrqpi, xsrqpix: EX = 1 reports an inexact result. */
function roundToIntegral(mnemonic: string, ex: number): InstructionRow {
  const pattern = `63:6 VRT:5 /:4 R:1 VRB:5 RMC:2 5:8 ${ex}:1`;
  return row(mnemonic, pattern, 'R,VRT,VRB,RMC', (b, f) => {
    b.call('xsrqpi', b.vrRef(f.VRT), b.vrRef(f.VRB), b.imm32(f.R), b.imm32(f.RMC), b.const32(ex));
    interruptWhenEnabled(b);
  });
}

export const vsxQuadPrecisionRows: readonly InstructionRow[] = [
  ...binary('xsaddqp', 4, 'xsaddqp', 0),
  ...binary('xssubqp', 516, 'xsaddqp', 1),
  ...binary('xsmulqp', 36, 'xsmulqp'),
  ...binary('xsdivqp', 548, 'xsdivqp'),
  ...fused('xsmaddqp', 388, 0),
  ...fused('xsmsubqp', 420, 1),
  ...fused('xsnmaddqp', 452, 2),
  ...fused('xsnmsubqp', 484, 3),
  ...unaryOdd('xssqrtqp', 804, 27),
  ...unaryOdd('xscvqpdp', 836, 20),
  convert('xscvdpqp', 22),
  convert('xscvqpsdz', 25),
  convert('xscvqpudz', 17),
  convert('xscvqpswz', 9),
  convert('xscvqpuwz', 1),
  convert('xscvsdqp', 10),
  convert('xscvudqp', 2),
  quadword('xscvqpsqz', 8, 'xscvqpToQuadword', 1),
  quadword('xscvqpuqz', 0, 'xscvqpToQuadword', 0),
  quadword('xscvsqqp', 11, 'xscvQuadwordToQp', 1),
  quadword('xscvuqqp', 3, 'xscvQuadwordToQp', 0),
  ordered('xscmpeqqp', 68, 'xscmpqpMask', 2),
  ordered('xscmpgeqp', 196, 'xscmpqpMask', 6),
  ordered('xscmpgtqp', 228, 'xscmpqpMask', 4),
  ordered('xsmaxcqp', 676, 'xsextremecqp', 4),
  ordered('xsmincqp', 740, 'xsextremecqp', 8),
  roundToIntegral('xsrqpi', 0),
  roundToIntegral('xsrqpix', 1),
  row('xsrqpxp', '63:6 VRT:5 /:4 R:1 VRB:5 RMC:2 37:8 /:1', 'R,VRT,VRB,RMC', (b, f) => {
    b.call('xsrqpxp', b.vrRef(f.VRT), b.vrRef(f.VRB), b.imm32(f.R), b.imm32(f.RMC));
    interruptWhenEnabled(b);
  }),
  compare('xscmpuqp', 644, 0),
  compare('xscmpoqp', 132, 1),
  condition('xscmpexpqp', 164, (b, f) => b.callI32('xscmpexpqp', b.vrRef(f.VRA), b.vrRef(f.VRB))),
  row('xststdcqp', '63:6 BF:3 DCMX:7 VRB:5 708:10 /:1', 'BF,VRB,DCMX', (b, f) => {
    b.setCrField(f.BF, b.callI32('xststdcqp', b.vrRef(f.VRB), b.imm32(f.DCMX)));
  }),
  parts(
    'xsabsqp',
    0,
    withHigh((b, x) => b.and(x, b.const(signBit - 1n))),
  ),
  parts(
    'xsnabsqp',
    8,
    withHigh((b, x) => b.or(x, b.const(signBit))),
  ),
  parts(
    'xsnegqp',
    16,
    withHigh((b, x) => b.xor(x, b.const(signBit))),
  ),
  parts('xsxexpqp', 2, (b, x) => pair(b, exponentOf(b, x), b.const(0))),
  parts('xsxsigqp', 18, significand),
  row('xscpsgnqp', '63:6 VRT:5 VRA:5 VRB:5 100:10 /:1', 'VRT,VRA,VRB', (b, f) => {
    const sign = b.and(high(b, b.vr(f.VRA)), b.const(signBit));
    const magnitude = withHigh((builder, x) => builder.or(sign, builder.and(x, builder.const(signBit - 1n))));
    b.setVr(f.VRT, magnitude(b, b.vr(f.VRB)));
  }),
  row('xsiexpqp', '63:6 VRT:5 VRA:5 VRB:5 868:10 /:1', 'VRT,VRA,VRB', (b, f) => {
    const value = b.vr(f.VRA);
    const exponent = b.shl(b.and(high(b, b.vr(f.VRB)), b.const(0x7fff)), b.const(48));
    const rest = b.and(high(b, value), b.const(signBit | fractionHigh));
    b.setVr(f.VRT, b.replaceLane('i64x2', 1, value, b.or(rest, exponent)));
  }),
];
