// XICS calls: return codes, and what becomes of sources whose routing changes while they wait.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testMachine } from '../test-machine.ts';

const MESSAGE = 0x1100;
const LEVEL = 0x1200;

function open(cpus: number) {
  const machine = testMachine('xics', cpus);
  machine.irq.claim(MESSAGE, 'message');
  machine.irq.claim(LEVEL, 'level');
  for (let cpu = 0; cpu < cpus; cpu++) machine.hypercall('H_CPPR', [0xff], cpu);
  return machine;
}

test('an interrupt that is withdrawn goes to the server it has been given meanwhile', () => {
  for (const irq of [MESSAGE, LEVEL]) {
    const machine = open(2);
    machine.rtas('ibm,set-xive', irq, 0, 5);
    if (irq === LEVEL) machine.irq.setLevel(irq, true);
    else machine.irq.pulse(irq);
    machine.rtas('ibm,set-xive', irq, 1, 5);
    assert.deepEqual([...machine.asserted], [0], 'still presented where it was');

    machine.hypercall('H_CPPR', [0], 0);

    assert.deepEqual([...machine.asserted], [1]);
    assert.deepEqual(machine.hypercall('H_XIRR', [], 1).results, [0xff00_0000n + BigInt(irq)]);
  }
});

test('a level interrupt is presented again after its EOI while the wire is high, and only then', () => {
  const machine = open(1);
  machine.rtas('ibm,set-xive', LEVEL, 0, 5);
  machine.irq.setLevel(LEVEL, true);
  const take = () => {
    const xirr = machine.hypercall('H_XIRR', []).results[0] ?? 0n;
    machine.irq.setLevel(LEVEL, true);
    assert.equal(machine.asserted.size, 0, 'not presented twice while in service');
    return xirr;
  };
  const first = take();
  assert.equal(machine.hypercall('H_EOI', [first]).status, 0n);
  assert.deepEqual([...machine.asserted], [0]);
  const second = take();
  machine.irq.setLevel(LEVEL, false);
  machine.hypercall('H_EOI', [second]);
  assert.deepEqual([...machine.asserted], []);
});

test('masking keeps a message until it is unmasked, and a second int-off keeps the priority', () => {
  const machine = open(1);
  machine.rtas('ibm,set-xive', MESSAGE, 0, 5);
  machine.rtas('ibm,int-off', MESSAGE);
  machine.rtas('ibm,int-off', MESSAGE);
  machine.irq.pulse(MESSAGE);
  assert.deepEqual(machine.rtas('ibm,get-xive', MESSAGE), [0, 0, 0xff]);
  assert.equal(machine.asserted.size, 0);
  machine.rtas('ibm,int-on', MESSAGE);
  assert.deepEqual(machine.rtas('ibm,get-xive', MESSAGE), [0, 0, 5]);
  assert.equal(machine.asserted.size, 1);
});

test('bad arguments give H_PARAMETER or -3 and change nothing', () => {
  const machine = open(2);
  const unsigned = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
  const badServer = unsigned.filter((server) => server > 1n);
  const badIrq = fc
    .integer({ min: 0, max: 0xffff_ffff })
    .filter((irq) => ![0x1000, 0x1001, MESSAGE, LEVEL].includes(irq));
  const before = machine.irq.snapshot();
  fc.assert(
    fc.property(badServer, badIrq, fc.integer({ min: 0x100, max: 0xffff_ffff }), (server, irq, priority) => {
      assert.equal(machine.hypercall('H_IPI', [server, 4]).status, -4n);
      assert.equal(machine.hypercall('H_IPOLL', [server]).status, -4n);
      for (const name of ['ibm,set-xive', 'ibm,get-xive', 'ibm,int-on', 'ibm,int-off'])
        assert.deepEqual(machine.rtas(name, irq, 0, 5), [-3]);
      assert.deepEqual(machine.rtas('ibm,set-xive', MESSAGE, Number(server & 0xffff_fffen) || 2, 5), [-3]);
      assert.deepEqual(machine.rtas('ibm,set-xive', MESSAGE, 0, priority), [-3]);
      if (irq > 0x2000) assert.equal(machine.hypercall('H_EOI', [0xff00_0000 + (irq & 0xffffff || 1)]).status, -4n);
      assert.deepEqual(machine.irq.snapshot(), before);
    }),
    { numRuns: 50 },
  );
});
