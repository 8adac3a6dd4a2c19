// What a comparison says about bars, wrong results and lying clocks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparisonReport, type ProgramRuns } from './comparison-report.ts';

function run(time: number, options: { outside?: number; checksum?: string } = {}) {
  return { time, outside: options.outside ?? time, processor: time, checksum: options.checksum ?? '1' };
}

function program(name: string, kind: string, qemu: number, continuo: number): ProgramRuns {
  return { name, kind, native: [run(10)], qemu: [run(qemu)], continuo: [run(continuo)] };
}

const lineWith = (lines: readonly string[], text: string): string => lines.find((line) => line.startsWith(text)) ?? '';

test('Twice the speed of QEMU in all programs meets the bar of the mean and of each program', () => {
  const lines = comparisonReport([program('crc', 'integer', 400, 200), program('fork', 'system', 800, 400)]);

  assert.match(lineWith(lines, 'mean of all'), /2\.00 .* met$/);
  assert.doesNotMatch(lineWith(lines, 'mean of all'), /not met/);
  assert.equal(lineWith(lines.slice(lines.indexOf('Bars')), 'crc'), '');
});

test('A slow program is named although the mean is met', () => {
  const lines = comparisonReport([program('crc', 'integer', 8000, 200), program('sieve', 'integer', 100, 200)]);

  assert.doesNotMatch(lineWith(lines, 'mean of integer'), /not met/);
  assert.match(lineWith(lines.slice(lines.indexOf('Bars')), 'sieve'), /0\.50 .*0\.7 .*not met/);
});

test('Results that differ are said', () => {
  const wrong: ProgramRuns = { ...program('crc', 'integer', 4, 2), continuo: [run(2, { checksum: '2' })] };

  assert.ok(comparisonReport([wrong]).some((line) => line === 'crc: results differ: 1, 2'));
});

test('A guest whose clock is slow is said, one with a slow console is not', () => {
  const liar: ProgramRuns = { ...program('crc', 'integer', 1000, 500), continuo: [run(500, { outside: 1500 })] };
  const slow: ProgramRuns = { ...program('sieve', 'integer', 1000, 500), continuo: [run(500, { outside: 530 })] };

  const lines = comparisonReport([liar, slow]);

  assert.ok(lines.includes('crc on continuo: 500 ms by its own clock, 1500 ms by ours'));
  assert.ok(!lines.some((line) => line.startsWith('sieve on')));
});

test('A program that ended without a result has no ratio, does not spoil the mean, and misses its bar', () => {
  const dead: ProgramRuns = { ...program('fork', 'system', 100, 100), continuo: [{ failure: 'the process ended' }] };

  const lines = comparisonReport([dead, program('exec', 'system', 300, 100)]);

  assert.match(lineWith(lines, 'mean of system'), /3\.00/);
  assert.match(lineWith(lines.slice(lines.indexOf('Bars')), 'fork'), /not met/);
  assert.ok(lines.includes('fork on continuo: the process ended'));
});
