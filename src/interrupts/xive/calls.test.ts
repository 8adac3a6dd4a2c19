// H_INT_* argument checks: the first bad argument decides the return code, and nothing has changed then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { testMachine } from '../test-machine.ts';

const RAM = 0x20_0000;
const LEVEL = 0x1200;
const codes = [-4n, -55n, -56n, -57n, -58n];

function open() {
  const machine = testMachine('dual', 2, RAM);
  machine.irq.claim(LEVEL, 'level');
  machine.irq.activate('xive');
  return machine;
}

const claimed = (lisn: bigint) => [0n, 1n, 0x1000n, 0x1001n, BigInt(LEVEL)].includes(lisn);
const server = (n: bigint) => n < 2n;
const priority = (n: bigint) => n < 7n;
const any = () => true;

/** For each call, which values of each argument are good. */
const rules: Readonly<Record<string, readonly ((value: bigint, args: readonly bigint[]) => boolean)[]>> = {
  H_INT_GET_SOURCE_INFO: [(f) => f === 0n, claimed],
  H_INT_SET_SOURCE_CONFIG: [
    (f) => f < 4n,
    claimed,
    (n, args) => args[3] === 0xffn || server(n),
    (n) => n === 0xffn || priority(n),
    (n, args) => args[3] === 0xffn || ((args[0] ?? 0n) & 2n) === 0n || n < 0x8000_0000n,
  ],
  H_INT_GET_SOURCE_CONFIG: [(f) => f === 0n, claimed],
  H_INT_GET_QUEUE_INFO: [(f) => f === 0n, server, priority],
  H_INT_SET_QUEUE_CONFIG: [
    (f) => f < 2n,
    server,
    priority,
    (address, args) => {
      const size = 1n << (args[4] ?? 0n);
      return args[4] === 0n || (address % size === 0n && address + size <= BigInt(RAM));
    },
    (shift) => [0n, 12n, 16n, 21n, 24n].includes(shift),
  ],
  H_INT_GET_QUEUE_CONFIG: [(f) => f < 2n, server, priority],
  H_INT_ESB: [(f) => f < 2n, claimed, (offset) => offset < 0x1_0000n, any],
  H_INT_SYNC: [(f) => f === 0n, claimed],
  H_INT_RESET: [(f) => f === 0n],
};

/** Calls that do not look at their arguments from left to right: priority before server, size before address. */
const orders: Readonly<Record<string, readonly number[]>> = {
  H_INT_SET_SOURCE_CONFIG: [0, 1, 3, 2, 4],
  H_INT_GET_QUEUE_INFO: [0, 2, 1],
  H_INT_SET_QUEUE_CONFIG: [0, 2, 1, 4, 3],
  H_INT_GET_QUEUE_CONFIG: [0, 2, 1],
};

const word = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, 6n, 7n, 8n, 12n, 16n, 21n, 24n, 0xffn, 0x1000n, 0x1200n, 0x2000n, 0x1f_0000n, 0x20_0000n),
  fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
);
const call = fc.constantFrom(...Object.keys(rules));

test('each H_INT call answers by its first bad argument, and a bad call changes nothing', () => {
  const machine = open();
  fc.assert(
    fc.property(call, fc.array(word, { minLength: 5, maxLength: 5 }), (name, args) => {
      const checks = rules[name] ?? [];
      const order = orders[name] ?? checks.map((_, n) => n);
      const bad = order.find((n) => checks[n]?.(args[n] ?? 0n, args) === false) ?? -1;
      const before = bad < 0 ? undefined : machine.irq.snapshot();
      const result = machine.hypercall(name, args);
      assert.equal(result.status, bad < 0 ? 0n : codes[bad]);
      if (before === undefined) return;
      assert.deepEqual(result.results, []);
      assert.deepEqual(machine.irq.snapshot(), before);
    }),
    { numRuns: 400 },
  );
});

test('reporting lines are not offered', () => {
  const machine = open();
  for (const name of ['H_INT_SET_OS_REPORTING_LINE', 'H_INT_GET_OS_REPORTING_LINE'])
    assert.equal(machine.hypercall(name, [0, 0]).status, -2n);
});

