// The command behind `npm run fuzz:translator`.
import { loadEngineImages } from '../../src/host/engine-images.ts';
import { enableRelaxedSimd } from '../../src/host/runtime-features.ts';
import { readOptions, wholeNumber } from '../../tools/tool-options.ts';
import { makeCase } from './case.ts';
import { FuzzComparison } from './compare.ts';

const command = {
  name: 'fuzz:translator',
  usage: `Usage: npm run fuzz:translator -- [options]
  --regions N    stop after N regions (20000)
  --cases N      stop after N programs
  --failures N   stop after N differences (1)
  --seed N       of the first program (random)
`,
};
const { values } = readOptions(command, {
  options: {
    regions: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    failures: { type: 'string', default: '1' },
    cases: { type: 'string' },
  },
});
enableRelaxedSimd();
const comparison = new FuzzComparison(loadEngineImages());
const number = (option: 'regions' | 'seed' | 'failures', least: number) =>
  wholeNumber(command, `--${option}`, values[option], least);
const [first, regions, mostFailures] = [number('seed', 0), number('regions', 1), number('failures', 1)];
const last = values.cases === undefined ? Infinity : first + wholeNumber(command, '--cases', values.cases, 1);
let seed = first;
let failures = 0;
console.log(`first seed ${first}`);
while (comparison.regions < regions && failures < mostFailures && seed < last) {
  const fuzzCase = makeCase(seed++);
  if (!comparison.run(fuzzCase)) continue;
  failures++;
  console.log(comparison.explain(fuzzCase));
}
console.log(`${seed - first} programs, ${comparison.regions} regions, ${failures} differences`);
process.exitCode = failures === 0 ? 0 : 1;
