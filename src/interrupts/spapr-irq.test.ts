// The machine's interrupt controllers: which one answers, switching, numbers in both or none, saved state.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InterruptNumberError, SnapshotError, type SourceKind } from './controller.ts';
import { claimInAll } from './spapr-irq.ts';
import { testMachine } from './test-machine.ts';

const XICS_CALLS = ['H_EOI', 'H_CPPR', 'H_IPI', 'H_IPOLL', 'H_XIRR', 'H_XIRR_X'];
const RTAS_CALLS = ['ibm,set-xive', 'ibm,get-xive', 'ibm,int-off', 'ibm,int-on'];
const LEVEL = 0x1200;
const OS_RING = 0x0006_0302_031a_0010n;

test('dual: XICS answers until CAS chooses XIVE, then XIVE alone, until reset', () => {
  const machine = testMachine('dual', 1);
  const xics = () => {
    assert.equal(machine.irq.active, 'xics');
    for (const name of XICS_CALLS) assert.equal(machine.hypercall(name, [0, 0]).status, 0n, name);
    assert.deepEqual(machine.rtas('ibm,get-xive', 0x1000), [0, 0, 0xff]);
    assert.equal(machine.hypercall('H_INT_SYNC', [0, 0]).status, -2n);
    assert.equal(machine.irq.containsMmio(0x60302, 0x031a_0000), false);
    assert.equal(machine.irq.mmioRead(0, OS_RING, 8), 0xffff_ffff_ffff_ffffn);
    assert.equal(machine.irq.tree().node.name, 'interrupt-controller');
  };
  xics();
  machine.irq.activate('xive');
  assert.equal(machine.irq.active, 'xive');
  for (const name of XICS_CALLS) assert.equal(machine.hypercall(name, [0, 0]).status, -1n, name);
  for (const name of RTAS_CALLS) assert.deepEqual(machine.rtas(name, 0x1000, 0, 5), [-1]);
  assert.equal(machine.hypercall('H_INT_SYNC', [0, 0]).status, 0n);
  assert.equal(machine.irq.containsMmio(0x60302, 0x031a_0000), true);
  assert.equal(machine.irq.tree().node.name, 'interrupt-controller@60302031b0000');
  machine.irq.reset();
  xics();
});

test('xive only: H_INT calls wait for CAS, XICS is no function', () => {
  const machine = testMachine('xive', 1);
  assert.equal(machine.irq.active, 'xive');
  assert.equal(machine.hypercall('H_INT_SYNC', [0, 0]).status, -2n);
  for (const name of XICS_CALLS) assert.equal(machine.hypercall(name, [0, 0]).status, -2n, name);
  for (const name of RTAS_CALLS) assert.deepEqual(machine.rtas(name, 0x1000, 0, 5), [-1]);
  machine.irq.activate('xive');
  assert.equal(machine.hypercall('H_INT_SYNC', [0, 0]).status, 0n);
  machine.irq.reset();
  assert.equal(machine.hypercall('H_INT_SYNC', [0, 0]).status, -2n);
  assert.throws(() => machine.irq.activate('xics'), RangeError);
});

test('xics only: there is no XIVE to choose', () => {
  const machine = testMachine('xics', 1);
  assert.equal(machine.irq.offers('xive'), false);
  assert.throws(() => machine.irq.activate('xive'), RangeError);
  assert.deepEqual(
    machine.irq.hypercalls.map(({ name }) => name),
    XICS_CALLS,
  );
});

test('a thousand switches leave the state of the first start', () => {
  const machine = testMachine('dual', 2);
  machine.irq.claim(LEVEL, 'level');
  const start = machine.irq.snapshot();
  for (let i = 0; i < 1000; i++) {
    machine.hypercall('H_CPPR', [0xff], 1);
    machine.hypercall('H_IPI', [1, 4]);
    assert.deepEqual([...machine.asserted], [1]);
    machine.irq.activate('xive');
    assert.equal(machine.asserted.size, 0, 'the line of the old controller is low');
    machine.irq.mmioWrite(0, OS_RING + 1n, 1, 0xffn);
    machine.irq.mmioWrite(0, 0x0006_0302_031a_0812n, 1, 6n);
    assert.deepEqual([...machine.asserted], [0]);
    machine.irq.reset();
    assert.equal(machine.asserted.size, 0);
  }
  assert.deepEqual(machine.irq.snapshot(), start);
});

