// A program: boots the default guest on Continuo (translator with radix and hash translation, interpreter) and on QEMU (default and light firmware), in turns.

import { fileURLToPath } from 'node:url';
import { defaultGuest } from '../src/host/guest/default-guest.ts';
import { streamProgress } from '../src/host/progress.ts';
import { readOptions, wholeNumber } from '../tools/tool-options.ts';
import { BenchError } from './bench-error.ts';
import { type BootMeasurement, measureBoot } from './boot-measurement.ts';
import { bootReport, bootSubjects } from './boot-report.ts';
import { loadNote, requireQemu } from './requirements.ts';
import { interpreter, qemu, type Subject } from './subjects.ts';

const command = {
  name: 'bench:boot',
  usage: `Usage: npm run bench:boot -- [options]
Boots the default guest on Continuo and on QEMU, and prints seconds, memory and speed (bench/README.md).

  --runs N   rounds (3)
  --json     the measurements as JSON
`,
};

async function main(): Promise<void> {
  const { values } = readOptions(command, {
    options: { runs: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const runs = wholeNumber(command, '--runs', values.runs ?? '3', 1);
  requireQemu();
  const progress = streamProgress(process.stderr);
  const files = await defaultGuest({}, progress);
  const guest = { kernel: files.kernelPath, initrd: files.initrdPath, commandLine: 'console=hvc0 quiet loglevel=0' };
  const continuoRun: Subject = {
    name: bootSubjects.translator,
    command: process.execPath,
    args: [fileURLToPath(new URL('../../bin/continuo', import.meta.url)), 'run', '--memory', '1G', '--statistics'],
  };
  const hashRun: Subject = {
    ...continuoRun,
    name: bootSubjects.hash,
    args: [...continuoRun.args, '--append', 'disable_radix'],
  };
  const subjects: { subject: Subject; boots: BootMeasurement[] }[] = [
    { subject: continuoRun, boots: [] },
    { subject: hashRun, boots: [] },
    { subject: { ...interpreter(guest), name: bootSubjects.interpreter }, boots: [] },
    { subject: { ...qemu(guest, 'default'), name: bootSubjects.qemu }, boots: [] },
    { subject: { ...qemu(guest, 'light'), name: bootSubjects.lightQemu }, boots: [] },
  ];
  for (let round = 1; round <= runs; round++) {
    await progress.step(`Round ${round} of ${runs}`, async (report) => {
      for (const { subject, boots } of subjects) {
        report(subject.name);
        const boot = await measureBoot(subject);
        if ('failure' in boot) throw new BenchError(boot.failure);
        boots.push(boot);
      }
    });
  }
  const results = subjects.map(({ subject: { name }, boots }) => ({ name, boots }));
  if (values.json) process.stdout.write(`${JSON.stringify({ runs, subjects: results })}\n`);
  else for (const line of [...bootReport(results), ...loadNote()]) process.stdout.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  process.stderr.write(`bench:boot: ${error.message}\n`);
  process.exitCode = 69;
}
