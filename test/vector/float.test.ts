// Single-precision vector functions against exact arithmetic with BigInt.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { elements, fromElements, VectorPlane } from './vector-plane.ts';

const plane = new VectorPlane();
const nonJava = 0x10000n;
const view = new DataView(new ArrayBuffer(4));

function bitsOf(value: number): bigint {
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
}

function singleOf(bits: bigint): number {
  view.setUint32(0, Number(bits));
  return view.getFloat32(0);
}

const special = [0, 1, 0x7fffff, 0x800000, 0x3f800000, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x7f800001];
const word = fc.oneof(
  fc.constantFrom(...special, ...special.map((v) => v + 0x80000000)).map(BigInt),
  fc.bigInt(0n, 0xffff_ffffn),
  // Numbers of similar size, so that sums cancel.
  fc.bigInt(0x3f00_0000n, 0x4180_0000n),
  fc.bigInt(0xbf00_0000n, 0xc180_0000n),
);

const isNaNWord = (bits: bigint): boolean => (bits & 0x7fff_ffffn) > 0x7f80_0000n;
const quiet = (bits: bigint): bigint => bits | 0x40_0000n;
const flush = (bits: bigint, nj: boolean): bigint => (nj && (bits & 0x7f80_0000n) === 0n ? bits & 0x8000_0000n : bits);

/** The model of an element: NaN operands first (in this order), then the operation, then NJ. */
function element(operands: readonly bigint[], nj: boolean, compute: (values: readonly number[]) => number): bigint {
  const nan = operands.find(isNaNWord);
  if (nan !== undefined) return quiet(nan);
  const value = compute(operands.map((bits) => singleOf(flush(bits, nj))));
  return Number.isNaN(value) ? 0x7fc0_0000n : flush(bitsOf(value), nj);
}

const binary = [
  (x: number, y: number) => Math.fround(x + y),
  (x: number, y: number) => Math.fround(x - y),
  Math.max,
  Math.min,
] as const;

test('vaddfp, vsubfp, vmaxfp and vminfp', () => {
  fc.assert(
    fc.property(word, word, fc.boolean(), fc.integer({ min: 0, max: 3 }), (x, y, nj, operation) => {
      const compute = binary[operation];
      assert.ok(compute);
      plane.vscr = nj ? nonJava : 0n;
      const expected = element([x, y], nj, ([p = 0, q = 0]) => compute(p, q));
      const result = plane.run(
        'vectorFloatBinary',
        [fromElements([x, 0n, 0n, 0n], 32), fromElements([y, 0n, 0n, 0n], 32)],
        [operation],
      );
      assert.equal(elements(result, 32)[0], expected);
    }),
    { numRuns: 1000 },
  );
});

/** A finite single as an integer multiple of 2⁻¹⁴⁹. */
function scaled(value: number): bigint {
  const bits = bitsOf(value);
  const exponent = (bits >> 23n) & 255n;
  const significand = exponent ? (bits & 0x7f_ffffn) | 0x80_0000n : bits & 0x7f_ffffn;
  const size = significand << (exponent ? exponent - 1n : 0n);
  return bits >> 31n ? -size : size;
}

/** n·2⁻²⁹⁸ rounded to the nearest single, ties to even. */
function roundExact(n: bigint): { value: number; tiny: boolean } {
  const size = n < 0n ? -n : n;
  const length = size.toString(2).length;
  // The last place kept: 24 bits, but not below 2⁻¹⁴⁹.
  const drop = BigInt(Math.max(length - 24, 149));
  const half = 1n << (drop - 1n);
  let kept = size >> drop;
  const rest = size - (kept << drop);
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept++;
  const value = Number(kept) * 2 ** (Number(drop) - 298);
  const limitedValue = Math.fround(value);
  return { value: n < 0n ? -limitedValue : limitedValue, tiny: size !== 0n && size < 1n << (298n - 126n) };
}

test('vmaddfp and vnmsubfp round the exact result once', () => {
  fc.assert(
    fc.property(word, word, word, fc.boolean(), fc.boolean(), (a, b, c, nj, negative) => {
      const model = (): bigint => {
        const nan = [a, b, c].find(isNaNWord);
        if (nan !== undefined) return quiet(nan);
        const [x, y, z] = [a, b, c].map((bits) => singleOf(flush(bits, nj))) as [number, number, number];
        const addend = negative ? -y : y;
        const flip = negative ? 0x8000_0000n : 0n;
        if (![x, y, z].every(Number.isFinite)) {
          const value = x * z + addend;
          return Number.isNaN(value) ? 0x7fc0_0000n : bitsOf(value) ^ flip;
        }
        const exact = scaled(x) * scaled(z) + (scaled(addend) << 149n);
        // A zero has the sign that IEEE 754 gives the sum.
        if (exact === 0n) return bitsOf(x * z + addend) ^ flip;
        const { value, tiny } = roundExact(exact);
        return bitsOf(tiny && nj ? (exact < 0n ? -0 : 0) : value === 0 && exact < 0n ? -0 : value) ^ flip;
      };
      plane.vscr = nj ? nonJava : 0n;
      const name = negative ? 'vectorNegativeMultiplySubtract' : 'vectorMultiplyAdd';
      assert.equal(plane.run(name, [a, b, c]) & 0xffff_ffffn, model());
    }),
    { numRuns: 2000 },
  );
});

const roundings = [
  (x: number) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  Math.trunc,
  Math.ceil,
  Math.floor,
] as const;

test('vrfin, vrfiz, vrfip and vrfim round to integers and keep the sign of zero', () => {
  fc.assert(
    fc.property(word, fc.boolean(), fc.integer({ min: 0, max: 3 }), (x, nj, operation) => {
      const round = roundings[operation];
      assert.ok(round);
      plane.vscr = nj ? nonJava : 0n;
      const expected = element([x], nj, ([v = 0]) => {
        const rounded = Math.abs(v) >= 2 ** 23 ? v : round(v);
        return rounded === 0 ? Math.sign(v) * 0 || (Object.is(v, -0) || v < 0 ? -0 : 0) : rounded;
      });
      assert.equal(plane.run('vectorFloatUnary', [x], [operation]) & 0xffff_ffffn, expected);
    }),
    { numRuns: 1000 },
  );
});

const estimates = [
  (x: number) => 1 / x,
  (x: number) => 1 / Math.sqrt(x),
  (x: number) => 2 ** x,
  (x: number) => Math.log2(x),
] as const;

test('the estimates are within one part in four million of the exact values', () => {
  fc.assert(
    fc.property(word, fc.integer({ min: 0, max: 3 }), (x, kind) => {
      const exact = estimates[kind];
      assert.ok(exact);
      plane.vscr = 0n;
      const result = plane.run('vectorFloatUnary', [x], [4 + kind]) & 0xffff_ffffn;
      if (isNaNWord(x)) {
        assert.equal(result, quiet(x));
        return;
      }
      const expected = Math.fround(exact(singleOf(x)));
      const got = singleOf(result);
      if (Number.isNaN(expected) || !Number.isFinite(expected) || expected === 0) assert.deepEqual(got, expected);
      else
        assert.ok(Math.abs(got - expected) <= Math.max(Math.abs(expected) * 2 ** -22, 2 ** -149), `${got} ${expected}`);
    }),
    { numRuns: 1000 },
  );
});
