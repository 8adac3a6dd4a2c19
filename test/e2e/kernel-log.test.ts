// The guest's kernel log is that of the same kernel on QEMU 7.2 (`-M pseries -cpu power9 -smp 2 -m 1G`, recorded with time
// stamps taken off), but for the differences that docs/kernel-log.md explains; and it has no warning at all.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { comparableLines } from './kernel-log.ts';
import { patientTime, programPath, runChild } from './program.ts';

const recorded = readFileSync(new URL('../../../test/data/kernel-log-qemu-7.2.txt', import.meta.url), 'utf8');

test("the kernel's log is that of QEMU, and has no warning", async (t) => {
  const command = "dmesg; echo '=== warnings'; dmesg -r | grep '^<[0-4]>'; true";
  const result = await runChild(programPath('continuo'), ['run', '--cpus', '2', ...patientTime, '--exec', command]);
  assert.equal(result.status, 0, result.stderr);
  const [log = '', warnings = ''] = result.stdout.toString().split('=== warnings\n');
  assert.doesNotMatch(warnings.replace(/^.*hrtimer: interrupt took.*$/m, ''), /\S/);

  const [version = ''] = /^Linux version .*$/m.exec(recorded) ?? [];
  if (!log.includes(version)) {
    t.diagnostic('the recorded log is of another kernel; only warnings were looked for');
    return;
  }
  assert.deepEqual(comparableLines(log), comparableLines(recorded));
});
