// The command behind `npm run fuzz:mmu`. Each round has another seed.
import { readOptions, wholeNumber } from '../../tools/tool-options.ts';
import { runHash } from './hash-run.ts';
import { runNested } from './nested-run.ts';
import { runRadix } from './radix-run.ts';

const command = {
  name: 'fuzz:mmu',
  usage: `Usage: npm run fuzz:mmu -- [options]
  --operations N   of each kind of translation in a round (100000)
  --rounds N       (5)
  --seed N         of the first round (random)
`,
};
const { values } = readOptions(command, {
  options: {
    operations: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    rounds: { type: 'string', default: '5' },
  },
});
const operations = wholeNumber(command, '--operations', values.operations, 1);
const rounds = wholeNumber(command, '--rounds', values.rounds, 1);
const first = wholeNumber(command, '--seed', values.seed);
console.log(`first seed ${first}`);
for (let seed = first; seed < first + rounds; seed++) {
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
