// Conversions between floating point and integers, and rounding to integral values, against exact rational arithmetic.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDataPlane } from './data-plane.ts';
import { fpscrAfter, outcomeOf, randomFpscr, suppressesScalar, suppressesVector } from './expected.ts';
import { generator, randomOperand } from './operands.ts';
import { bit, decode, double, encode, type Format, integral, quad, roundAway, single } from './reference.ts';

const plane = loadDataPlane();
const oldTarget = 0x1234_5678_9abc_def0n;
const oldVector = (oldTarget << 64n) | 0x55n;
const ref = (n: number) => plane.vsrRef(n);

interface Converted {
  /** The integer, as its two's complement of 64 bits. */
  readonly value: bigint;
  readonly raised: number;
  readonly rounding: number;
}

/** A number of a format as an integer of `width` bits: saturated, a NaN as the least value. */
function toInteger(f: Format, bits: bigint, width: number, signed: boolean, mode: number): Converted {
  const least = signed ? -(1n << BigInt(width - 1)) : 0n;
  const largest = signed ? -least - 1n : (1n << BigInt(width)) - 1n;
  const invalid = (value: bigint, raised = 0): Converted => ({ value, raised: raised | bit.VXCVI, rounding: 0 });
  const x = decode(f, bits);
  if (x.kind === 'nan') return invalid(least, x.signalling ? bit.VXSNAN : 0);
  if (x.kind === 'infinite') return invalid(x.negative ? least : largest);
  const { value, rounding } = integral(x, mode);
  if (value.kind !== 'finite') throw new Error('a finite number rounds to a finite one');
  const number = value.negative ? -value.n : value.n;
  if (number < least) return invalid(least);
  if (number > largest) return invalid(largest);
  return { value: number, raised: rounding ? bit.XX : 0, rounding };
}

/** Random numbers whose magnitude is often that of an integer. */
function operand(f: Format, next: () => number): bigint {
  const x = randomOperand(f, next);
  if (next() % 4 === 0) return x;
  const shift = BigInt(f.precision - 1);
  return (x & ~(BigInt(2 * f.emax + 1) << shift)) | (BigInt(f.emax - 4 + (next() % (f === quad ? 136 : 72))) << shift);
}

const hex = (x: bigint | number) => x.toString(16);
const runs = 6000;
const conversions = [
  ['fctid', 64, true, undefined],
  ['fctidz', 64, true, 1],
  ['fctidu', 64, false, undefined],
  ['fctiduz', 64, false, 1],
  ['fctiw', 32, true, undefined],
  ['fctiwz', 32, true, 1],
  ['fctiwu', 32, false, undefined],
  ['fctiwuz', 32, false, 1],
] as const;

test('doubles become integers as exact arithmetic says', () => {
  const next = generator(31);
  for (let i = 0; i < runs; i++) {
    const old = randomFpscr(next);
    const b = operand(double, next);
    for (const [name, width, signed, mode] of conversions) {
      plane.setFpscr(BigInt(old));
      const target = plane.call64(name, oldTarget, b);
      const { value, raised, rounding } = toInteger(double, b, width, signed, mode ?? old & 3);
      const keeps = suppressesScalar(old, raised);
      // Only the low word of a word result is defined.
      const cut = keeps ? 64 : width;
      assert.equal(
        `${hex(BigInt.asUintN(cut, target))} ${hex(plane.fpscr())}`,
        `${hex(BigInt.asUintN(cut, keeps ? oldTarget : value))} ${hex(fpscrAfter(old, raised, rounding, undefined))}`,
        `${name}(${hex(b)}) FPSCR ${hex(old)}`,
      );
    }
  }
});

test('vectors and quads become integers as exact arithmetic says', () => {
  const next = generator(32);
  const toward0 = (f: Format, bits: bigint, width: number, signed: boolean) => toInteger(f, bits, width, signed, 1);
  for (let i = 0; i < runs; i++) {
    const old = randomFpscr(next);
    const signed = (next() & 1) === 1;
    const s = signed ? 's' : 'u';
    const doubles = [operand(double, next), operand(double, next)];
    const singles = Array.from({ length: 4 }, () => operand(single, next));
    const twice = (word: bigint) => (BigInt.asUintN(32, word) << 32n) | BigInt.asUintN(32, word);
    const run = (
      name: string,
      source: bigint,
      elements: readonly Converted[],
      place: (x: bigint) => bigint,
      bits: bigint,
    ) => {
      plane.setFpscr(BigInt(old));
      plane.setVsr(0, oldVector);
      plane.setVsr(1, source);
      plane.call(name, ref(0), ref(1));
      const raised = elements.reduce((all, one) => all | one.raised, 0);
      const result = elements.reduce((all, { value }) => (all << bits) | place(value), 0n);
      assert.equal(
        `${hex(plane.vsr(0))} ${hex(plane.fpscr())}`,
        `${hex(suppressesVector(old, raised) ? oldVector : result)} ${hex(fpscrAfter(old, raised, old & 0x6_0000, undefined))}`,
        `${name} ${hex(source)} FPSCR ${hex(old)}`,
      );
    };
    const long = (x: bigint) => BigInt.asUintN(64, x);
    const word = (x: bigint) => BigInt.asUintN(32, x);
    const pair = ((doubles[0] ?? 0n) << 64n) | (doubles[1] ?? 0n);
    const four = singles.reduce((all, x) => (all << 32n) | x, 0n);
    const evens = singles.filter((_, n) => n % 2 === 0);
    run(
      `xvcvdp${s}xds`,
      pair,
      doubles.map((x) => toward0(double, x, 64, signed)),
      long,
      64n,
    );
    run(
      `xvcvdp${s}xws`,
      pair,
      doubles.map((x) => toward0(double, x, 32, signed)),
      twice,
      64n,
    );
    run(
      `xvcvsp${s}xds`,
      four,
      evens.map((x) => toward0(single, x, 64, signed)),
      long,
      64n,
    );
    run(
      `xvcvsp${s}xws`,
      four,
      singles.map((x) => toward0(single, x, 32, signed)),
      word,
      32n,
    );
    const q = operand(quad, next);
    for (const [name, width] of [
      [`xscvqp${s}dz`, 64],
      [`xscvqp${s}wz`, 32],
    ] as const) {
      plane.setFpscr(BigInt(old));
      plane.setVsr(0, oldVector);
      plane.setVsr(1, q);
      plane.call(name, ref(0), ref(1));
      const { value, raised, rounding } = toward0(quad, q, width, signed);
      const result = suppressesScalar(old, raised) ? oldVector : long(value) << 64n;
      assert.equal(
        `${hex(plane.vsr(0))} ${hex(plane.fpscr())}`,
        `${hex(result)} ${hex(fpscrAfter(old, raised, rounding, undefined))}`,
        `${name} ${hex(q)} FPSCR ${hex(old)}`,
      );
    }
  }
});

