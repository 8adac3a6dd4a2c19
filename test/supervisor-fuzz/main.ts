// npm run fuzz:supervisor -- [--minutes N] [--cpu MODEL] [--seed N] [--machines N] [--nested] [--json]: random code in supervisor
// state. Ends with 1 when a guest did harm, 69 when the CPU model cannot be had. `--seed N --machines 1` runs one machine again;
// with `--nested`, machines of an even seed have cap-nested-hv=on, and their guests enter guests of their own.
import { readOptions, wholeNumber, wrongOptions } from '../../tools/tool-options.ts';
import { growthLimit, watch } from './watch.ts';

const command = {
  name: 'fuzz:supervisor',
  usage: `Usage: npm run fuzz:supervisor -- [options]
  --minutes N    how long (30)
  --cpu MODEL    the CPU model (power9)
  --nested       machines of an even seed have cap-nested-hv=on, and their guests enter guests of their own
  --seed N       of the first machine (random)
  --machines N   stop after N machines
  --json         the result as JSON
`,
};
const { values } = readOptions(command, {
  options: {
    minutes: { type: 'string', default: '30' },
    cpu: { type: 'string', default: 'power9' },
    seed: { type: 'string' },
    machines: { type: 'string' },
    nested: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const firstSeed =
  values.seed === undefined ? Math.floor(Math.random() * 2 ** 30) : wholeNumber(command, '--seed', values.seed);
const minutes = Number(values.minutes);
if (!(minutes > 0)) wrongOptions(command, `--minutes ${values.minutes}: a number above 0 is expected`);
const note = (text: string): void => void process.stderr.write(`${text}\n`);
note(`${values.cpu}, ${minutes} minutes, first seed ${firstSeed}`);
const result = await watch({
  cpu: values.cpu,
  minutes,
  firstSeed,
  nested: values.nested,
  ...(values.machines === undefined ? {} : { machines: wholeNumber(command, '--machines', values.machines, 1) }),
  progress: (text) => note(`${new Date().toISOString().slice(11, 19)} ${text}`),
});
const { tally, memory, seconds, processorSeconds } = result;
const report = {
  cpu: values.cpu,
  firstSeed,
  seconds: Math.round(seconds),
  processorSeconds: Math.round(processorSeconds),
  verdict: result.unavailable ? 'unavailable' : result.failure ? 'harm' : 'unharmed',
  ...((result.failure ?? result.unavailable) ? { cause: result.failure ?? result.unavailable } : {}),
  memory: { ...memory, growthLimit },
  ...(tally
    ? {
        machines: tally.machines,
        guests: tally.guests,
        instructions: tally.instructions,
        translatedInstructions: tally.translated,
        nestedInstructions: tally.nested,
        longestStepMilliseconds: Math.round(tally.longestStep),
        engines: Object.fromEntries(tally.engines),
        ends: Object.fromEntries(tally.ends),
        vectors: [...tally.vectors].sort(),
        calls: Object.fromEntries([...tally.calls].sort()),
      }
    : {}),
};
if (values.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
else {
  const names = Object.keys('calls' in report ? report.calls : {});
  for (const [name, value] of Object.entries(report)) {
    if (name === 'calls') process.stdout.write(`calls: ${names.length} names\n`);
    else process.stdout.write(`${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}\n`);
  }
}
process.exitCode = result.unavailable ? 69 : result.failure ? 1 : 0;
