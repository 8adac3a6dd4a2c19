// The command behind `npm run fuzz:translator`: [--regions n] [--seed n] [--failures n] [--cases n].
import { parseArgs } from 'node:util';
import { loadEngineImages } from '../../src/host/engine-images.ts';
import { enableRelaxedSimd } from '../../src/host/runtime-features.ts';
import { makeCase } from './case.ts';
import { FuzzComparison } from './compare.ts';

const { values } = parseArgs({
  options: {
    regions: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    failures: { type: 'string', default: '1' },
    cases: { type: 'string', default: 'Infinity' },
  },
});
enableRelaxedSimd();
const comparison = new FuzzComparison(loadEngineImages());
const first = Number(values.seed);
let seed = first;
let failures = 0;
console.log(`first seed ${first}`);
const last = first + Number(values.cases);
while (comparison.regions < Number(values.regions) && failures < Number(values.failures) && seed < last) {
  const fuzzCase = makeCase(seed++);
  if (!comparison.run(fuzzCase)) continue;
  failures++;
  console.log(comparison.explain(fuzzCase));
}
console.log(`${seed - first} programs, ${comparison.regions} regions, ${failures} differences`);
process.exitCode = failures === 0 ? 0 : 1;
