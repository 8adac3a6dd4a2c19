// Random bytes of a run that must repeat: the same sequence whatever the pieces it is asked for in, and not a short cycle.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repeatableRandom } from './repeatable-random.ts';

test('two sources give the same bytes, in pieces of any size', () => {
  const whole = new Uint8Array(100);
  repeatableRandom()(whole);
  const source = repeatableRandom();
  const pieces = [1, 40, 0, 59].flatMap((size) => {
    const piece = new Uint8Array(size);
    source(piece);
    return [...piece];
  });
  assert.deepEqual(pieces, [...whole]);
  assert.notDeepEqual(whole.subarray(0, 32), whole.subarray(32, 64));
});
