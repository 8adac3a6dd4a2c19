// Outer products of floating-point numbers against exact rational arithmetic, element by element (Power ISA v3.1 Book I,
// section 7.6.1.10): every form, masks, rounding modes, enabled exceptions, and bfloat16 sums beyond the range of single.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { floatingPointOperation } from '../../src/isa/functions/matrix.ts';
import { loadDataPlane } from './data-plane.ts';
import { fpscrAfter, negated, outcomeOf, randomFpscr } from './expected.ts';
import { generator, randomOperand } from './operands.ts';
import {
  addExact,
  bit,
  decode,
  double,
  type Exact,
  encode,
  type Format,
  half,
  multiplyExact,
  type Num,
  round,
  single,
} from './reference.ts';

const { accumulate, negateProduct, negateAddend, bfloat: bfloatBit } = floatingPointOperation;
const bfloat: Format = { precision: 8, emax: 127, bits: 16 };
/** Single's significand with any exponent. */
const unbounded: Format = { precision: 24, emax: 100_000, bits: 32 };
/** The four accumulating forms and the plain one. */
const operations = [
  0,
  accumulate,
  accumulate | negateAddend,
  accumulate | negateProduct,
  accumulate | negateProduct | negateAddend,
];
const plane = loadDataPlane();
const accumulator = 8;
const [sourceA, sourceB] = [40, 60];

interface Element {
  readonly bits: bigint;
  readonly raised: number;
}

/** One product with an element of the accumulator: xvf32ger, xvf64ger. */
function oneProduct(
  f: Format,
  operation: number,
  [a, c, old]: readonly [bigint, bigint, bigint],
  mode: number,
): Element {
  const [x, y, z] = [a, c, old].map((bits) => decode(f, bits)) as [Num, Num, Num];
  const adds = (operation & accumulate) !== 0;
  const negates = (operation & negateProduct) !== 0;
  const opposite = negates !== ((operation & negateAddend) !== 0);
  const exact = (): Exact => {
    const product = multiplyExact(x, y);
    if (!adds || 'invalid' in product) return product;
    return addExact(product.value, opposite ? negated(z) : z, mode);
  };
  const bits = adds ? [a, old, c] : [a, c];
  return outcomeOf({ operands: f, encoding: f, result: f, bits, exact, negate: adds && negates }, mode);
}

/** A NaN of 16 bits, quiet, as a single. */
function widened(f: Format, bits: bigint): bigint {
  if (f === bfloat) return (bits << 16n) | 0x40_0000n;
  return ((bits >> 15n) << 31n) | 0x7fc0_0000n | ((bits & 0x3ffn) << 13n);
}

const nan = (bits: bigint): Num => ({ kind: 'nan', negative: bits >> 31n === 1n, signalling: false, bits });
const defaultNan = nan(0x7fc0_0000n);

/** a·c + b·d rounded to single, of bfloat16 to its significand alone. */
function twoProducts(
  f: Format,
  bits: readonly [bigint, bigint, bigint, bigint],
  mode: number,
): { value: Num; raised: number } {
  const [a, c, b, d] = bits.map((x) => decode(f, x)) as [Num, Num, Num, Num];
  let raised = [a, b, c, d].some((x) => x.kind === 'nan' && x.signalling) ? bit.VXSNAN : 0;
  const product = (x: Num, y: Num): Num | undefined => {
    if (x.kind === 'nan' || y.kind === 'nan') return undefined;
    const exact = multiplyExact(x, y);
    if ('value' in exact) return exact.value;
    raised |= exact.invalid;
    return defaultNan;
  };
  const [first, second] = [product(a, c), product(b, d)];
  // The second product is added to the first: its first factor, the first product, its second factor.
  const inOrder: (Num | undefined)[] = [
    b.kind === 'nan' ? nan(widened(f, b.bits)) : undefined,
    a.kind === 'nan' ? nan(widened(f, a.bits)) : undefined,
    c.kind === 'nan' ? nan(widened(f, c.bits)) : undefined,
    first?.kind === 'nan' ? first : undefined,
    d.kind === 'nan' ? nan(widened(f, d.bits)) : undefined,
    second?.kind === 'nan' ? second : undefined,
  ];
  const found = inOrder.find((x) => x !== undefined);
  if (found || !first || !second) return { value: found ?? defaultNan, raised };
  const sum = addExact(second, first, mode);
  if ('invalid' in sum) return { value: defaultNan, raised: raised | sum.invalid };
  const rounded = round(f === bfloat ? unbounded : single, sum.value, mode, mode, 192);
  return { value: rounded.value, raised: raised | rounded.raised };
}

/** Two products with an element of the accumulator: xvf16ger2, xvbf16ger2. */
function pairOfProducts(
  f: Format,
  operation: number,
  bits: readonly [bigint, bigint, bigint, bigint],
  old: bigint,
  mode: number,
): Element {
  const { value, raised } = twoProducts(f, bits, mode);
  const finish = (x: Num, before: number): Element => {
    if (x.kind === 'nan') return { bits: x.bits, raised: before };
    const rounded = round(single, x, mode, mode, 192);
    return { bits: encode(single, rounded.value), raised: before | rounded.raised };
  };
  if (!(operation & accumulate)) return finish(value, raised);
  const addend = decode(single, old);
  const noted = addend.kind === 'nan' && addend.signalling ? raised | bit.VXSNAN : raised;
  const x = operation & negateProduct ? negated(value) : value;
  if (x.kind === 'nan') return finish(x, noted);
  if (addend.kind === 'nan') return finish(nan(old | 0x40_0000n), noted);
  const sum = addExact(x, operation & negateAddend ? negated(addend) : addend, mode);
  return 'invalid' in sum ? finish(defaultNan, noted | sum.invalid) : finish(sum.value, noted);
}

