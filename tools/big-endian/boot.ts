// npm run boot:big-endian [-- --only NAME] [--pages 64k|4k] [--keep FOLDER]: boots the big-endian guest in each setting here and on
// QEMU. Each boot must pass all checks and power off with status 0; the consoles must be the same.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasProgram } from '../../src/host/guest/program.ts';
import { streamProgress } from '../../src/host/progress.ts';
import { programPath, runChild } from '../../test/e2e/program.ts';
import { oneOf, readOptions } from '../tool-options.ts';
import { complaints, consoleDifferences } from './console-log.ts';
import { buildInitrd } from './guest-programs.ts';
import { buildKernel, pageSizes } from './kernel.ts';
import { BuildError } from './toolchain.ts';

/** The machines. `qemu: false`: QEMU 7.2 has no such CPU, or no threads of a core. */
const settings: readonly { name: string; cpu: string; smp: string; append?: string; qemu?: false }[] = [
  { name: 'power7', cpu: 'power7', smp: '2' },
  { name: 'power8', cpu: 'power8', smp: '2' },
  { name: 'power8-smt', cpu: 'power8', smp: '4,threads=4', qemu: false },
  { name: 'power9', cpu: 'power9_v2.0', smp: '2' },
  { name: 'power9-hash', cpu: 'power9_v2.0', smp: '2', append: 'disable_radix' },
  { name: 'power10', cpu: 'power10', smp: '2' },
  { name: 'power11', cpu: 'power11', smp: '2', qemu: false },
];

const command = {
  name: 'boot:big-endian',
  usage: `Usage: npm run boot:big-endian -- [options]
Boots a big-endian Linux in each setting, here and on QEMU, and compares.

  --only NAME     one of ${settings.map(({ name }) => name).join(', ')}; may be given several times
  --pages 4k      a kernel with pages of 4 KiB; else of 64 KiB
  --keep FOLDER   keep the consoles there
`,
};
const { values: options } = readOptions(command, {
  options: { only: { type: 'string', multiple: true }, pages: { type: 'string' }, keep: { type: 'string' } },
});
const names = settings.map(({ name }) => name);
for (const name of options.only ?? []) oneOf(command, '--only', name, names);
const pages = oneOf(command, '--pages', options.pages ?? '64k', pageSizes);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const qemu = 'qemu-system-ppc64';
// With several threads QEMU 7.2 ends at an assertion when a big-endian program uses lqarx.
const qemuOnly = ['-accel', 'tcg,thread=single'];

async function main(kernel: string, initrd: string): Promise<boolean> {
  const withQemu = hasProgram(qemu);
  if (!withQemu) say(`${qemu} is not installed: nothing is compared`);
  let good = true;
  for (const { name, cpu, smp, append = '', qemu: inQemu } of settings) {
    if (options.only !== undefined && !options.only.includes(name)) continue;
    const args = [
      '-M',
      'pseries-7.2',
      '-cpu',
      cpu,
      '-smp',
      smp,
      '-m',
      '512M',
      '-nographic',
      '-nodefaults',
      '-serial',
      'stdio',
    ];
    args.push('-kernel', kernel, '-initrd', initrd, '-append', `console=hvc0 ${append}`.trim());
    const boot = async (program: string, more: readonly string[]) => {
      const start = performance.now();
      const { status, stdout, stderr } = await runChild(program, [...args, ...more]);
      const output = stdout.toString();
      if (options.keep !== undefined)
        writeFileSync(join(options.keep, `${name}-${program === qemu ? 'qemu' : 'continuo'}.log`), output);
      const wrong = complaints(output);
      if (status !== 0) wrong.push(`(exit status ${status}: ${stderr.trim().split('\n').at(-1) ?? ''})`);
      const checks = output.split('\n').filter((line) => line.startsWith('ok ')).length;
      return { output, wrong, checks, seconds: ((performance.now() - start) / 1000).toFixed(1) };
    };
    const ours = await boot(programPath('continuo-system-ppc64'), []);
    const theirs = withQemu && inQemu !== false ? await boot(qemu, qemuOnly) : undefined;
    const comparable = theirs !== undefined && ours.wrong.length + theirs.wrong.length === 0;
    const differences = comparable ? consoleDifferences(ours.output, theirs.output) : [];
    const fine = ours.wrong.length + differences.length + (theirs?.wrong.length ?? 0) === 0;
    if (!fine) good = false;
    const other = theirs === undefined ? 'not compared' : `QEMU ${theirs.checks} in ${theirs.seconds} s`;
    say(`${fine ? 'ok  ' : 'FAIL'} ${name.padEnd(12)} ${ours.checks} checks in ${ours.seconds} s; ${other}`);
    for (const line of ours.wrong) say(`     Continuo: ${line}`);
    for (const line of theirs?.wrong ?? []) say(`     QEMU: ${line}`);
    for (const line of differences) say(`     only ${line}`);
  }
  return good;
}

const scratch = mkdtempSync(join(tmpdir(), 'continuo-big-endian-'));
try {
  const kernel = await buildKernel(pages, streamProgress(process.stderr));
  process.exitCode = (await main(kernel, await buildInitrd(scratch))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  process.stderr.write(`boot:big-endian: ${error.message}\n`);
  process.exitCode = 69;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
