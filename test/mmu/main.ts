// The command behind `npm run fuzz:mmu`: [--operations n] [--seed n] [--rounds n]. Each round has another seed.
import { parseArgs } from 'node:util';
import { runHash } from './hash-run.ts';
import { runNested } from './nested-run.ts';
import { runRadix } from './radix-run.ts';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    rounds: { type: 'string', default: '5' },
  },
});
const operations = Number(values.operations);
const first = Number(values.seed);
console.log(`first seed ${first}`);
for (let seed = first; seed < first + Number(values.rounds); seed++) {
  runRadix({ seed, operations });
  runNested({ seed, operations });
  for (const maximumShift of [12, 16, 24, 34]) {
    runHash({ seed, operations, isa300: true, maximumShift });
    runHash({ seed, operations, isa300: false, maximumShift });
  }
  console.log(
    `seed ${seed}: ${operations} operations each on radix, on guests of a guest and on 8 kinds of hash translation agree`,
  );
}
