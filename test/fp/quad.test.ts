// Quad-precision functions of the data plane against exact rational arithmetic.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDataPlane } from './data-plane.ts';
import {
  fpscrAfter,
  negated,
  type Operation,
  outcomeOf,
  randomFpscr,
  suppressesScalar,
  withSummaries,
} from './expected.ts';
import { generator, randomOperand } from './operands.ts';
import {
  addExact,
  decode,
  divideExact,
  double,
  type Exact,
  encode,
  multiplyExact,
  quad,
  rootExact,
  round,
  roundOdd,
} from './reference.ts';

const plane = loadDataPlane();
const oldTarget = 0x0123_4567_89ab_cdef_0011_2233_4455_6677n;
const [t, a, b, c] = [0, 1, 2, 3];
const ref = (n: number) => plane.vsrRef(n);
const quads = { operands: quad, encoding: quad, result: quad } as const;

/** Runs `call` with the target and operands in place and checks target and FPSCR. */
function check(name: string, old: number, operation: Operation, place: bigint[], call: () => void, keeps = 0n): void {
  plane.setFpscr(BigInt(old));
  plane.setVsr(t, oldTarget);
  for (const [i, bits] of place.entries()) plane.setVsr(i + 1, bits);
  call();
  const outcome = outcomeOf(operation, old);
  const suppressed = suppressesScalar(old, outcome.raised);
  const target = suppressed ? oldTarget : outcome.bits << keeps;
  const fpscr = suppressed
    ? fpscrAfter(old, outcome.raised, 0, undefined)
    : fpscrAfter(old, outcome.raised, outcome.rounding, outcome.fprf);
  const show = (bits: bigint, f: number) => `${bits.toString(16)} FPSCR ${f.toString(16)}`;
  const text = `${name} ${place.map((x) => x.toString(16)).join(' ')} FPSCR ${old.toString(16)}`;
  assert.equal(show(plane.vsr(t), Number(plane.fpscr())), show(target, fpscr), text);
}

/** FPSCR[RN], or round-to-odd for the forms with suffix o: never toward −∞ then, so that x − x is +0. */
const modeOf = (old: number, odd: number) => (odd ? roundOdd : old & 3);
const runs = 4000;

test('quad add, subtract, multiply, divide and root agree with exact arithmetic', () => {
  const next = generator(128);
  for (let i = 0; i < runs; i++) {
    const x = randomOperand(quad, next);
    const y = next() % 4 === 0 ? x ^ BigInt(next() & 7) ^ (BigInt(next() & 1) << 127n) : randomOperand(quad, next);
    const old = randomFpscr(next);
    const odd = next() & 1;
    const mode = modeOf(old, odd);
    const [p, q] = [decode(quad, x), decode(quad, y)];
    const run = (name: string, exact: () => Exact, ...args: number[]) => {
      const operation = { ...quads, bits: [x, y], exact, mode };
      check(name, old, operation, [x, y], () => plane.call(name, ref(t), ref(a), ref(b), ...args));
    };
    run('xsaddqp', () => addExact(p, q, mode), 0, odd);
    run('xsaddqp', () => addExact(p, negated(q), mode), 1, odd);
    run('xsmulqp', () => multiplyExact(p, q), odd);
    run('xsdivqp', () => divideExact(p, q), odd);
    const operation = { ...quads, bits: [x], exact: () => rootExact(p), mode };
    check('xssqrtqp', old, operation, [x], () => plane.call('xssqrtqp', ref(t), ref(a), odd));
  }
});

test('quad multiply-add agrees with exact arithmetic', () => {
  const next = generator(129);
  for (let i = 0; i < runs; i++) {
    const [x, y] = [randomOperand(quad, next), randomOperand(quad, next)];
    const [p, q] = [decode(quad, x), decode(quad, y)];
    let z = randomOperand(quad, next);
    if (next() & 1 && p.kind === 'finite' && q.kind === 'finite') {
      const product = multiplyExact(p, q);
      if ('value' in product) z = encode(quad, round(quad, product.value, 0, next() % 4, 0).value);
      z ^= (BigInt(next() & 1) << 127n) | BigInt(next() & 3);
    }
    const old = randomFpscr(next);
    const odd = next() & 1;
    const variant = next() & 3;
    const mode = modeOf(old, odd);
    const exact = (): Exact => {
      const product = multiplyExact(p, q);
      if ('invalid' in product) return product;
      const addend = decode(quad, z);
      return addExact(product.value, variant & 1 ? negated(addend) : addend, mode);
    };
    const operation = { ...quads, bits: [x, z, y], exact, mode, negate: (variant & 2) !== 0 };
    check(`xsmaddqp variant ${variant} odd ${odd}`, old, operation, [x, y, z], () => {
      plane.call('xsmaddqp', ref(t), ref(a), ref(b), ref(c), variant, odd);
    });
  }
});

test('conversions between double and quad agree with exact arithmetic', () => {
  const next = generator(130);
  for (let i = 0; i < runs; i++) {
    let old = randomFpscr(next);
    const odd = next() & 1;
    let x = randomOperand(quad, next);
    // Where a scaled result would be out of the range of doubles, overflow and underflow are not enabled.
    if (next() & 1) old = withSummaries(old & ~0x60);
    else x = (x & ~(0x7fffn << 112n)) | (BigInt(16383 - 1100 + (next() % 2200)) << 112n);
    const p = decode(quad, x);
    const toDouble = { operands: quad, encoding: double, result: double, bits: [x], mode: modeOf(old, odd) };
    const narrow: Operation = { ...toDouble, exact: () => ({ value: p, raised: 0 }) };
    check('xscvqpdp', old, narrow, [x], () => plane.call('xscvqpdp', ref(t), ref(a), odd), 64n);
    const y = randomOperand(double, next);
    const q = decode(double, y);
    const widen = { operands: double, encoding: quad, result: quad, bits: [y], exact: () => ({ value: q, raised: 0 }) };
    check('xscvdpqp', old, widen, [y << 64n], () => plane.call('xscvdpqp', ref(t), ref(a)));
  }
});
