// The decimal vector functions against BigInt arithmetic.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VectorPlane } from './vector-plane.ts';

const plane = new VectorPlane();
const LT = 8;
const GT = 4;
const EQ = 2;
const SO = 1;
const limit = 10n ** 31n;

const magnitude = fc.integer({ min: 0, max: 31 }).chain((n) => fc.bigInt(0n, 10n ** BigInt(n) - 1n));
const decimal = fc.tuple(magnitude, fc.boolean()).map(([m, negative]) => (negative ? -m : m));
const ps = fc.constantFrom(0, 1);
const plusCodes = ['a', 'c', 'e', 'f'];

function encode(value: bigint, code: string): bigint {
  return BigInt(`0x${(value < 0n ? -value : value).toString().padStart(31, '0')}${code}`);
}

/** A packed decimal with the sign codes that results have. */
function preferred(value: bigint, option = 0): bigint {
  return encode(value, value < 0n ? 'd' : option ? 'f' : 'c');
}

function sign(value: bigint): number {
  return value < 0n ? LT : value > 0n ? GT : EQ;
}

test('bcdadd and bcdsub give the sum modulo 10³¹ with the sign of the exact one, and SO on overflow', () => {
  const operand = fc.tuple(decimal, fc.constantFrom(...plusCodes), fc.constantFrom('b', 'd'));
  fc.assert(
    fc.property(operand, operand, ps, fc.boolean(), ([x, xp, xm], [y, yp, ym], option, subtract) => {
      const exact = subtract ? x - y : x + y;
      const code = exact < 0n ? 'd' : option ? 'f' : 'c';
      const sources = [encode(x, x < 0n ? xm : xp), encode(y, y < 0n ? ym : yp)];
      const cr = plane.status('decimalAdd', sources, [option + (subtract ? 2 : 0)]);
      assert.equal(plane.get(0), encode(exact % limit, code));
      assert.equal(cr, sign(exact) | (exact <= -limit || exact >= limit ? SO : 0));
    }),
  );
});

test('a digit above 9 or a sign code below A is invalid', () => {
  fc.assert(
    fc.property(decimal, fc.integer({ min: 0, max: 31 }), fc.integer({ min: 10, max: 15 }), (x, place, digit) => {
      const nibble = BigInt(place === 0 ? digit - 10 : digit);
      const shift = BigInt(4 * place);
      const invalid = (preferred(x) & ~(15n << shift)) | (nibble << shift);
      assert.equal(plane.status('decimalAdd', [invalid, preferred(1n)], [0]), SO);
      assert.equal(plane.status('decimalAdd', [preferred(1n), invalid], [0]), SO);
      assert.equal(plane.status('decimalToQuadword', [invalid]), SO);
    }),
  );
});

test('national and zoned forms come back as the same number', () => {
  fc.assert(
    fc.property(fc.bigInt(-9999999n, 9999999n), (x) => {
      const cr = plane.status('decimalToNational', [preferred(x)]);
      const national = plane.get(0);
      const text = (x < 0n ? -x : x).toString().padStart(7, '0') + (x < 0n ? '-' : '+');
      assert.equal(
        national,
        BigInt(`0x${[...text].map((c) => c.charCodeAt(0).toString(16).padStart(4, '0')).join('')}`),
      );
      assert.equal(cr, sign(x));
      assert.equal(plane.run('decimalFromNational', [national], [0]), preferred(x));
    }),
  );
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 16n) + 1n, 10n ** 16n - 1n), ps, (x, option) => {
      const cr = plane.status('decimalToZoned', [preferred(x)], [option]);
      const zoned = plane.get(0);
      const zone = option ? 'f' : '3';
      const last = option ? (x < 0n ? 'd' : 'c') : x < 0n ? '7' : '3';
      const digits = [...(x < 0n ? -x : x).toString().padStart(16, '0')];
      assert.equal(zoned, BigInt(`0x${digits.map((d, i) => (i === 15 ? last : zone) + d).join('')}`));
      assert.equal(cr, sign(x));
      assert.equal(plane.run('decimalFromZoned', [zoned], [option]), preferred(x));
    }),
  );
});

