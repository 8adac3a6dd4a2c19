// Saturating sums, rotates under mask and bit permutes of the data plane against models that work on lists of elements.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { elements, fromElements, VectorPlane, vectorOf } from './vector-plane.ts';

const plane = new VectorPlane();

function signed(values: readonly bigint[], bits: number): bigint[] {
  return values.map((v) => BigInt.asIntN(bits, v));
}

/** Limits to min…max; the model of SAT is whether anything changed. */
function limited(values: readonly bigint[], min: bigint, max: bigint): { result: bigint[]; sat: bigint } {
  const result = values.map((v) => (v < min ? min : v > max ? max : v));
  return { result, sat: result.some((v, i) => v !== values[i]) ? 1n : 0n };
}

const minWord = -(1n << 31n);
const maxWord = (1n << 31n) - 1n;

test('vmsumshs and vmsumuhs add two products to each word and saturate', () => {
  fc.assert(
    fc.property(vectorOf(16), vectorOf(16), vectorOf(32), fc.boolean(), (x, y, z, isSigned) => {
      const read = (v: bigint, bits: number) => (isSigned ? signed(elements(v, bits), bits) : elements(v, bits));
      const products = read(x, 16).map((v, i) => v * (read(y, 16)[i] ?? 0n));
      const sums = read(z, 32).map((v, i) => v + (products[2 * i] ?? 0n) + (products[2 * i + 1] ?? 0n));
      const model = isSigned ? limited(sums, minWord, maxWord) : limited(sums, 0n, (1n << 32n) - 1n);
      plane.vscr = 0n;
      const name = isSigned ? 'vectorMultiplySumSigned' : 'vectorMultiplySumUnsigned';
      assert.equal(plane.run(name, [x, y, z]), fromElements(model.result, 32));
      assert.equal(plane.vscr, model.sat);
    }),
  );
});

test('vsumsws and vsum2sws add words of a group to its last one', () => {
  fc.assert(
    fc.property(vectorOf(32), vectorOf(32), fc.constantFrom(2, 4), (x, y, group) => {
      const words = signed(elements(x, 32), 32);
      const addends = signed(elements(y, 32), 32);
      const sums = Array.from({ length: 4 / group }, (_, i) =>
        words.slice(i * group, (i + 1) * group).reduce((sum, v) => sum + v, addends[(i + 1) * group - 1] ?? 0n),
      );
      const model = limited(sums, minWord, maxWord);
      plane.vscr = 0x10000n;
      const expected = fromElements(
        model.result.map((v) => BigInt.asUintN(32, v)),
        32 * group,
      );
      assert.equal(plane.run('vectorSumAcross', [x, y], [group]), expected);
      assert.equal(plane.vscr, 0x10000n | model.sat);
    }),
  );
});

for (const [bits, name] of [
  [32, 'vectorRotateWordsMask'],
  [64, 'vectorRotateDoublewordsMask'],
] as const) {
  test(`${name} rotates and keeps, or inserts, the bits begin to end`, () => {
    fc.assert(
      fc.property(vectorOf(bits), vectorOf(8), vectorOf(bits), fc.boolean(), (x, y, target, insert) => {
        const expected = elements(x, bits).map((v, i) => {
          const control = elements(y, bits)[i] ?? 0n;
          const part = (at: bigint): number => Number(BigInt.asUintN(8, control >> at)) % bits;
          const [begins, ends, amount] = [part(16n), part(8n), part(0n)];
          const rotated = BigInt.asUintN(bits, (v << BigInt(amount)) | (v >> BigInt(bits - amount)));
          let mask = 0n;
          for (let bit = begins; ; bit = (bit + 1) % bits) {
            mask |= 1n << BigInt(bits - 1 - bit);
            if (bit === ends) break;
          }
          const kept = insert ? (elements(target, bits)[i] ?? 0n) & ~mask : 0n;
          return (rotated & mask) | kept;
        });
        assert.equal(plane.run(name, [x, y], [insert ? 1 : 0], target), fromElements(expected, bits));
      }),
    );
  });
}

test('vslv and vsrv shift each byte together with its neighbour', () => {
  fc.assert(
    fc.property(vectorOf(8), vectorOf(8), (x, y) => {
      const bytes = elements(x, 8);
      const amounts = elements(y, 8).map((n) => n & 7n);
      const left = bytes.map((v, i) => (((v << 8n) | (bytes[i + 1] ?? 0n)) << (amounts[i] ?? 0n)) >> 8n);
      const right = bytes.map((v, i) => (((bytes[i - 1] ?? 0n) << 8n) | v) >> (amounts[i] ?? 0n));
      assert.equal(plane.run('vectorShiftVariable', [x, y], [0]), fromElements(left, 8));
      assert.equal(plane.run('vectorShiftVariable', [x, y], [1]), fromElements(right, 8));
    }),
  );
});

test('vbpermq and vbpermd gather the bits that the bytes of VRB name', () => {
  fc.assert(
    fc.property(vectorOf(64), vectorOf(8), (x, y) => {
      const bit = (v: bigint, width: bigint, n: bigint): bigint => (n < width ? (v >> (width - 1n - n)) & 1n : 0n);
      const gather = (v: bigint, width: bigint, indices: readonly bigint[]): bigint =>
        indices.reduce((bits, n) => (bits << 1n) | bit(v, width, n), 0n);
      const indices = elements(y, 8);
      assert.equal(plane.run('vectorBitPermuteQuadword', [x, y]), gather(x, 128n, indices) << 64n);
      const halves = elements(x, 64).map((v, i) => gather(v, 64n, indices.slice(8 * i, 8 * i + 8)));
      assert.equal(plane.run('vectorBitPermuteDoublewords', [x, y]), fromElements(halves, 64));
    }),
  );
});

test('xxgenpcv makes controls that expand and compress with vperm, or vpermr in the little-endian forms', () => {
  const size = fc.constantFrom(1, 2, 4, 8);
  fc.assert(
    fc.property(vectorOf(8), vectorOf(8), vectorOf(8), size, fc.boolean(), (mask, packed, old, bytes, little) => {
      const bits = 8 * bytes;
      // Elements in the order of the form: from the left, or from the right.
      const inOrder = <T>(list: readonly T[]): T[] => (little ? [...list].reverse() : [...list]);
      const chosen = inOrder(elements(mask, bits)).map((v) => v >> BigInt(bits - 1) === 1n);
      const permuted = (control: bigint, near: bigint, far: bigint): bigint => {
        const sources = [...inOrder(elements(near, 8)), ...inOrder(elements(far, 8))];
        const result = inOrder(elements(control, 8)).map((n) => sources[Number(n & 31n)] ?? 0n);
        return fromElements(inOrder(result), 8);
      };
      const expand = plane.run('vectorPermuteControl', [mask], [bytes, little ? 2 : 0]);
      let next = 0;
      const source = inOrder(elements(packed, bits));
      const kept = inOrder(elements(old, bits));
      const expanded = chosen.map((is, i) => (is ? source[next++] : kept[i]) ?? 0n);
      assert.equal(permuted(expand, packed, old), fromElements(inOrder(expanded), bits));
      const compress = plane.run('vectorPermuteControl', [mask], [bytes, little ? 3 : 1]);
      const taken = source.filter((_, i) => chosen[i]);
      const compressed = inOrder(elements(permuted(compress, packed, old), bits));
      assert.deepEqual(compressed.slice(0, taken.length), taken);
    }),
  );
});
