// The command behind `npm run lockstep`: boots the default guest on the interpreter and on the translator in step and
// compares all CPUs at the end of every slice, RAM now and then. On a difference both start again, and the slice that
// brought it is run in small pieces.
import { readFileSync } from 'node:fs';
import { engineKinds } from '../../src/engine/engine-kind.ts';
import { decide, findProfile } from '../../src/environment/index.ts';
import { loadEngineImages } from '../../src/host/engine-images.ts';
import { defaultGuest } from '../../src/host/guest/default-guest.ts';
import { streamProgress } from '../../src/host/progress.ts';
import { enableRelaxedSimd } from '../../src/host/runtime-features.ts';
import { oneOf, readOptions, wholeNumber, wrongOptions } from '../../tools/tool-options.ts';
import { findInSlice } from './slice.ts';
import { Twin, type TwinConfig, type TwinDifference } from './twin.ts';

const command = {
  name: 'lockstep',
  usage: `Usage: npm run lockstep -- [options]
  --instructions N   stop after N guest instructions (600000000)
  --memory-every N   compare RAM after every N rounds (2000)
  --every N          compare inside slices, too: at the first branch after each N instructions
  --engine KIND      ${engineKinds.slice(0, 1)} or stress
  --delayed          translations come later, as from a thread of their own
  --cpus N, --cpu MODEL, --memory SIZE, --append TEXT
  --quiet            do not show the guest's console
`,
};

const { values } = readOptions(command, {
  options: {
    instructions: { type: 'string', default: '600000000' },
    'memory-every': { type: 'string', default: '2000' },
    every: { type: 'string' },
    engine: { type: 'string', default: 'translator' },
    cpus: { type: 'string', default: '1' },
    cpu: { type: 'string', default: 'power9' },
    memory: { type: 'string', default: '512M' },
    append: { type: 'string', default: '' },
    delayed: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
});
const limit = wholeNumber(command, '--instructions', values.instructions, 1);
const memoryEvery = wholeNumber(command, '--memory-every', values['memory-every'], 1);
const every = values.every === undefined ? undefined : wholeNumber(command, '--every', values.every, 1);
const kind = oneOf(command, '--engine', values.engine, engineKinds);

async function twinConfig(): Promise<TwinConfig> {
  const host = findProfile('engine');
  if (!host) throw new Error('there is no profile of our own engine');
  const { cpu, cpus, memory } = values;
  const { environment, provision, reasons } = decide({ machine: 'pseries', cpu, cpus, memory }, host);
  if (!environment || !provision) wrongOptions(command, reasons.map(({ message }) => message).join('; '));
  const guest = await defaultGuest({}, streamProgress(process.stderr));
  return {
    environment,
    provision,
    boot: {
      kind: 'kernel',
      kernel: readFileSync(guest.kernelPath),
      initrd: readFileSync(guest.initrdPath),
      commandLine: `console=hvc0 ${values.append}`,
    },
    rtcBaseSeconds: 1_700_000_000,
    icountShift: 0,
    noReboot: true,
    logItems: [],
  };
}

function showDifference(found: TwinDifference): void {
  console.log(`\nround ${found.round}, ${found.instructions} instructions: interpreter / ${values.engine}`);
  console.log(found.text);
}

/** Repeats the boot up to the round before, then runs the round in pieces of growing size until they differ. */
function locate(make: () => Twin, round: number): void {
  for (const interval of [1, 64, 1024, 8192]) {
    const twin = make();
    while (twin.round < round - 1) twin.step();
    const text = findInSlice(twin, interval);
    if (text === undefined) continue;
    console.log(`in that round, looked at after every ${interval} instructions:\n${text}`);
    return;
  }
  console.log('the difference does not show when the round is run in pieces');
}

function compareRounds(twin: Twin): TwinDifference | undefined {
  const start = performance.now();
  while (twin.instructions < limit) {
    const outcome = twin.step();
    const difference = twin.compareCpus() ?? (twin.round % memoryEvery === 0 ? twin.compareMemory() : undefined);
    if (difference) return difference;
    if (outcome) {
      console.log(`\nthe guest ended: ${outcome.kind}`);
      break;
    }
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(`\n${twin.round} rounds, ${twin.instructions} instructions on each machine, ${seconds} s`);
  console.log(`translated: ${JSON.stringify(twin.translator.statistics().profile.translator)}`);
  return twin.compareMemory();
}

async function main(): Promise<number> {
  const config = await twinConfig();
  enableRelaxedSimd();
  const images = loadEngineImages();
  const make = (write: (bytes: Uint8Array) => void) =>
    new Twin(config, { kind, delayed: values.delayed }, images, write);
  const silent = () => {};
  const twin = make(values.quiet ? silent : (bytes) => void process.stdout.write(bytes));
  if (every !== undefined) twin.watch(every);
  const difference = compareRounds(twin);
  if (!difference) {
    console.log('no difference');
    return 0;
  }
  showDifference(difference);
  locate(() => make(silent), difference.round);
  return 1;
}

process.exitCode = await main();
