// Guests of the guest (cap-nested-hv): a hypervisor enters them, and sees why they leave (specification section 8; Power ISA
// v3.1 Book III, chapters 6 and 7).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hypervisor, place, realMode } from './hypervisor.ts';

test('a guest runs with the registers that it is given, and its hypervisor finds what it left', () => {
  const h = new Hypervisor();
  assert.equal(h.setTable(), 0n);
  h.partition(1).map(0n, h.memoryOf(1), 21n);
  h.program(1, 0x1000n, 'add r3, r3, r4\n mtlr r3\n li r5, 7\n sc 1\n');
  const trap = h.enter({ registers: { nip: 0x1000n, msr: realMode, r3: 0x1111n, r4: 0x2222n } });
  assert.equal(trap, 0xc00n);
  assert.equal(h.register('r3'), 0x3333n);
  assert.equal(h.register('r5'), 7n);
  assert.equal(h.register('nip'), 0x1010n);
  assert.equal(h.register('link'), 0x3333n);
  assert.equal(h.register('msr'), realMode);
  assert.equal(h.load(place.state), 2n);
});
