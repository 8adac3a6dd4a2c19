// One inter-processor interrupt on XIVE, register by register, as an unmodified Linux drives it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testMachine } from '../test-machine.ts';

const TIMA_OS = 0x0006_0302_031a_0000n;
const trigger = (lisn: bigint) => 0x0006_0100_0000_0000n + lisn * 0x2_0000n;
const management = (lisn: bigint) => trigger(lisn) + 0x1_0000n;
const QUEUE = 0x1_0000;

function booted() {
  const machine = testMachine('dual', 2);
  const { irq, hypercall } = machine;
  irq.activate('xive');
  for (const cpu of [0, 1]) {
    assert.deepEqual(hypercall('H_INT_GET_QUEUE_INFO', [0, cpu, 6]), {
      status: 0n,
      results: [0x6_0100_400c_0000n + BigInt(cpu) * 0x10_0000n, 0n],
    });
    assert.equal(hypercall('H_INT_SET_QUEUE_CONFIG', [1, cpu, 6, QUEUE * (cpu + 1), 16]).status, 0n);
    assert.deepEqual(hypercall('H_INT_GET_SOURCE_INFO', [0, cpu]), {
      status: 0n,
      results: [0n, management(BigInt(cpu)), trigger(BigInt(cpu)), 16n],
    });
    assert.equal(hypercall('H_INT_SET_SOURCE_CONFIG', [2, cpu, cpu, 6, 0x10]).status, 0n);
    assert.equal(irq.mmioRead(cpu, management(BigInt(cpu)) + 0xc00n, 8), 1n, 'a fresh source is off');
    irq.mmioWrite(cpu, TIMA_OS + 0x11n, 1, 0xffn);
  }
  return machine;
}

test('an IPI runs through source, queue and presenter of the target only', () => {
  const { irq, memory, asserted } = booted();

  irq.mmioWrite(0, trigger(1n), 8, 0n);

  assert.deepEqual([...asserted], [1]);
  assert.equal(memory.read32(2 * QUEUE), 0x8000_0010);
  assert.equal(irq.mmioRead(1, management(1n) + 0x800n, 8), 2n, 'P is set');
  assert.equal(irq.mmioRead(1, TIMA_OS + 0x10n, 8), 0x80ff_02ff_ff00_0006n, 'OS ring before');
  assert.equal(irq.mmioRead(1, TIMA_OS + 0x810n, 2), 0x8006n);
  assert.deepEqual([...asserted], [], 'accepting lowers the line');
  assert.equal(irq.mmioRead(1, TIMA_OS + 0x10n, 8), 0x0006_00ff_ff00_00ffn, 'OS ring after');
  assert.equal(irq.mmioRead(1, management(1n) + 0xc00n, 8), 2n, 'EOI shows what was pending');
  irq.mmioWrite(1, TIMA_OS + 0x11n, 1, 0xffn);
  assert.deepEqual([...asserted], []);
  assert.equal(memory.read32(QUEUE), 0, 'the other queue is untouched');
});

test('triggers while one is pending are coalesced into Q, which the EOI load reports', () => {
  const { irq, memory } = booted();
  for (let i = 0; i < 3; i++) irq.mmioWrite(0, trigger(1n), 8, 0n);
  assert.equal(memory.read32(2 * QUEUE + 4), 0);
  assert.equal(irq.mmioRead(1, management(1n) + 0xc00n, 8), 3n);
  irq.mmioWrite(1, trigger(1n), 8, 0n);
  assert.equal(memory.read32(2 * QUEUE + 4), 0x8000_0010);
});

test('the generation bit changes with each pass through the queue', () => {
  const machine = booted();
  const { irq, memory } = machine;
  const size = 1 << 12;
  assert.equal(machine.hypercall('H_INT_SET_QUEUE_CONFIG', [1, 1, 6, QUEUE, 12]).status, 0n);
  const send = () => {
    irq.mmioWrite(0, trigger(1n), 8, 0n);
    irq.mmioRead(1, management(1n) + 0xc00n, 8);
  };
  const entries = size / 4;
  for (let i = 0; i < entries; i++) send();
  for (let i = 0; i < entries; i++) assert.equal(memory.read32(QUEUE + 4 * i), 0x8000_0010);
  assert.equal(memory.read32(QUEUE + size), 0, 'nothing past the end');
  send();
  assert.deepEqual([memory.read32(QUEUE), memory.read32(QUEUE + 4)], [0x10, 0x8000_0010]);
  assert.deepEqual(machine.hypercall('H_INT_GET_QUEUE_CONFIG', [1, 1, 6]).results, [1n, BigInt(QUEUE), 12n, 1n]);
});