test('a number too long for the national or zoned form sets SO', () => {
  assert.equal(plane.status('decimalToNational', [preferred(10n ** 7n)]), GT | SO);
  assert.equal(plane.status('decimalToZoned', [preferred(-(10n ** 16n))], [0]), LT | SO);
});

test('conversion to and from a signed quadword', () => {
  fc.assert(
    fc.property(decimal, ps, (x, option) => {
      assert.equal(plane.status('decimalToQuadword', [preferred(x)]), sign(x));
      const quadword = plane.get(0);
      assert.equal(quadword, BigInt.asUintN(128, x));
      assert.equal(plane.status('decimalFromQuadword', [quadword], [option]), sign(x));
      assert.equal(plane.get(0), preferred(x, option));
    }),
  );
  assert.equal(plane.status('decimalFromQuadword', [limit], [0]), GT | SO);
  assert.equal(plane.status('decimalFromQuadword', [BigInt.asUintN(128, -limit)], [0]), LT | SO);
});

/** Byte element 7 of VRA. */
function places(n: number): bigint {
  return BigInt.asUintN(8, BigInt(n)) << 64n;
}

test('bcds shifts digits, bcdsr also rounds half up', () => {
  fc.assert(
    fc.property(decimal, fc.integer({ min: -128, max: 127 }), ps, fc.boolean(), (x, n, option, round) => {
      const size = x < 0n ? -x : x;
      const power = 10n ** BigInt(Math.abs(n));
      const shifted = n >= 0 ? size * power : round ? (size + power / 2n) / power : size / power;
      const kept = shifted % limit;
      const expected = encode(kept, x < 0n ? 'd' : option ? 'f' : 'c');
      const cr = plane.status('decimalShift', [places(n), encode(x, x < 0n ? 'd' : 'c')], [option + (round ? 2 : 0)]);
      assert.equal(plane.get(0), expected);
      assert.equal(cr, sign(x < 0n ? -kept : kept) | (shifted >= limit ? SO : 0));
    }),
  );
});

test('bcdus and bcdutrunc work on 32 digits without a sign', () => {
  const number = fc.integer({ min: 0, max: 32 }).chain((n) => fc.bigInt(0n, 10n ** BigInt(n) - 1n));
  const packed = (v: bigint): bigint => BigInt(`0x${v.toString()}`);
  fc.assert(
    fc.property(number, fc.integer({ min: -128, max: 127 }), (x, n) => {
      const power = 10n ** BigInt(Math.abs(n));
      const shifted = n >= 0 ? x * power : x / power;
      const kept = shifted % 10n ** 32n;
      const cr = plane.status('decimalShiftUnsigned', [places(n), packed(x)]);
      assert.equal(plane.get(0), packed(kept));
      assert.equal(cr, sign(kept) | (shifted === kept ? 0 : SO));
    }),
  );
  fc.assert(
    fc.property(number, fc.integer({ min: 0, max: 40 }), (x, n) => {
      const kept = x % 10n ** BigInt(n);
      const cr = plane.status('decimalTruncateUnsigned', [BigInt(n) << 64n, packed(x)]);
      assert.equal(plane.get(0), packed(kept));
      assert.equal(cr, sign(kept) | (x === kept ? 0 : SO));
    }),
  );
});

test('bcdtrunc keeps the low digits, bcdsetsgn and bcdcpsgn the digits', () => {
  fc.assert(
    fc.property(decimal, decimal, fc.integer({ min: 0, max: 40 }), ps, (x, y, n, option) => {
      const kept = x % 10n ** BigInt(n);
      const code = x < 0n ? 'd' : option ? 'f' : 'c';
      const cr = plane.status('decimalTruncate', [BigInt(n) << 64n, preferred(x)], [option]);
      assert.equal(plane.get(0), encode(kept, code));
      assert.equal(cr, sign(kept) | (kept === x ? 0 : SO));
      assert.equal(plane.run('decimalSetSign', [encode(x, x < 0n ? 'b' : 'a')], [option]), preferred(x, option));
      assert.equal(plane.run('decimalCopySign', [preferred(x), preferred(y)]), encode(x, y < 0n ? 'd' : 'c'));
    }),
  );
});
