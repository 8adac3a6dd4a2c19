// Two-level translation under random use: both trees change, guests are entered and left, on two vCPUs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runNested } from './nested-run.ts';

test('100000 operations of guests of a guest: each is what the model says', () => {
  const counts = runNested({ seed: 20261121, operations: 100_000 });
  for (const access of ['load', 'store', 'fetch']) {
    for (const way of ['hit', 'walk', 'fault', 'partition']) {
      assert.ok((counts[`${access} ${way}`] ?? 0) > 20, `${access} ${way}`);
    }
  }
  for (const what of ['entered', 'left', 'tlbie page', 'tlbie process', 'tlbie all', 'partition changed']) {
    assert.ok((counts[what] ?? 0) > 20, what);
  }
  if (process.env.MMU_COUNTS) console.log(counts);
});
