// Decimal floating-point instructions (Power ISA Book I, chapter 5). Each exists for registers and for register pairs.
import type { Builder, Field, Fields, I32 } from '../builder.ts';
import { interruptWhenEnabled, recordCr1 } from '../floating-point-common.ts';
import { decimalOperations, decimalTests } from '../functions/decimal.ts';
import type { InstructionRow } from '../row.ts';
import type { IsaVersion } from '../version.ts';

type Operation = (typeof decimalOperations)[number];
type Immediate = (b: Builder, f: Fields) => I32;

const none: Immediate = (b) => b.const32(0);
const rmc: Immediate = (b, f) => b.imm32(f.RMC);

interface Shape {
  readonly mnemonic: string;
  /** Bits 6:31 of the pattern. */
  readonly pattern: string;
  readonly operands: string;
  readonly target: 'FRT' | 'FRTp';
  readonly first?: 'FRA' | 'FRAp';
  readonly second?: 'FRB' | 'FRBp';
  readonly immediate?: Immediate;
  /** Leaves FPSCR alone. */
  readonly quiet?: boolean;
  readonly since?: IsaVersion;
}

function row(operation: Operation, quad: boolean, shape: Shape): InstructionRow {
  const { mnemonic, pattern, operands, target, first, second, immediate = none, quiet = false, since = '2.05' } = shape;
  const reference = (b: Builder, field: Field | undefined) => (field ? b.vsrRef(field) : b.const32(0));
  return {
    mnemonic,
    pattern: `${quad ? 63 : 59}:6 ${pattern}`,
    operands,
    since,
    facility: 'DFP',
    meaning: (b, f) => {
      const a = reference(b, first && f[first]);
      const second0 = reference(b, second && f[second]);
      const code = b.const32(decimalOperations.indexOf(operation));
      b.call('decimalOperation', code, b.const32(quad ? 1 : 0), b.vsrRef(f[target]), a, second0, immediate(b, f));
      recordCr1(b, f);
      if (!quiet) interruptWhenEnabled(b);
    },
  };
}

/** `mnemonic FRT,FRA,FRB` and `mnemonicq FRTp,FRAp,FRBp`. */
function ofTwo(mnemonic: string, xo: number, operation: Operation): readonly InstructionRow[] {
  const tail = `${xo}:10 Rc:1`;
  return [
    row(operation, false, {
      mnemonic,
      pattern: `FRT:5 FRA:5 FRB:5 ${tail}`,
      operands: 'FRT,FRA,FRB',
      target: 'FRT',
      first: 'FRA',
      second: 'FRB',
    }),
    row(operation, true, {
      mnemonic: `${mnemonic}q`,
      pattern: `FRTp:5 FRAp:5 FRBp:5 ${tail}`,
      operands: 'FRTp,FRAp,FRBp',
      target: 'FRTp',
      first: 'FRAp',
      second: 'FRBp',
    }),
  ];
}

/** One operand FRB and an immediate field, given as the pieces of bits 11:15 and the operands around <T> and <B>. */
function ofOne(
  mnemonic: string,
  operation: Operation,
  form: {
    readonly middle: string;
    readonly tail: string;
    readonly operands: string;
    readonly immediate?: Immediate;
    readonly quiet?: boolean;
  },
): readonly InstructionRow[] {
  return [false, true].map((quad) => {
    const [target, second] = quad ? (['FRTp', 'FRBp'] as const) : (['FRT', 'FRB'] as const);
    return row(operation, quad, {
      mnemonic: quad ? `${mnemonic}q` : mnemonic,
      pattern: `${target}:5 ${form.middle} ${second}:5 ${form.tail} Rc:1`,
      operands: form.operands.replace('<T>', target).replace('<B>', second),
      target,
      second,
      ...(form.immediate ? { immediate: form.immediate } : {}),
      quiet: form.quiet ?? false,
    });
  });
}

/** `FRT,FRA,FRB,RMC` and its pair form; the first operand of drrnd is one register in both. */
function withMode(mnemonic: string, xo: number, operation: Operation, pairFirst: boolean): readonly InstructionRow[] {
  return [false, true].map((quad) => {
    const [target, second] = quad ? (['FRTp', 'FRBp'] as const) : (['FRT', 'FRB'] as const);
    const first = quad && pairFirst ? 'FRAp' : 'FRA';
    return row(operation, quad, {
      mnemonic: quad ? `${mnemonic}q` : mnemonic,
      pattern: `${target}:5 ${first}:5 ${second}:5 RMC:2 ${xo}:8 Rc:1`,
      operands: `${target},${first},${second},RMC`,
      target,
      first,
      second,
      immediate: rmc,
    });
  });
}

