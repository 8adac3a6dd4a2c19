// Scalar arithmetic of the data plane against exact rational arithmetic: result, target kept, all of FPSCR.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDataPlane } from './data-plane.ts';
import { generator, randomOperand } from './operands.ts';
import {
  addExact,
  bit,
  decode,
  divideExact,
  double,
  type Exact,
  encode,
  type Format,
  multiplyExact,
  type Num,
  rootExact,
  round,
  single,
} from './reference.ts';

const plane = loadDataPlane();
const quietBit = 0x0008_0000_0000_0000n;
const defaultNan = 0x7ff8_0000_0000_0000n;
const oldTarget = 0x1234_5678_9abc_def0n;
const anyVx = 0x1f80700;

interface Expected {
  readonly bits: bigint;
  readonly fpscr: number;
}

const negated = (x: Num): Num => (x.kind === 'nan' ? x : { ...x, negative: !x.negative });

function withSummaries(fpscr: number): number {
  let f = fpscr & ~0x6000_0000;
  if (f & anyVx) f |= 0x2000_0000;
  const pairs: readonly (readonly [number, number])[] = [
    [0x2000_0000, bit.VE],
    [bit.OX, bit.OE],
    [bit.UX, bit.UE],
    [bit.ZX, bit.ZE],
    [bit.XX, bit.XE],
  ];
  for (const [exception, enable] of pairs) if (f & exception && f & enable) f |= 0x4000_0000;
  return f >>> 0;
}

function finish(old: number, raised: number, rounding: number, fprf: number | undefined): number {
  let f = old & ~(bit.FR | bit.FI);
  if (fprf !== undefined) f = (f & ~0x1f000) | (fprf << 12);
  f |= rounding | raised;
  if (raised & ~old) f |= 0x8000_0000;
  return withSummaries(f);
}

function classOf(x: Num, denormal: boolean): number {
  if (x.kind === 'nan') return 0x11;
  if (x.kind === 'infinite') return x.negative ? 9 : 5;
  if (x.n === 0n) return x.negative ? 0x12 : 2;
  if (denormal) return x.negative ? 0x18 : 0x14;
  return x.negative ? 8 : 4;
}

/** What the architecture asks for: `nans` are the operands in order of NaN priority. */
function expected(f: Format, nans: readonly bigint[], old: number, exact: () => Exact, negate: boolean): Expected {
  const control = old & 0xff;
  const operands = nans.map((bits) => decode(double, bits));
  let raised = operands.some((x) => x.kind === 'nan' && x.signalling) ? bit.VXSNAN : 0;
  const first = nans[operands.findIndex((x) => x.kind === 'nan')];
  const result: Exact = first === undefined ? exact() : { invalid: 0 };
  // An infinity times zero counts even with a NaN as addend.
  if (first !== undefined) {
    const [a, , c] = operands;
    if (a && c && a.kind !== 'nan' && c.kind !== 'nan' && 'invalid' in multiplyExact(a, c)) raised |= bit.VXIMZ;
  }
  raised |= 'invalid' in result ? result.invalid : result.raised;
  if ((raised & anyVx && control & bit.VE) || (raised & bit.ZX && control & bit.ZE)) {
    return { bits: oldTarget, fpscr: finish(old, raised, 0, undefined) };
  }
  if (first !== undefined) return { bits: first | quietBit, fpscr: finish(old, raised, 0, 0x11) };
  if ('invalid' in result) return { bits: defaultNan, fpscr: finish(old, raised, 0, 0x11) };
  const rounded = round(f, result.value, control, control & 3, f === double ? 1536 : 192);
  const value = negate ? negated(rounded.value) : rounded.value;
  const fpscr = finish(old, raised | rounded.raised, rounded.rounding, classOf(value, rounded.denormal));
  return { bits: encode(double, value), fpscr };
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

function randomFpscr(next: () => number): number {
  let f = 0;
  const sort = next() % 4;
  if (sort > 0) f |= next() & 3;
  if (sort > 1) f |= next() & 0xf8;
  if (sort > 2) f |= next() & 0x9ff80700;
  return withSummaries(f | (next() & 0x7f000));
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
