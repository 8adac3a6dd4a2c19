// Radix translation under random use: trees, process tables, every form of invalidation, AMR, on two vCPUs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runRadix } from './radix-run.ts';

test('150000 operations on radix translation: each is what the model says', () => {
  const counts = runRadix({ seed: 20261121, operations: 150_000 });
  const met = (what: string): number => counts[what] ?? 0;
  for (const form of [
    'tlbie',
    'tlbiel',
    'tlbie process',
    'tlbiel process',
    'tlbie all',
    'rpt page',
    'rpt range',
    'rpt all',
  ]) {
    assert.ok(met(form) > 20, form);
  }
  for (const access of ['load', 'store', 'fetch']) {
    for (const way of ['hit', 'walk', 'fault', 'segment']) assert.ok(met(`${access} ${way}`) > 20, `${access} ${way}`);
  }
  if (process.env.MMU_COUNTS) console.log(counts);
});