test('a wire that is high stays high through a switch', () => {
  const machine = testMachine('dual', 1);
  machine.irq.claim(LEVEL, 'level');
  machine.irq.setLevel(LEVEL, true);
  machine.irq.activate('xive');
  machine.hypercall('H_INT_SET_QUEUE_CONFIG', [1, 0, 6, 0x1000, 12]);
  machine.hypercall('H_INT_SET_SOURCE_CONFIG', [2, LEVEL, 0, 6, 0x20]);
  machine.irq.mmioWrite(0, OS_RING + 1n, 1, 0xffn);
  assert.equal(machine.asserted.size, 0);
  machine.hypercall('H_INT_ESB', [0, LEVEL, 0xc00, 0]);
  assert.equal(machine.asserted.size, 1);
  assert.equal(machine.memory.read32(0x1000), 0x8000_0020);
});

test('a number is claimed in every controller or in none', () => {
  const log: string[] = [];
  const controller = (name: string, refuses: boolean) => ({
    claim: (irq: number, kind: SourceKind) => {
      if (refuses) throw new InterruptNumberError('E_IRQ_TAKEN', 'taken');
      log.push(`${name} claim ${irq} ${kind}`);
    },
    free: (irq: number) => void log.push(`${name} free ${irq}`),
  });
  assert.throws(
    () => claimInAll([controller('a', false), controller('b', true)], 0x1100, 'level'),
    InterruptNumberError,
  );
  assert.deepEqual(log, ['a claim 4352 level', 'a free 4352']);

  const { irq } = testMachine('dual', 1);
  irq.claim(0x1100, 'message');
  const code = (expected: string) => (error: unknown) =>
    error instanceof InterruptNumberError && error.code === expected;
  assert.throws(() => irq.claim(0x1100, 'message'), code('E_IRQ_TAKEN'));
  assert.throws(() => irq.claim(0x1000, 'message'), code('E_IRQ_TAKEN'), 'EPOW is there from the start');
  assert.throws(() => irq.claim(0x2000, 'message'), code('E_IRQ_RANGE'));
  assert.throws(() => irq.claim(5, 'message'), code('E_IRQ_RANGE'));
  irq.free(0x1100);
  assert.throws(() => irq.free(0x1100), code('E_IRQ_FREE'));
  irq.claim(0x1100, 'level');
});

test('message numbers are handed out in aligned runs until none is left', () => {
  const { irq } = testMachine('dual', 1);
  assert.equal(irq.allocateMsi(3), 0x1300);
  assert.equal(irq.allocateMsi(4, 4), 0x1304);
  assert.equal(irq.allocateMsi(1), 0x1303);
  irq.freeMsi(0x1300, 3);
  assert.equal(irq.allocateMsi(2), 0x1300);
  irq.allocateMsi(0x2000 - 0x1308);
  assert.throws(() => irq.allocateMsi(2), InterruptNumberError);
  assert.equal(irq.allocateMsi(1), 0x1302);
});

test('saved state goes to another machine with its claims; bad state is refused and nothing changes', () => {
  const source = testMachine('dual', 2);
  source.irq.allocateMsi(2);
  source.irq.activate('xive');
  source.irq.mmioWrite(1, OS_RING + 1n, 1, 0xffn);
  source.irq.mmioWrite(1, 0x0006_0302_031a_0812n, 1, 6n);
  const saved: unknown = JSON.parse(JSON.stringify(source.irq.snapshot()));

  const target = testMachine('dual', 2);
  target.irq.restore(saved);
  assert.deepEqual(target.irq.snapshot(), saved);
  assert.deepEqual([...target.asserted], [1]);
  assert.equal(target.irq.allocateMsi(1), 0x1302);

  const other = testMachine('dual', 1);
  const before = other.irq.snapshot();
  const bad: unknown[] = [undefined, 7, {}, saved, { ...(other.irq.snapshot() as object), active: 'gic' }];
  for (const state of bad) {
    assert.throws(() => other.irq.restore(state), SnapshotError);
    assert.deepEqual(other.irq.snapshot(), before);
  }
  assert.throws(() => testMachine('xics', 2).irq.restore(saved), SnapshotError);
});

test('a vCPU that goes leaves no line high, and its interrupts wait for a new server', () => {
  const machine = testMachine('dual', 2);
  machine.hypercall('H_CPPR', [0xff], 0);
  machine.hypercall('H_CPPR', [0xff], 1);
  machine.rtas('ibm,set-xive', 0x1000, 1, 5);
  machine.irq.pulse(0x1000);
  assert.deepEqual([...machine.asserted], [1]);
  machine.irq.attach([{ index: 0, server: 0 }]);
  assert.equal(machine.asserted.size, 0);
  assert.equal(machine.hypercall('H_IPI', [1, 4]).status, -4n);
  machine.rtas('ibm,set-xive', 0x1000, 0, 5);
  assert.deepEqual([...machine.asserted], [0]);
  assert.throws(() => machine.irq.attach([{ index: 0, server: 2 }]), RangeError);
});