function shiftRows(mnemonic: string, xo: number, operation: Operation): readonly InstructionRow[] {
  return [false, true].map((quad) => {
    const [target, first] = quad ? (['FRTp', 'FRAp'] as const) : (['FRT', 'FRA'] as const);
    return row(operation, quad, {
      mnemonic: quad ? `${mnemonic}q` : mnemonic,
      pattern: `${target}:5 ${first}:5 SH:6 ${xo}:9 Rc:1`,
      operands: `${target},${first},SH`,
      target,
      first,
      immediate: (b, f) => b.imm32(f.SH),
      quiet: true,
    });
  });
}

/** A conversion between formats or with integers, in one of its sizes. */
function conversion(
  mnemonic: string,
  xo: number,
  operation: Operation,
  quad: boolean,
  target: 'FRT' | 'FRTp',
  second: 'FRB' | 'FRBp',
  since: IsaVersion = '2.05',
): InstructionRow {
  const pattern = `${target}:5 /:5 ${second}:5 ${xo}:10 Rc:1`;
  return row(operation, quad, { mnemonic, pattern, operands: `${target},${second}`, target, second, since });
}

/** A comparison or test that writes a CR field. */
function test(
  mnemonic: string,
  operation: (typeof decimalTests)[number],
  form: { readonly middle: (a: string, b: string) => string; readonly operands: (a: string, b: string) => string },
  options: {
    readonly first?: 'pair' | 'single' | 'asSecond';
    readonly immediate?: Immediate;
    readonly since?: IsaVersion;
  },
): readonly InstructionRow[] {
  return [false, true].map((quad): InstructionRow => {
    const first = quad && options.first !== 'single' ? 'FRAp' : 'FRA';
    const second = quad ? 'FRBp' : 'FRB';
    // Class and group tests have their operand in the place of FRA.
    const operand = options.first === 'asSecond' ? first : second;
    const usesFirst = options.first === 'pair' || options.first === 'single';
    return {
      mnemonic: quad ? `${mnemonic}q` : mnemonic,
      pattern: `${quad ? 63 : 59}:6 BF:3 ${form.middle(first, second)} /:1`,
      operands: form.operands(first, second),
      since: options.since ?? '2.05',
      facility: 'DFP',
      meaning: (b, f) => {
        const code = b.const32(decimalTests.indexOf(operation));
        const a = usesFirst ? b.vsrRef(f[first]) : b.const32(0);
        const immediate = (options.immediate ?? none)(b, f);
        const field = b.callI32('decimalTest', code, b.const32(quad ? 1 : 0), a, b.vsrRef(f[operand]), immediate);
        b.setCrField(f.BF, field);
        interruptWhenEnabled(b);
      },
    };
  });
}

/** dcffixqq and dctfixqq: between a quadword integer in a vector register and a register pair. */
function quadwordConversion(
  mnemonic: string,
  operation: Operation,
  pattern: string,
  operands: string,
  references: (b: Builder, f: Fields) => readonly [target: I32, source: I32],
): InstructionRow {
  return {
    mnemonic,
    pattern: `63:6 ${pattern} 994:10 /:1`,
    operands,
    since: '3.1',
    facility: 'DFP',
    secondFacility: 'VEC',
    meaning: (b, f) => {
      const [target, source] = references(b, f);
      const code = b.const32(decimalOperations.indexOf(operation));
      b.call('decimalOperation', code, b.const32(1), target, b.const32(0), source, b.const32(0));
      interruptWhenEnabled(b);
    },
  };
}

const twoOperands = (xo: number) => ({
  middle: (a: string, b: string) => `/:2 ${a}:5 ${b}:5 ${xo}:10`,
  operands: (a: string, b: string) => `BF,${a},${b}`,
});
const withMask = (mask: 'DCM' | 'DGM', xo: number) => ({
  middle: (a: string) => `/:2 ${a}:5 ${mask}:6 ${xo}:9`,
  operands: (a: string) => `BF,${a},${mask}`,
});

const modeWithR: Immediate = (b, f) => b.op('i32.or', b.op('i32.shl', b.imm32(f.R), b.const32(2)), b.imm32(f.RMC));
const modeWithExponent: Immediate = (b, f) => {
  return b.op('i32.or', b.op('i32.shl', b.imm32(f.TE), b.const32(8)), b.imm32(f.RMC));
};

