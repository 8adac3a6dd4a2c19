// The short form of `npm run fuzz:supervisor`: some machines of each kind of CPU, and that the checks can fail.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Engine } from '../../src/engine/engine.ts';
import { loadEngineImages } from '../../src/host/engine-images.ts';
import { Canaries } from './canaries.ts';
import { emptyTally, runMachine } from './run.ts';

const images = loadEngineImages();
const machines = 2;

for (const cpu of ['power7', 'power8', 'power9', 'power10', 'power11']) {
  test(`random supervisor code of ${machines} machines leaves the host unharmed, ${cpu}`, (t) => {
    const tally = emptyTally();
    for (let seed = 1; seed <= machines; seed++) runMachine(cpu, seed, images, tally);
    // Guests that all stop at once would show nothing.
    assert.ok(tally.instructions > machines * 500_000, `${tally.instructions} instructions`);
    assert.ok(tally.calls.size > 40, `${tally.calls.size} kinds of calls`);
    t.diagnostic(`${tally.guests} guests, ${tally.instructions} instructions, ${tally.calls.size} kinds of calls`);
  });
}

test('random guests of random hypervisors leave the host unharmed', (t) => {
  const tally = emptyTally();
  for (const [cpu, seed] of [
    ['power9', 1],
    ['power9', 2],
    ['power10', 3],
  ] as const) {
    runMachine(cpu, seed, images, tally, true);
  }
  assert.ok(tally.nested > 100_000, `${tally.nested} instructions of guests of guests`);
  t.diagnostic(`${tally.guests} guests, ${tally.instructions} instructions, ${tally.nested} of them nested`);
});

test('a write outside guest RAM is seen', () => {
  const host = { mmioRead: () => undefined, mmioWrite: () => false, ticks: () => 0, timerChanged: () => {} };
  const bytes = 1 << 20;
  const engine = new Engine(
    { vcpus: 2, ramBytes: bytes, hptBytes: 1 << 18, hptCapacity: 1 << 18, edition: '3.0', images },
    host,
  );
  const canaries = new Canaries(engine, true);
  assert.equal(canaries.damage(), undefined);
  assert.ok(canaries.bytes > 1 << 18);
  const all = new Uint8Array(engine.memory.buffer);
  // Guest RAM and the hash page table may be written.
  all[engine.hptPlaces.bases[0] - 1] = 1;
  all[engine.hptPlaces.bases[0]] = 1;
  assert.equal(canaries.damage(), undefined);
  all[engine.hptPlaces.bases[1]] = 1;
  assert.match(canaries.damage() ?? '', /outside guest RAM/);
});
