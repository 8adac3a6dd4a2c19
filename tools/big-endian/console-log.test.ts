// The comparison of two consoles: it finds what matters and passes what may differ.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints, consoleDifferences } from './console-log.ts';

const boot = (more: readonly string[], counts = '1 2'): string =>
  [
    'Preparing to boot at 0x1000',
    '[    0.000000] lpar: Using radix MMU under hypervisor',
    '#1 SMP 2026-01-0[    0.092236] EEH: pSeries platform initialized',
    ` 16:  ${counts}  XIVE-IPI   0 Edge      IPI-0`,
    ...more,
    'ok   ELFv1 word',
    'continuo-init: all is well',
    '',
  ].join('\r\n');

test('counts, time stamps, and what the boot loader says may differ', () => {
  const memory = (free: number) =>
    `[    0.0] Memory: ${free}K/524288K available (3092K code, ${524288 - free}K reserved)`;
  const other = boot(['tbr=17', memory(509664), '[    0.1] checks-32[33]: User access'], '12 7')
    .replace('0.092236', '0.120334')
    .replace('0x1000', '0x2000');
  assert.deepEqual(
    consoleDifferences(boot(['tbr=4', memory(509676), '[    0.2] checks-32[34]: User access']), other),
    [],
  );
});

test('a line that only one has is a difference, and so is another value', () => {
  assert.deepEqual(consoleDifferences(boot(['HostThrs=4']), boot([])), ['Continuo  HostThrs=4']);
  const [ours, theirs] = [boot(['fact ELFv1 AT_HWCAP 0x1']), boot(['fact ELFv1 AT_HWCAP 0x2'])];
  assert.equal(consoleDifferences(ours, theirs).length, 2);
});

test('a boot complains about a failed check, an oops, and an end that was not reached', () => {
  assert.deepEqual(complaints(boot([])), []);
  assert.deepEqual(complaints(boot(['FAIL ELFv1 word: 0x1, expected 0x2'])), ['FAIL ELFv1 word: 0x1, expected 0x2']);
  assert.equal(complaints(boot(['[    1.0] Oops: Kernel access of bad area'])).length, 1);
  assert.equal(complaints('[    0.0] lpar').length, 2);
});
