// Medians, spreads and means against values worked out by hand, and their laws on random values.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { geometricMean, spread } from './statistics.ts';

test('The median of an even count is the mean of the two in the middle, whatever the order', () => {
  assert.deepEqual(spread([9, 1, 4, 2]), { min: 1, median: 3, max: 9 });
  assert.deepEqual(spread([5]), { min: 5, median: 5, max: 5 });
});

test('A spread is ordered, and half of the values lie on either side of the median', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 }), (values) => {
      const { min, median, max } = spread(values);
      assert.ok(min <= median && median <= max);
      assert.ok(values.filter((value) => value <= median).length * 2 >= values.length);
      assert.ok(values.filter((value) => value >= median).length * 2 >= values.length);
    }),
  );
});

test('A geometric mean of a value and its inverse is 1; of nothing it is not a number', () => {
  assert.ok(Math.abs(geometricMean([4, 0.25]) - 1) < 1e-12);
  assert.ok(Math.abs(geometricMean([2, 8]) - 4) < 1e-12);
  assert.ok(Number.isNaN(geometricMean([])));
});
