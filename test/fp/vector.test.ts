// VSX vector functions of the data plane against exact rational arithmetic, element by element.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDataPlane } from './data-plane.ts';
import {
  fpscrAfter,
  negated,
  type Operation,
  type Outcome,
  outcomeOf,
  randomFpscr,
  suppressesVector,
  withSummaries,
} from './expected.ts';
import { generator, randomOperand } from './operands.ts';
import {
  addExact,
  decode,
  divideExact,
  double,
  type Exact,
  type Format,
  half,
  multiplyExact,
  rootExact,
  single,
} from './reference.ts';

const plane = loadDataPlane();
const oldTarget = 0x0123_4567_89ab_cdef_0011_2233_4455_6677n;
const ref = (n: number) => plane.vsrRef(n);

/** Elements from left to right as one 128-bit number. */
function join(f: Format, elements: readonly bigint[]): bigint {
  return elements.reduce((all, x) => (all << BigInt(f.bits)) | x, 0n);
}

function check(name: string, old: number, elements: readonly Outcome[], f: Format, call: () => void): void {
  plane.setFpscr(BigInt(old));
  plane.setVsr(0, oldTarget);
  call();
  const raised = elements.reduce((all, { raised: one }) => all | one, 0);
  const target = suppressesVector(old, raised)
    ? oldTarget
    : join(
        f,
        elements.map(({ bits }) => bits),
      );
  // FR, FI and FPRF keep their values.
  const fpscr = fpscrAfter(old, raised, old & 0x6_0000, undefined);
  const show = (bits: bigint, status: number) => `${bits.toString(16)} FPSCR ${status.toString(16)}`;
  const operands = [1, 2, 3].map((n) => plane.vsr(n).toString(16)).join(' ');
  assert.equal(
    show(plane.vsr(0), Number(plane.fpscr())),
    show(target, fpscr),
    `${name} ${operands} FPSCR ${old.toString(16)}`,
  );
}

const runs = 3000;

for (const [f, suffix] of [
  [double, 'dp'],
  [single, 'sp'],
] as const) {
  const count = 128 / f.bits;
  const formats = { operands: f, encoding: f, result: f } as const;

  test(`arithmetic of ${suffix} vectors agrees with exact arithmetic`, () => {
    const next = generator(7 * f.bits);
    for (let i = 0; i < runs; i++) {
      // Often ordinary numbers only, for the fast paths.
      const plain = next() & 1;
      const operand = () => {
        const x = randomOperand(f, next);
        if (!plain) return x;
        const shift = BigInt(f.precision - 1);
        return (x & ~(BigInt(2 * f.emax + 1) << shift)) | (BigInt(f.emax - 8 + (next() % 16)) << shift);
      };
      const vectors = [1, 2, 3].map(() => Array.from({ length: count }, operand));
      for (const [n, elements] of vectors.entries()) plane.setVsr(n + 1, join(f, elements));
      // Half of the time rounding to nearest with XX set: then host arithmetic serves where it can.
      const old = next() & 1 ? 0x8200_0000 : randomFpscr(next);
      const each = (exactOf: (bits: readonly bigint[]) => Exact, order: readonly number[], negate = false): Outcome[] =>
        Array.from({ length: count }, (_, e) => {
          const bits = order.map((n) => vectors[n]?.[e] ?? 0n);
          const operation: Operation = { ...formats, bits, exact: () => exactOf(bits), negate };
          return outcomeOf(operation, old);
        });
      const number = (x: bigint | undefined) => decode(f, x ?? 0n);
      const binary = (name: string, exact: (x: readonly bigint[]) => Exact) =>
        check(name, old, each(exact, [0, 1]), f, () => plane.call(name, ref(0), ref(1), ref(2)));
      binary(`xvadd${suffix}`, ([x, y]) => addExact(number(x), number(y), old & 3));
      binary(`xvsub${suffix}`, ([x, y]) => addExact(number(x), negated(number(y)), old & 3));
      binary(`xvmul${suffix}`, ([x, y]) => multiplyExact(number(x), number(y)));
      binary(`xvdiv${suffix}`, ([x, y]) => divideExact(number(x), number(y)));
      check(
        `xvsqrt${suffix}`,
        old,
        each(([x]) => rootExact(number(x)), [0]),
        f,
        () => plane.call(`xvsqrt${suffix}`, ref(0), ref(1)),
      );
      const variant = next() & 3;
      const fused = ([x, z, y]: readonly bigint[]): Exact => {
        const product = multiplyExact(number(x), number(y));
        if ('invalid' in product) return product;
        return addExact(product.value, variant & 1 ? negated(number(z)) : number(z), old & 3);
      };
      check(`xvmadd${suffix} ${variant}`, old, each(fused, [0, 2, 1], (variant & 2) !== 0), f, () =>
        plane.call(`xvmadd${suffix}`, ref(0), ref(1), ref(2), ref(3), variant),
      );
    }
  });
}

test('conversions between half and single vectors agree with exact arithmetic', () => {
  const next = generator(16);
  for (let i = 0; i < runs; i++) {
    const old = randomFpscr(next);
    // A scaled result may be out of the range of halves.
    const masked = withSummaries(old & ~0x60);
    const singles = Array.from({ length: 4 }, () => {
      const x = randomOperand(single, next);
      return next() & 1 ? x : (x & 0x807f_ffffn) | (BigInt(127 - 28 + (next() % 50)) << 23n);
    });
    plane.setVsr(1, join(single, singles));
    const exactOf = (f: Format, x: bigint) => () => ({ value: decode(f, x), raised: 0 });
    const narrow = singles.map((x) =>
      outcomeOf({ operands: single, encoding: half, result: half, bits: [x], exact: exactOf(single, x) }, masked),
    );
    check('xvcvsphp', masked, narrow, single, () => plane.call('xvcvsphp', ref(0), ref(1)));
    const halves = Array.from({ length: 4 }, () => randomOperand(half, next));
    plane.setVsr(1, join(single, halves));
    const widen = halves.map((x) =>
      outcomeOf({ operands: half, encoding: single, result: single, bits: [x], exact: exactOf(half, x) }, old),
    );
    check('xvcvhpsp', old, widen, single, () => plane.call('xvcvhpsp', ref(0), ref(1)));
  }
});