test('quads become 128-bit integers and back as exact arithmetic says', () => {
  const next = generator(35);
  for (let i = 0; i < runs; i++) {
    const old = randomFpscr(next);
    const signed = next() & 1;
    const source = operand(quad, next);
    const run = (name: string): string => {
      plane.setFpscr(BigInt(old));
      plane.setVsr(0, oldVector);
      plane.setVsr(1, source);
      plane.call(name, ref(0), ref(1), signed);
      return `${hex(plane.vsr(0))} ${hex(plane.fpscr())}`;
    };
    const text = `${signed ? 'signed' : 'unsigned'} ${hex(source)} FPSCR ${hex(old)}`;
    const { value, raised, rounding } = toInteger(quad, source, 128, signed === 1, 1);
    const result = suppressesScalar(old, raised) ? oldVector : BigInt.asUintN(128, value);
    const fpscr = fpscrAfter(old, raised, rounding, undefined);
    assert.equal(run('xscvqpToQuadword'), `${hex(result)} ${hex(fpscr)}`, `to ${text}`);
    const number = signed ? BigInt.asIntN(128, source) : source;
    const negative = number < 0n;
    const exact = () =>
      ({ value: { kind: 'finite', negative, n: negative ? -number : number, d: 1n }, raised: 0 }) as const;
    const outcome = outcomeOf({ operands: quad, encoding: quad, result: quad, bits: [], exact }, old);
    const after = fpscrAfter(old, outcome.raised, outcome.rounding, outcome.fprf);
    assert.equal(run('xscvQuadwordToQp'), `${hex(outcome.bits)} ${hex(after)}`, `from ${text}`);
  }
});

test('integers become doubles and singles as exact arithmetic says', () => {
  const next = generator(33);
  for (let i = 0; i < runs; i++) {
    const old = randomFpscr(next);
    const raw = ((BigInt(next()) << 32n) | BigInt(next())) >> BigInt(next() % 64);
    const b = next() & 1 ? BigInt.asUintN(64, -raw) : raw;
    for (const [name, signed, f] of [
      ['fcfid', true, double],
      ['fcfidu', false, double],
      ['fcfids', true, single],
      ['fcfidus', false, single],
    ] as const) {
      plane.setFpscr(BigInt(old));
      const target = plane.call64(name, oldTarget, b);
      const number = signed ? BigInt.asIntN(64, b) : b;
      const negative = number < 0n;
      const value = { kind: 'finite', negative, n: negative ? -number : number, d: 1n } as const;
      const exact = () => ({ value, raised: 0 });
      const outcome = outcomeOf({ operands: double, encoding: double, result: f, bits: [], exact }, old);
      const fpscr = fpscrAfter(old, outcome.raised, outcome.rounding, outcome.fprf);
      assert.equal(
        `${hex(target)} ${hex(plane.fpscr())}`,
        `${hex(outcome.bits)} ${hex(fpscr)}`,
        `${name}(${hex(b)}) FPSCR ${hex(old)}`,
      );
    }
  }
});

test('rounding to integral values agrees with exact arithmetic', () => {
  const next = generator(34);
  const quietBit = 1n << 51n;
  for (let i = 0; i < runs; i++) {
    const old = randomFpscr(next);
    const b = operand(double, next);
    const x = decode(double, b);
    for (const [name, mode] of [
      ['frin', roundAway],
      ['friz', 1],
      ['frip', 2],
      ['frim', 3],
      ['xsrdpic', undefined],
    ] as const) {
      plane.setFpscr(BigInt(old));
      const target = plane.call64(name, oldTarget, b);
      const rounded = integral(x, mode ?? old & 3);
      const reported = mode === undefined ? rounded.rounding : 0;
      let raised = reported ? bit.XX : 0;
      if (x.kind === 'nan' && x.signalling) raised |= bit.VXSNAN;
      const value = x.kind === 'nan' ? b | quietBit : encode(double, rounded.value);
      const keeps = suppressesScalar(old, raised);
      // A value in double format is its own rounding: this gives the class.
      const class_ = outcomeOf(
        {
          operands: double,
          encoding: double,
          result: double,
          bits: [value],
          exact: () => ({ value: decode(double, value), raised: 0 }),
        },
        0,
      ).fprf;
      assert.equal(
        `${hex(target)} ${hex(plane.fpscr())}`,
        `${hex(keeps ? oldTarget : value)} ${hex(fpscrAfter(old, raised, keeps ? 0 : reported, keeps ? undefined : class_))}`,
        `${name}(${hex(b)}) FPSCR ${hex(old)}`,
      );
    }
  }
});
