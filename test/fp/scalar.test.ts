// Scalar arithmetic of the data plane against exact rational arithmetic: result, target kept, all of FPSCR.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDataPlane } from './data-plane.ts';
import { fpscrAfter, negated, outcomeOf, randomFpscr, suppressesScalar } from './expected.ts';
import { generator, randomOperand } from './operands.ts';
import {
  addExact,
  decode,
  divideExact,
  double,
  type Exact,
  encode,
  type Format,
  multiplyExact,
  rootExact,
  round,
  single,
} from './reference.ts';

const plane = loadDataPlane();
const oldTarget = 0x1234_5678_9abc_def0n;

interface Expected {
  readonly bits: bigint;
  readonly fpscr: number;
}

/** What the architecture asks for: `nans` are the operands in order of NaN priority. */
function expected(f: Format, nans: readonly bigint[], old: number, exact: () => Exact, negate: boolean): Expected {
  const formats = { operands: double, encoding: double, result: f };
  const outcome = outcomeOf({ ...formats, bits: nans, exact, negate }, old);
  if (suppressesScalar(old, outcome.raised)) {
    return { bits: oldTarget, fpscr: fpscrAfter(old, outcome.raised, 0, undefined) };
  }
  return { bits: outcome.bits, fpscr: fpscrAfter(old, outcome.raised, outcome.rounding, outcome.fprf) };
}

const hex = (x: bigint | number) => `0x${x.toString(16)}`;

function check(name: string, old: number, operands: readonly bigint[], want: Expected): void {
  plane.setFpscr(BigInt(old));
  const bits = plane.call64(name, oldTarget, ...operands);
  const got = `${hex(bits)} ${hex(plane.fpscr())}`;
  assert.equal(
    got,
    `${hex(want.bits)} ${hex(want.fpscr)}`,
    `${name}(${operands.map(hex).join(', ')}) FPSCR ${hex(old)}`,
  );
}

/** Random operands for a result format: singles are singles in double format. */
function operand(f: Format, next: () => number): bigint {
  if (f === double) return randomOperand(double, next);
  const x = decode(single, randomOperand(single, next));
  if (x.kind === 'nan') return (randomOperand(double, next) & ~0x1fff_ffffn) | 0x7ff0_0000_4000_0000n;
  return encode(double, x);
}

const runs = 12_000;

for (const [f, suffix] of [
  [double, ''],
  [single, 's'],
] as const) {
  test(`fadd${suffix}, fsub${suffix}, fmul${suffix}, fdiv${suffix} agree with exact arithmetic`, () => {
    const next = generator(f.bits);
    for (let i = 0; i < runs; i++) {
      const a = operand(f, next);
      // Nearby operands cancel.
      const b =
        next() % 4 === 0
          ? a ^ (BigInt(next() & 7) << (f === double ? 0n : 29n)) ^ (BigInt(next() & 1) << 63n)
          : operand(f, next);
      const old = randomFpscr(next);
      const x = decode(double, a);
      const y = decode(double, b);
      const mode = old & 3;
      check(
        `fadd${suffix}`,
        old,
        [a, b],
        expected(f, [a, b], old, () => addExact(x, y, mode), false),
      );
      check(
        `fsub${suffix}`,
        old,
        [a, b],
        expected(f, [a, b], old, () => addExact(x, negated(y), mode), false),
      );
      check(
        `fmul${suffix}`,
        old,
        [a, b],
        expected(f, [a, b], old, () => multiplyExact(x, y), false),
      );
      check(
        `fdiv${suffix}`,
        old,
        [a, b],
        expected(f, [a, b], old, () => divideExact(x, y), false),
      );
    }
  });

  test(`fsqrt${suffix} agrees with exact arithmetic`, () => {
    const next = generator(3 + f.bits);
    for (let i = 0; i < runs / 4; i++) {
      let b = operand(f, next);
      if (next() % 8) b &= ~(1n << 63n);
      const old = randomFpscr(next);
      check(
        `fsqrt${suffix}`,
        old,
        [b],
        expected(f, [b], old, () => rootExact(decode(double, b)), false),
      );
    }
  });

  test(`fmadd${suffix}, fmsub${suffix}, fnmadd${suffix}, fnmsub${suffix} agree with exact arithmetic`, () => {
    const next = generator(5 + f.bits);
    for (let i = 0; i < runs; i++) {
      const a = operand(f, next);
      const c = operand(f, next);
      let b = operand(f, next);
      const old = randomFpscr(next);
      const mode = old & 3;
      const [x, y] = [decode(double, a), decode(double, c)];
      if (next() % 2 === 0 && x.kind === 'finite' && y.kind === 'finite') {
        // An addend near the product: cancellation, and results that depend on the last bits.
        const product = multiplyExact(x, y);
        if ('value' in product) b = encode(double, round(f, product.value, 0, next() % 4, 0).value);
        b ^= (BigInt(next() & 1) << 63n) | (BigInt(next() & 3) << (f === double ? 0n : 29n));
      }
      const z = decode(double, b);
      for (const variant of [0, 1, 2, 3]) {
        const name = `f${variant & 2 ? 'n' : ''}m${variant & 1 ? 'sub' : 'add'}${suffix}`;
        const exact = (): Exact => {
          const product = multiplyExact(x, y);
          return 'invalid' in product ? product : addExact(product.value, variant & 1 ? negated(z) : z, mode);
        };
        check(name, old, [a, c, b], expected(f, [a, b, c], old, exact, (variant & 2) !== 0));
      }
    }
  });
}

test('frsp agrees with exact arithmetic', () => {
  const next = generator(11);
  for (let i = 0; i < runs; i++) {
    let b = randomOperand(double, next);
    if (next() & 1) b = (b & 0x800f_ffff_ffff_ffffn) | (BigInt(860 + (next() % 320)) << 52n);
    const old = randomFpscr(next);
    const x = decode(double, b);
    let want = expected(single, [b], old, () => ({ value: x, raised: 0 }), false);
    if (x.kind === 'nan' && want.bits !== oldTarget) want = { ...want, bits: want.bits & ~0x1fff_ffffn };
    check('frsp', old, [b], want);
  }
});
