// Comparisons, minimum and maximum of the data plane against their definitions, with the invalid operation enabled and
// not (Power ISA Book I, sections 4.6.8 and 7.6.1).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDataPlane } from './data-plane.ts';
import { fpscrAfter, randomFpscr } from './expected.ts';
import { generator, randomOperand } from './operands.ts';
import { bit, decode, double, type Format, type Num, quad, single } from './reference.ts';

const plane = loadDataPlane();
const oldTarget = 0x1234_5678_9abc_def0n;
const oldVector = (oldTarget << 64n) | 0x55n;
const ref = (n: number) => plane.vsrRef(n);
const hex = (x: bigint | number) => x.toString(16);
const isNan = (x: Num) => x.kind === 'nan';
const isSignalling = (x: Num) => x.kind === 'nan' && x.signalling;

/** −1, 0, 1; zeros are equal. Neither is a NaN. */
function order(x: Num, y: Num): number {
  const key = (z: Num): readonly [bigint, bigint] => {
    if (z.kind === 'finite') return [z.negative ? -z.n : z.n, z.d];
    const huge = 1n << 40_000n;
    return [z.kind === 'infinite' && z.negative ? -huge : huge, 1n];
  };
  const [[a, b], [c, d]] = [key(x), key(y)];
  const difference = a * d - c * b;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The CR field of a comparison. */
function fieldOf(x: Num, y: Num): number {
  if (isNan(x) || isNan(y)) return 1;
  return { '-1': 8, '0': 2, '1': 4 }[order(x, y)] ?? 0;
}

/** What an unordered (quiet) or ordered comparison raises. */
function raisedBy(x: Num, y: Num, ordered: boolean, fpscr: number): number {
  const signals = isSignalling(x) || isSignalling(y);
  let raised = signals ? bit.VXSNAN : 0;
  if (ordered && (isNan(x) || isNan(y)) && !(signals && fpscr & bit.VE)) raised |= bit.VXVC;
  return raised;
}

/** Operands that are often equal, opposite or neighbours. */
function pairOf(f: Format, next: () => number): readonly [bigint, bigint] {
  const a = randomOperand(f, next);
  const sort = next() % 4;
  if (sort === 0) return [a, a];
  if (sort === 1) return [a, a ^ (BigInt(next() & 1) << BigInt(f.bits - 1)) ^ BigInt(next() & 1)];
  return [a, randomOperand(f, next)];
}

/** FPSCR of an instruction that neither rounds nor classifies: only FPCC may change besides exceptions. */
function status(old: number, raised: number, field: number | undefined): string {
  const withField = field === undefined ? old : (old & ~0xf000) | (field << 12);
  return hex(fpscrAfter(withField, raised, withField & 0x6_0000, undefined));
}

const statusNow = () => hex(plane.fpscr());
const runs = 8000;

test('comparisons give a CR field and FPCC', () => {
  const next = generator(41);
  for (let i = 0; i < runs; i++) {
    const old = randomFpscr(next);
    const [a, b] = pairOf(double, next);
    const [x, y] = [decode(double, a), decode(double, b)];
    for (const name of ['fcmpu', 'fcmpo']) {
      plane.setFpscr(BigInt(old));
      const field = plane.call(name, a, b);
      const want = fieldOf(x, y);
      const text = `${name} ${hex(a)} ${hex(b)} FPSCR ${hex(old)}`;
      assert.equal(
        `${field} ${statusNow()}`,
        `${want} ${status(old, raisedBy(x, y, name === 'fcmpo', old), want)}`,
        text,
      );
    }
    const [c, d] = pairOf(quad, next);
    const [p, q] = [decode(quad, c), decode(quad, d)];
    for (const ordered of [0, 1]) {
      plane.setFpscr(BigInt(old));
      plane.setVsr(1, c);
      plane.setVsr(2, d);
      const field = plane.call('xscmpqp', ref(1), ref(2), ordered);
      const want = fieldOf(p, q);
      const text = `xscmpqp ${ordered} ${hex(c)} ${hex(d)} FPSCR ${hex(old)}`;
      assert.equal(`${field} ${statusNow()}`, `${want} ${status(old, raisedBy(p, q, ordered === 1, old), want)}`, text);
    }
  }
});

/** IEEE maximum: a number wins over a quiet NaN; the first signalling NaN, or else the first NaN, is the result, quiet. */
function extreme(f: Format, a: bigint, b: bigint, sign: number): bigint {
  const [x, y] = [decode(f, a), decode(f, b)];
  const quiet = 1n << BigInt(f.precision - 2);
  if (isSignalling(x) || (isNan(x) && isNan(y))) return a | quiet;
  if (isSignalling(y)) return b | quiet;
  if (isNan(x)) return b;
  if (isNan(y)) return a;
  const by = order(x, y) * sign;
  if (by !== 0) return by > 0 ? a : b;
  // Zeros differ in sign only: the maximum is +0.
  const negative = !isNan(x) && x.kind === 'finite' && x.negative;
  return negative === sign < 0 ? a : b;
}

const elementsOf = (f: Format, next: () => number) => Array.from({ length: 128 / f.bits }, () => pairOf(f, next));

for (const [f, suffix] of [
  [double, 'dp'],
  [single, 'sp'],
] as const) {
  test(`vector comparisons, minimum and maximum of ${suffix} elements`, () => {
    const next = generator(42);
    const join = (values: readonly bigint[]) => values.reduce((all, x) => (all << BigInt(f.bits)) | x, 0n);
    const ones = (1n << BigInt(f.bits)) - 1n;
    for (let i = 0; i < runs; i++) {
      const old = randomFpscr(next);
      const pairs = elementsOf(f, next);
      const numbers = pairs.map(([a, b]) => [decode(f, a), decode(f, b)] as const);
      const run = (name: string, result: bigint, raised: number): unknown => {
        plane.setFpscr(BigInt(old));
        plane.setVsr(0, oldVector);
        plane.setVsr(1, join(pairs.map(([a]) => a)));
        plane.setVsr(2, join(pairs.map(([, b]) => b)));
        const field = plane.call(name, ref(0), ref(1), ref(2));
        const want = raised && old & bit.VE ? oldVector : result;
        const text = `${name} ${hex(plane.vsr(1))} ${hex(plane.vsr(2))} FPSCR ${hex(old)}`;
        assert.equal(`${hex(plane.vsr(0))} ${statusNow()}`, `${hex(want)} ${status(old, raised, undefined)}`, text);
        return field;
      };
      for (const [relation, wanted] of [
        ['eq', 2],
        ['gt', 4],
        ['ge', 6],
      ] as const) {
        const met = numbers.map(([x, y]) => (fieldOf(x, y) & wanted) !== 0);
        const raised = numbers.reduce((all, [x, y]) => all | raisedBy(x, y, wanted !== 2, old), 0);
        const field = run(`xvcmp${relation}${suffix}`, join(met.map((is) => (is ? ones : 0n))), raised);
        assert.equal(field, met.every(Boolean) ? 8 : met.some(Boolean) ? 0 : 2);
      }
      const raised = numbers.reduce((all, [x, y]) => all | raisedBy(x, y, false, old), 0);
      run(`xvmax${suffix}`, join(pairs.map(([a, b]) => extreme(f, a, b, 1))), raised);
      run(`xvmin${suffix}`, join(pairs.map(([a, b]) => extreme(f, a, b, -1))), raised);
    }
  });
}

test('scalar masks, minimum and maximum', () => {
  const next = generator(43);
  const ones = 0xffff_ffff_ffff_ffffn;
  for (let i = 0; i < runs; i++) {
    const old = randomFpscr(next);
    const [a, b] = pairOf(double, next);
    const [x, y] = [decode(double, a), decode(double, b)];
    const field = fieldOf(x, y);
    const quietly = raisedBy(x, y, false, old);
    const orderly = raisedBy(x, y, true, old);
    const java = (sign: number) => (isNan(x) ? a : isNan(y) ? b : extreme(double, a, b, sign));
    const cases: readonly (readonly [string, bigint, number])[] = [
      ['xscmpeqdp', field & 2 ? ones : 0n, quietly],
      ['xscmpgtdp', field & 4 ? ones : 0n, orderly],
      ['xscmpgedp', field & 6 ? ones : 0n, orderly],
      ['xsmaxdp', extreme(double, a, b, 1), quietly],
      ['xsmindp', extreme(double, a, b, -1), quietly],
      ['xsmaxcdp', field & 4 ? a : b, quietly],
      ['xsmincdp', field & 8 ? a : b, quietly],
      ['xsmaxjdp', java(1), quietly],
      ['xsminjdp', java(-1), quietly],
    ];
    for (const [name, result, raised] of cases) {
      plane.setFpscr(BigInt(old));
      const target = plane.call64(name, oldTarget, a, b);
      const want = raised && old & bit.VE ? oldTarget : result;
      const text = `${name} ${hex(a)} ${hex(b)} FPSCR ${hex(old)}`;
      assert.equal(`${hex(target)} ${statusNow()}`, `${hex(want)} ${status(old, raised, undefined)}`, text);
    }
  }
});