test('source information tells level sources, and H_INT_RESET turns sources off but leaves wires', () => {
  const machine = open();
  const none = 0xffff_ffff_ffff_ffffn;
  assert.deepEqual(machine.hypercall('H_INT_GET_SOURCE_INFO', [0, LEVEL]).results, [0xcn, none, none, 16n]);
  assert.deepEqual(machine.hypercall('H_INT_GET_SOURCE_INFO', [0, 0x1000]).results, [
    ...[0n, 0x6_0100_2001_0000n, 0x6_0100_2000_0000n, 16n],
  ]);
  machine.irq.setLevel(LEVEL, true);
  assert.equal(machine.hypercall('H_INT_ESB', [0, LEVEL, 0xc00, 0]).results[0], 1n);
  assert.equal(machine.hypercall('H_INT_ESB', [0, LEVEL, 0x800, 0]).results[0], 2n, 'the high wire is an event');

  assert.equal(machine.hypercall('H_INT_RESET', [0]).status, 0n);

  assert.equal(machine.hypercall('H_INT_ESB', [0, LEVEL, 0xc00, 0]).results[0], 1n);
  assert.equal(machine.hypercall('H_INT_ESB', [0, LEVEL, 0x800, 0]).results[0], 2n);
});

test('priority 0xff masks a source, size 0 removes a queue', () => {
  const { hypercall, irq, memory } = open();
  hypercall('H_INT_SET_QUEUE_CONFIG', [1, 1, 6, 0x1000, 12]);
  hypercall('H_INT_SET_SOURCE_CONFIG', [2, 0x1000, 1, 6, 0x77]);
  hypercall('H_INT_ESB', [0, 0x1000, 0xc00, 0]);
  assert.deepEqual(hypercall('H_INT_GET_SOURCE_CONFIG', [0, 0x1000]).results, [1n, 6n, 0x77n]);
  assert.deepEqual(hypercall('H_INT_GET_QUEUE_CONFIG', [0, 1, 6]).results, [1n, 0x1000n, 12n, 0n]);
  irq.pulse(0x1000);
  assert.equal(memory.read32(0x1000), 0x8000_0077);

  hypercall('H_INT_SET_SOURCE_CONFIG', [0, 0x1000, 1, 0xff, 0]);
  assert.deepEqual(hypercall('H_INT_GET_SOURCE_CONFIG', [0, 0x1000]).results, [0n, 0xffn, 0n]);
  hypercall('H_INT_SET_QUEUE_CONFIG', [0, 1, 6, 0, 0]);
  assert.deepEqual(hypercall('H_INT_GET_QUEUE_CONFIG', [1, 1, 6]).results, [0n, 0n, 0n, 0n]);
  hypercall('H_INT_ESB', [0, 0x1000, 0xc00, 0]);
  irq.pulse(0x1000);
  assert.equal(memory.read32(0x1004), 0);
});

test('a queue without "always notify" notifies once, until its own event state is ended', () => {
  const { hypercall, irq, memory, asserted } = open();
  const OS = 0x0006_0302_031a_0000n;
  const queueState = 0x0006_0100_400c_0000n;
  hypercall('H_INT_SET_QUEUE_CONFIG', [0, 0, 6, 0x1000, 12]);
  for (const lisn of [0x1000, 0x1001]) {
    hypercall('H_INT_SET_SOURCE_CONFIG', [2, lisn, 0, 6, lisn]);
    hypercall('H_INT_ESB', [0, lisn, 0xc00, 0]);
  }
  const accept = () => {
    irq.mmioWrite(0, OS + 0x11n, 1, 0xffn);
    return irq.mmioRead(0, OS + 0x810n, 2);
  };
  irq.pulse(0x1000);
  assert.equal(accept(), 0x8006n);

  irq.pulse(0x1001);

  assert.equal(memory.read32(0x1004), 0x8000_1001, 'the event is in the queue');
  assert.equal(accept(), 0x00ffn, 'but not notified');
  assert.equal(irq.mmioRead(0, queueState + 0x800n, 8), 3n);
  assert.equal(irq.mmioRead(0, queueState, 8), 1n, 'the EOI forwards what came meanwhile');
  assert.deepEqual([...asserted], [0]);
  assert.equal(accept(), 0x8006n);
  assert.equal(irq.mmioRead(0, queueState, 8), 0n);
});
