// What a start says before it runs: work-arounds only when asked for, what a host changes always.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptEnvironment } from './environment-gate.ts';
import { parseOptions } from './options/parse-options.ts';
import { planRun } from './plan-run.ts';
import { planSystem } from './plan-system.ts';

const time = { now: 0, localOffset: 0 };

/** The codes that a start of `continuo run` shows, in square brackets at the end of each line. */
function shown(...args: string[]): (string | undefined)[] {
  const { warnings } = acceptEnvironment(planRun(parseOptions(args, 'run'), time));
  return warnings.map((line) => /\[([^\]]+)\]$/.exec(line)?.[1]);
}

test('work-arounds that the engine does not need are shown with --verbose, or when they were asked for', () => {
  assert.deepEqual(shown(), []);
  assert.deepEqual(shown('--verbose'), ['W_SEC', 'W_SEC', 'W_SEC', 'W_SEC']);
  assert.deepEqual(shown('--machine', 'cap-ibs=fixed-na'), ['W_SEC']);
  const plan = planSystem(parseOptions(['-verbose', '-cpu', 'power9', '-kernel', 'vmlinux'], 'system'), time);
  assert.equal(acceptEnvironment(plan).warnings.length, 4);
});

test('what a host gives otherwise is shown at every start, once', () => {
  assert.deepEqual(shown('--host', 'power9-hv-6.1'), ['deviation pvr']);
  const pr = ['--machine', 'cap-ail-mode-3=off,cap-fwnmi=off,cap-large-decr=off,mmu-offer=hash'];
  assert.deepEqual(shown('--host', 'power9-pr-5.18', ...pr), ['W_IRQCHIP_FALLBACK']);
  assert.deepEqual(shown('--host', 'power9-hv-4.20-nested', '--machine', 'cap-ail-mode-3=off'), ['W_IRQCHIP_FALLBACK']);
});
