// Watchdog timers: capabilities, start and stop, running out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestMachine } from '../test-support.ts';

const watchdog = 0x45c;
const all = 0xffff_ffff_ffff_ffffn;

test('timers are started, started again, stopped, and run out once', () => {
  const machine = new TestMachine({ cpu: 'power9' });
  const call = (...args: bigint[]) => machine.call(watchdog, args).status;
  const { platform } = machine;
  assert.deepEqual(machine.call(watchdog, [0x300n]).results[0], (500n << 48n) | (4n << 32n));
  assert.equal(platform.deadline(), undefined);
  assert.equal(call(0x102n, 1n, 1000n), 0n);
  assert.equal(platform.deadline(), machine.ticks + 512_000_000n);
  assert.equal(call(0x101n, 2n, 500n), 0n);
  assert.equal(platform.deadline(), machine.ticks + 256_000_000n);
  machine.ticks += 256_000_000n;
  assert.deepEqual(platform.deadlineReached(), { kind: 'power-off' });
  assert.deepEqual(platform.deadlineReached(), { kind: 'continue' });
  assert.equal(call(0x102n, 1n, 2000n), 0n, 'again: a later deadline');
  machine.ticks += 512_000_000n;
  assert.deepEqual(platform.deadlineReached(), { kind: 'continue' });
  assert.equal(call(0x200n, 1n), 0n);
  assert.equal(call(0x200n, 1n), -63n);
  call(0x103n, 4n, 1000n);
  assert.equal(call(0x200n, all), 0n);
  assert.equal(platform.deadline(), undefined);
});

test('operations, actions, numbers and times that do not exist are refused in that order', () => {
  const machine = new TestMachine({ cpu: 'power9' });
  const call = (...args: bigint[]) => machine.call(watchdog, args).status;
  assert.equal(call(0x1_0102n, 1n, 1000n), -4n);
  assert.equal(call(0x500n, 1n), -4n);
  assert.equal(call(0x104n, 9n, 0n), -4n);
  assert.equal(call(0x101n, 0n, 0n), -55n);
  assert.equal(call(0x101n, 5n, 0n), -55n);
  assert.equal(call(0x101n, 1n, 499n), -56n);
  assert.equal(call(0x101n, 1n, all), 0n);
});
