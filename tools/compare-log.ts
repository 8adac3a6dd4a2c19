// A program: boots the default guest on Continuo and on QEMU with the same options and compares the kernel's logs line by line.
// Ends with 1 when a line differs that docs/kernel-log.md does not explain.
import { spawnSync } from 'node:child_process';
import { defaultGuest } from '../src/host/guest/default-guest.ts';
import { streamProgress } from '../src/host/progress.ts';
import { comparableLines, logDifferences, missingLines } from '../test/e2e/kernel-log.ts';
import { PtySession, programPath, shellPrompt } from '../test/e2e/program.ts';
import { readOptions } from './tool-options.ts';

const qemu = 'qemu-system-ppc64';
/** Wider than any line, so that the shell's line editor does not break what is typed. */
const terminal = { cols: 500, rows: 50 };

async function logOf(command: string, args: readonly string[]): Promise<string> {
  const session = new PtySession(command, args, terminal);
  try {
    await session.expect(shellPrompt);
    const log = await session.command('dmesg');
    session.type('poweroff -f\r');
    await session.ended();
    return log;
  } finally {
    session.close();
  }
}

/** The lines of both that one of `logDifferences` is about. */
function explained(log: string): string[] {
  const lines = log.split('\n').map((line) => line.replace(/^\[ *[\d.]+\] /, '').trimEnd());
  return lines.filter((line) => logDifferences.some(({ line: pattern }) => pattern.test(line)));
}

const command = {
  name: 'compare:log',
  usage: `Usage: npm run compare:log
Boots the default guest here and on QEMU and compares the kernel's logs (docs/kernel-log.md).
`,
};

async function main(): Promise<void> {
  readOptions(command, { options: {} });
  if (spawnSync(qemu, ['-version']).status !== 0) {
    process.stderr.write(`compare:log: ${qemu} is not installed: apt-get install qemu-system-ppc\n`);
    process.exitCode = 69;
    return;
  }
  const progress = streamProgress(process.stderr);
  const { kernelPath, initrdPath } = await defaultGuest({}, progress);
  const machine = ['-M', 'pseries', '-cpu', 'power9', '-smp', '2', '-m', '1G', '-nographic', '-nodefaults'];
  const files = ['-serial', 'stdio', '-kernel', kernelPath, '-initrd', initrdPath, '-append', 'console=hvc0'];
  const args = [...machine, ...files];
  const ours = await progress.step('Booting on Continuo', () => logOf(programPath('continuo-system-ppc64'), args));
  const theirs = await progress.step('Booting on QEMU', () => logOf(qemu, args));
  const [have, want] = [comparableLines(ours), comparableLines(theirs)];
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(`${want.length} lines compared; that differ and docs/kernel-log.md explains:`);
  for (const line of explained(theirs)) say(`  QEMU      ${line}`);
  for (const line of explained(ours)) say(`  Continuo  ${line}`);
  const [lost, added] = [missingLines(want, have), missingLines(have, want)];
  say(lost.length + added.length === 0 ? 'Nothing else differs.' : 'Also differ:');
  for (const line of lost) say(`  QEMU      ${line}`);
  for (const line of added) say(`  Continuo  ${line}`);
  if (lost.length + added.length > 0) process.exitCode = 1;
}

await main();
