// One inter-processor interrupt and one device interrupt on XICS, call by call, as an unmodified Linux makes them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testMachine } from '../test-machine.ts';

test('an IPI is signalled, accepted, cleared and ended', () => {
  const { hypercall, asserted } = testMachine('dual', 2);
  for (const cpu of [0, 1]) assert.equal(hypercall('H_CPPR', [0xff], cpu).status, 0n);

  assert.equal(hypercall('H_IPI', [1, 4], 0).status, 0n);

  assert.deepEqual([...asserted], [1]);
  assert.deepEqual(hypercall('H_IPOLL', [1]), { status: 0n, results: [0xff00_0002n, 4n] });
  assert.deepEqual(hypercall('H_XIRR', [0xff], 1), { status: 0n, results: [0xff00_0002n] });
  assert.deepEqual([...asserted], []);
  assert.deepEqual(hypercall('H_IPOLL', [1]).results, [0x0400_0000n, 4n], 'CPPR is the priority of the IPI');
  assert.equal(hypercall('H_IPI', [1, 0xff], 1).status, 0n);
  assert.equal(hypercall('H_EOI', [0xff00_0002], 1).status, 0n);
  assert.deepEqual([...asserted], []);
  assert.deepEqual(hypercall('H_IPOLL', [1]).results, [0xff00_0000n, 0xffn]);
});

test('a device interrupt follows ibm,set-xive and ibm,int-on', () => {
  const { hypercall, rtas, irq, asserted } = testMachine('xics', 1);
  hypercall('H_CPPR', [0xff]);
  irq.pulse(0x1000);
  assert.deepEqual([...asserted], [], 'masked after reset');
  assert.deepEqual(rtas('ibm,set-xive', 0x1000, 0, 5), [0]);
  assert.deepEqual(rtas('ibm,int-on', 0x1000), [0]);
  assert.deepEqual(rtas('ibm,get-xive', 0x1000), [0, 0, 5]);
  assert.deepEqual([...asserted], [0], 'what came while masked is delivered');
  assert.deepEqual(hypercall('H_XIRR_X', []), { status: 0n, results: [0xff00_1000n, 0x1234_5678_9abcn] });
  assert.equal(hypercall('H_EOI', [0xff00_1000]).status, 0n);
  assert.deepEqual([...asserted], []);
});