export const decimalRows: readonly InstructionRow[] = [
  ...ofTwo('dadd', 2, 'add'),
  ...ofTwo('dsub', 514, 'subtract'),
  ...ofTwo('dmul', 34, 'multiply'),
  ...ofTwo('ddiv', 546, 'divide'),
  ...test('dcmpu', 'compareUnordered', twoOperands(642), { first: 'pair' }),
  ...test('dcmpo', 'compareOrdered', twoOperands(130), { first: 'pair' }),
  ...test('dtstdc', 'testClass', withMask('DCM', 194), { first: 'asSecond', immediate: (b, f) => b.imm32(f.DCM) }),
  ...test('dtstdg', 'testGroup', withMask('DGM', 226), { first: 'asSecond', immediate: (b, f) => b.imm32(f.DGM) }),
  ...test('dtstex', 'testExponent', twoOperands(162), { first: 'pair' }),
  ...test('dtstsf', 'testSignificance', twoOperands(674), { first: 'single' }),
  ...test(
    'dtstsfi',
    'testSignificanceImmediate',
    { middle: (_, b) => `/:1 UIM:6 ${b}:5 675:10`, operands: (_, b) => `BF,UIM,${b}` },
    { immediate: (b, f) => b.imm32(f.UIM), since: '3.0' },
  ),
  ...ofOne('dquai', 'quantiseImmediate', {
    middle: 'TE:5',
    tail: 'RMC:2 67:8',
    operands: 'TE,<T>,<B>,RMC',
    immediate: modeWithExponent,
  }),
  ...withMode('dqua', 3, 'quantise', true),
  ...withMode('drrnd', 35, 'reround', false),
  ...ofOne('drintx', 'integralInexact', {
    middle: '/:4 R:1',
    tail: 'RMC:2 99:8',
    operands: 'R,<T>,<B>,RMC',
    immediate: modeWithR,
  }),
  ...ofOne('drintn', 'integral', {
    middle: '/:4 R:1',
    tail: 'RMC:2 227:8',
    operands: 'R,<T>,<B>,RMC',
    immediate: modeWithR,
  }),
  conversion('dctdp', 258, 'widen', false, 'FRT', 'FRB'),
  conversion('dctqpq', 258, 'widen', true, 'FRTp', 'FRB'),
  conversion('drsp', 770, 'narrow', false, 'FRT', 'FRB'),
  conversion('drdpq', 770, 'narrow', true, 'FRTp', 'FRBp'),
  conversion('dcffix', 802, 'fromFixed', false, 'FRT', 'FRB', '2.06'),
  conversion('dcffixq', 802, 'fromFixed', true, 'FRTp', 'FRB'),
  conversion('dctfix', 290, 'toFixed', false, 'FRT', 'FRB'),
  conversion('dctfixq', 290, 'toFixed', true, 'FRT', 'FRBp'),
  quadwordConversion('dcffixqq', 'fromQuadword', 'FRTp:5 0:5 VRB:5', 'FRTp,VRB', (b, f) => [
    b.vsrRef(f.FRTp),
    b.vrRef(f.VRB),
  ]),
  quadwordConversion('dctfixqq', 'toQuadword', 'VRT:5 1:5 FRBp:5', 'VRT,FRBp', (b, f) => [
    b.vrRef(f.VRT),
    b.vsrRef(f.FRBp),
  ]),
  ...ofOne('ddedpd', 'toPacked', {
    middle: 'SP:2 /:3',
    tail: '322:10',
    operands: 'SP,<T>,<B>',
    immediate: (b, f) => b.imm32(f.SP),
    quiet: true,
  }),
  ...ofOne('denbcd', 'fromPacked', {
    middle: 'S:1 /:4',
    tail: '834:10',
    operands: 'S,<T>,<B>',
    immediate: (b, f) => b.imm32(f.S),
  }),
  row('extractExponent', false, {
    mnemonic: 'dxex',
    pattern: 'FRT:5 /:5 FRB:5 354:10 Rc:1',
    operands: 'FRT,FRB',
    target: 'FRT',
    second: 'FRB',
    quiet: true,
  }),
  row('extractExponent', true, {
    mnemonic: 'dxexq',
    pattern: 'FRT:5 /:5 FRBp:5 354:10 Rc:1',
    operands: 'FRT,FRBp',
    target: 'FRT',
    second: 'FRBp',
    quiet: true,
  }),
  row('insertExponent', false, {
    mnemonic: 'diex',
    pattern: 'FRT:5 FRA:5 FRB:5 866:10 Rc:1',
    operands: 'FRT,FRA,FRB',
    target: 'FRT',
    first: 'FRA',
    second: 'FRB',
    quiet: true,
  }),
  row('insertExponent', true, {
    mnemonic: 'diexq',
    pattern: 'FRTp:5 FRA:5 FRBp:5 866:10 Rc:1',
    operands: 'FRTp,FRA,FRBp',
    target: 'FRTp',
    first: 'FRA',
    second: 'FRBp',
    quiet: true,
  }),
  ...shiftRows('dscli', 66, 'shiftLeft'),
  ...shiftRows('dscri', 98, 'shiftRight'),
];
