// msgsndp and msgclrp between the threads of a core (Power ISA Book III, section 11.3).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataPlane } from '../../test/data-plane-harness.ts';
import { pendingInterrupt } from './state.ts';

const tir = 446;
const dpdes = 176;
/** RB: type 5, thread n. */
const doorbell = (thread: number): bigint => (5n << 27n) | BigInt(thread);

/** Two cores of two threads. */
function twoCores(): DataPlane {
  const plane = new DataPlane({ cpus: 4 });
  plane.cpus.forEach((vcpu, n) => {
    vcpu.setSpr(tir, BigInt(n % 2));
  });
  return plane;
}

const waiting = (plane: DataPlane): boolean[] =>
  plane.cpus.map((vcpu) => (vcpu.pending & pendingInterrupt.doorbell) !== 0);

test('a doorbell reaches the named thread of the own core, and is taken back', () => {
  const plane = twoCores();
  plane.on(2, 'messageSend', doorbell(1));
  assert.deepEqual(waiting(plane), [false, false, false, true]);
  plane.on(3, 'messageSend', doorbell(0));
  assert.deepEqual(waiting(plane), [false, false, true, true]);
  assert.equal(plane.on(2, 'moveFromSpr', dpdes, 0n), 3n);
  assert.equal(plane.on(0, 'moveFromSpr', dpdes, 0n), 0n);
  plane.on(2, 'messageClear', doorbell(1));
  assert.deepEqual(waiting(plane), [false, false, true, false]);
});

test('a message of another type, or to a thread that the core has not, goes nowhere', () => {
  const plane = twoCores();
  for (const rb of [doorbell(2), doorbell(127), 1n, (4n << 27n) | 1n]) plane.on(1, 'messageSend', rb);
  plane.on(3, 'messageSend', doorbell(2));
  assert.deepEqual(waiting(plane), [false, false, false, false]);
});
