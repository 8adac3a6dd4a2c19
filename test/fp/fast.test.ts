// The helpers of translated code give what the exact functions give, or NaN where they have no proof.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDataPlane } from './data-plane.ts';
import { generator, randomOperand } from './operands.ts';
import { decode, double, encode, single } from './reference.ts';

const plane = loadDataPlane();
const scratch = new DataView(new ArrayBuffer(8));

function toNumber(bits: bigint): number {
  scratch.setBigUint64(0, bits);
  return scratch.getFloat64(0);
}
function toBits(value: number): bigint {
  scratch.setFloat64(0, value);
  return scratch.getBigUint64(0);
}

/** The helper's result; undefined for NaN. */
function fast(name: string, a: bigint, c: bigint, b: bigint): number | undefined {
  const result = plane.call(name, toNumber(a), toNumber(c), toNumber(b));
  assert.equal(typeof result, 'number');
  return Number.isNaN(result) ? undefined : Number(result);
}

const runs = 60_000;

test('fusedDouble is fmadd for ordinary results', () => {
  const next = generator(21);
  let proven = 0;
  for (let i = 0; i < runs; i++) {
    const [a, c] = [randomOperand(double, next), randomOperand(double, next)];
    let b = randomOperand(double, next);
    // Near the product: cancellation and ties.
    if (next() & 1) b = toBits(toNumber(a) * toNumber(c)) ^ (BigInt(next() & 1) << 63n) ^ BigInt(next() & 3);
    const result = fast('fusedDouble', a, c, b);
    if (result === undefined || result === 0) continue;
    proven++;
    plane.setFpscr(0n);
    const exact = plane.call64('fmadd', 0n, a, c, b);
    assert.equal(toBits(result).toString(16), exact.toString(16), `${a} ${c} ${b}`);
  }
  assert.ok(proven > runs / 4, `${proven} of ${runs}`);
});

test('fusedToOdd rounded to single is fmadds for ordinary results', () => {
  const next = generator(22);
  const operand = (): bigint => {
    const x = decode(single, randomOperand(single, next));
    return x.kind === 'nan' ? 0n : encode(double, x);
  };
  let proven = 0;
  for (let i = 0; i < runs; i++) {
    const [a, c] = [operand(), operand()];
    let b = operand();
    if (next() & 1) b = toBits(-Math.fround(toNumber(a) * toNumber(c))) ^ (BigInt(next() & 1) << 29n);
    const result = fast('fusedToOdd', a, c, b);
    if (result === undefined) continue;
    const rounded = Math.fround(result);
    const size = Math.abs(rounded);
    if (size < 2 ** -125 || size >= 2 ** 127) continue;
    proven++;
    plane.setFpscr(0n);
    const exact = plane.call64('fmadds', 0n, a, c, b);
    assert.equal(toBits(rounded).toString(16), exact.toString(16), `${a} ${c} ${b}`);
  }
  assert.ok(proven > runs / 4, `${proven} of ${runs}`);
});