const element = (n: number, f: Format, i: number) =>
  (plane.vsr(n) >> BigInt(128 - f.bits * (i + 1))) & ((1n << BigInt(f.bits)) - 1n);

/** Registers of random elements: often with ordinary exponents, as the fast paths want them. */
function fill(n: number, count: number, f: Format, next: () => number, ordinary: boolean): void {
  for (let i = 0; i < count; i++) {
    let value = 0n;
    for (let k = 0; k < 128 / f.bits; k++) {
      let x = randomOperand(f, next);
      if (ordinary && next() % 24 !== 0) {
        const exponents = BigInt(2 * f.emax + 1) << BigInt(f.precision - 1);
        const near = BigInt(f.emax - 3 + (next() % 6)) << BigInt(f.precision - 1);
        x = next() % 8 === 0 ? 0n : (x & ~exponents) | near;
      }
      value = (value << BigInt(f.bits)) | x;
    }
    plane.setVsr(n + i, value);
  }
}

interface Kind {
  readonly name: 'matrixSingle' | 'matrixDouble' | 'matrixHalf';
  readonly operands: Format;
  readonly result: Format;
  readonly columns: number;
  /** Bits of the product mask. */
  readonly products: 0 | 2;
  readonly extra: number;
}

const kinds: readonly Kind[] = [
  { name: 'matrixSingle', operands: single, result: single, columns: 4, products: 0, extra: 0 },
  { name: 'matrixDouble', operands: double, result: double, columns: 2, products: 0, extra: 0 },
  { name: 'matrixHalf', operands: half, result: single, columns: 4, products: 2, extra: 0 },
  { name: 'matrixHalf', operands: bfloat, result: single, columns: 4, products: 2, extra: bfloatBit },
];

/** Elements of all rows, and what they raise. */
function expectedOf(kind: Kind, operation: number, masks: number, mode: number): { rows: bigint[]; raised: number } {
  const { operands, result, columns, products } = kind;
  let raised = 0;
  const rows = [0, 1, 2, 3].map((i) => {
    let row = 0n;
    for (let j = 0; j < columns; j++) {
      const enabled = (masks >> (7 - i)) & (masks >> (columns - 1 - j)) & 1;
      const old = element(accumulator + i, result, j);
      let one: Element = { bits: 0n, raised: 0 };
      if (enabled && products === 0) {
        const a = columns === 2 ? element(sourceA + (i >> 1), operands, i & 1) : element(sourceA, operands, i);
        one = oneProduct(operands, operation, [a, element(sourceB, operands, j), old], mode);
      } else if (enabled) {
        const part = (n: number, at: number, k: number) =>
          (masks >> (9 - k)) & 1 ? element(n, operands, 2 * at + k) : 0n;
        const bits = [part(sourceA, i, 0), part(sourceB, j, 0), part(sourceA, i, 1), part(sourceB, j, 1)] as const;
        one = pairOfProducts(operands, operation, bits, old, mode);
      }
      raised |= one.raised;
      row = (row << BigInt(result.bits)) | one.bits;
    }
    return row;
  });
  return { rows, raised };
}

for (const kind of kinds) {
  const { name, operands, result, columns, products, extra } = kind;
  test(`${name} of ${operands === bfloat ? 'bfloat16' : `${operands.bits} bits`} agrees with exact arithmetic`, () => {
    const next = generator(31 + operands.bits + extra);
    const all = ((2 ** products - 1) << 8) | 0xf0 | (2 ** columns - 1);
    for (let run = 0; run < 600; run++) {
      const ordinary = run % 3 !== 0;
      fill(sourceA, 2, operands, next, ordinary);
      fill(sourceB, 1, operands, next, ordinary);
      fill(accumulator, 4, result, next, ordinary);
      // Rounding to nearest with XX noted is what the fast paths are for.
      const old = ordinary && next() % 4 !== 0 ? 0x8200_0000 : randomFpscr(next);
      const masks = next() % 3 === 0 ? next() & all : all;
      const operation = operations[next() % operations.length] ?? 0;
      plane.setFpscr(BigInt(old));
      const { rows, raised } = expectedOf(kind, operation, masks, old & 3);
      plane.call(
        name,
        plane.vsrRef(accumulator),
        plane.vsrRef(sourceA),
        plane.vsrRef(sourceB),
        operation | extra,
        masks,
      );
      const text = `run ${run}, operation ${operation}, masks ${masks.toString(2)}, FPSCR ${old.toString(16)}`;
      const actual = rows.map((_, i) => plane.vsr(accumulator + i).toString(16));
      assert.deepEqual(
        actual,
        rows.map((row) => row.toString(16)),
        text,
      );
      const fpscr = fpscrAfter(old, raised, old & 0x6_0000, undefined);
      assert.equal(Number(plane.fpscr()).toString(16), fpscr.toString(16), text);
    }
  });
}
