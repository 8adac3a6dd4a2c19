// Random programs give the same results, exactly, interpreted and translated; `npm run fuzz:translator` runs many more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadEngineImages } from '../../src/host/engine-images.ts';
import { enableRelaxedSimd } from '../../src/host/runtime-features.ts';
import { makeCase } from './case.ts';
import { FuzzComparison } from './compare.ts';

test('1000 random regions run as the interpreter runs their code', (t) => {
  enableRelaxedSimd();
  const comparison = new FuzzComparison(loadEngineImages());
  const first = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  let seed = first;
  for (; comparison.regions < 1000; seed++) {
    const fuzzCase = makeCase(seed);
    if (comparison.run(fuzzCase)) assert.fail(comparison.explain(fuzzCase));
  }
  t.diagnostic(`seeds ${first} to ${seed - 1}, ${comparison.regions} regions`);
});
