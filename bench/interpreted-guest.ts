// A program: takes what `continuo-system-ppc64` takes for a kernel and an initrd, but interprets everything, translates nothing.
// It ends with a line of statistics on standard error.
import { readFile } from 'node:fs/promises';
import { acceptEnvironment } from '../src/cli/environment-gate.ts';
import { hostTime } from '../src/cli/host-time.ts';
import { parseOptions } from '../src/cli/options/parse-options.ts';
import { planSystem } from '../src/cli/plan-system.ts';
import { startMachine } from '../src/host/machine-runner.ts';

const plan = planSystem(parseOptions(process.argv.slice(2), 'system'), hostTime());
const { environment, provision } = acceptEnvironment(plan);
const machine = startMachine(
  {
    environment,
    provision,
    boot: {
      kind: 'kernel',
      kernel: await readFile(plan.files.kernel?.path ?? ''),
      initrd: await readFile(plan.files.initrd?.path ?? ''),
      commandLine: plan.append ?? '',
    },
    rtcBaseSeconds: plan.rtcBaseSeconds,
    noReboot: plan.noReboot,
    engine: 'interpreter',
    logItems: [],
  },
  { output: (bytes) => void process.stdout.write(bytes), log: () => {} },
);
process.stdin.on('data', (bytes: Buffer) => machine.input(bytes));
process.on('SIGTERM', () => machine.stop());
const { outcome, statistics } = await machine.ended;
process.stderr.write(`${outcome.kind}: ${statistics.instructions} guest instructions in ${statistics.seconds} s\n`);
process.exit(outcome.kind === 'power-off' || outcome.kind === 'stopped' ? 0 : 1);
