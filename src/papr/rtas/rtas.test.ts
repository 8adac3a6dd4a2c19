// RTAS calls one by one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interruptHypercalls, interruptRtasCalls } from '../interrupt-calls.ts';
import { TestMachine, testEnvironment, testImage } from '../test-support.ts';

const power9 = (cpus = '1'): TestMachine => new TestMachine({ cpu: 'power9', cpus });
const token = testEnvironment({ cpu: 'power9' }).rtas;

/** Calls by name. */
function rtas(
  machine: TestMachine,
  name: keyof typeof token,
  args: readonly number[],
  results: number,
): readonly number[] {
  return machine.rtas(token[name] ?? 0, args, results).returns;
}

test('the clock is read and set in UTC; dates that do not exist are refused', () => {
  const machine = power9();
  machine.clock = BigInt(Date.UTC(2026, 10, 21, 5, 1, 38)) * 1_000_000n + 123n;
  assert.deepEqual(rtas(machine, 'get-time-of-day', [], 8), [0, 2026, 11, 21, 5, 1, 38, 123]);
  assert.deepEqual(rtas(machine, 'set-time-of-day', [2000, 2, 29, 23, 59, 59, 7], 1), [0]);
  assert.equal(machine.clock, BigInt(Date.UTC(2000, 1, 29, 23, 59, 59)) * 1_000_000n + 7n);
  for (const date of [
    [2001, 2, 29, 0, 0, 0, 0],
    [2001, 13, 1, 0, 0, 0, 0],
    [2001, 1, 1, 24, 0, 0, 0],
    [1969, 1, 1, 0, 0, 0, 0],
    [0xffff_ffff, 1, 1, 0, 0, 0, 0],
    [2001, 1, 1, 0, 0, 0, 1_000_000_000],
  ]) {
    assert.deepEqual(rtas(machine, 'set-time-of-day', date, 1), [-3]);
  }
});

test('power-off, reboot and panic end the run; the panic text loses what could command a terminal', () => {
  const machine = power9();
  const effect = (name: keyof typeof token, args: readonly number[]) => machine.rtas(token[name] ?? 0, args, 1).effect;
  assert.deepEqual(effect('power-off', [0xffff_ffff, 0xffff_ffff]), { kind: 'power-off' });
  assert.deepEqual(effect('system-reboot', []), { kind: 'reset' });
  const text = machine.text(0x60_0000, 'VFS: \x1b[31mno root\n');
  assert.deepEqual(effect('ibm,os-term', [text]), { kind: 'guest-panic', message: 'VFS:  [31mno root' });
  assert.deepEqual(effect('ibm,os-term', [0x7fff_ffff]), { kind: 'guest-panic', message: '' });
});

test('NVRAM keeps what is stored, refuses what is outside, and can outlive a machine', () => {
  const machine = power9();
  machine.text(0x60_0000, 'hello');
  assert.deepEqual(rtas(machine, 'nvram-store', [0xfffa, 0x60_0000, 6], 2), [0, 6]);
  assert.deepEqual(rtas(machine, 'nvram-fetch', [0xfffa, 0x60_0100, 6], 2), [0, 6]);
  assert.equal(machine.memory.readString(0x60_0100), 'hello');
  assert.deepEqual(rtas(machine, 'nvram-fetch', [0xfffb, 0x60_0100, 6], 2), [-3, 0]);
  assert.deepEqual(rtas(machine, 'nvram-store', [0, 0x7f_fffe, 6], 2), [-3, 0]);
  machine.platform.reset();
  assert.deepEqual(rtas(machine, 'nvram-fetch', [0xfffa, 0x60_0200, 6], 2), [0, 6]);
  assert.equal(machine.memory.readString(0x60_0200), 'hello');
});

test('system parameters: a length, then what fits', () => {
  const machine = power9('2');
  assert.deepEqual(rtas(machine, 'ibm,get-system-parameter', [0x2c, 0x60_0000, 0x1000], 1), [-3]);
  assert.deepEqual(rtas(machine, 'ibm,get-system-parameter', [20, 0x60_0000, 0x1000], 1), [0]);
  const text = 'MaxEntCap=2,DesMem=1024,DesProcs=2,MaxPlatProcs=2,HostThrs=4';
  assert.equal(machine.memory.read16(0x60_0000), text.length + 1);
  assert.equal(machine.memory.readString(0x60_0002), text);
  machine.memory.fill(0x60_0000, 16, 0xee);
  assert.deepEqual(rtas(machine, 'ibm,get-system-parameter', [20, 0x60_0000, 5], 1), [0]);
  assert.deepEqual([...machine.memory.readBytes(0x60_0002, 4)], [...Buffer.from('Max'), 0xee]);
  assert.deepEqual(rtas(machine, 'ibm,get-system-parameter', [20, 0x7f_ffff, 5], 1), [-3]);
  assert.deepEqual(rtas(machine, 'ibm,set-system-parameter', [42, 0x60_0000], 1), [-9002]);
  assert.deepEqual(rtas(machine, 'ibm,set-system-parameter', [43, 0x60_0000], 1), [-3]);
});

test('stop-self stops the caller; query and start-cpu refuse numbers that no vCPU has', () => {
  const machine = power9('2');
  assert.equal(machine.rtas(token['stop-self'] ?? 0, [], 1).effect.kind, 'stop-self');
  assert.deepEqual(rtas(machine, 'query-cpu-stopped-state', [0], 2), [0, 2]);
  assert.deepEqual(rtas(machine, 'query-cpu-stopped-state', [2], 2).slice(0, 1), [-3]);
  assert.deepEqual(rtas(machine, 'start-cpu', [0xffff_ffff, 0, 0], 1), [-3]);
});

test('machine checks: handlers are kept until a reset; without FWNMI the call is not there', () => {
  const machine = power9();
  assert.deepEqual(rtas(machine, 'ibm,nmi-interlock', [], 1), [-3]);
  assert.deepEqual(rtas(machine, 'ibm,nmi-register', [0x1920, 0x1990], 1), [0]);
  assert.deepEqual(machine.platform.nmiHandlers(), { systemReset: 0x1920, machineCheck: 0x1990 });
  assert.deepEqual(rtas(machine, 'ibm,nmi-interlock', [], 1), [0]);
  assert.deepEqual(rtas(machine, 'ibm,nmi-register', [0x1922, 0x80_0000], 1), [-3]);
  machine.platform.reset();
  assert.equal(machine.platform.nmiHandlers(), undefined);
  const without = new TestMachine({ cpu: 'power9', 'cap-fwnmi': 'off' });
  assert.deepEqual(rtas(without, 'ibm,nmi-register', [0x1920, 0x1990], 1), [-3]);
});

test('PCI: nothing is plugged, so configuration reads are all ones', () => {
  const machine = power9();
  const host = [0x0800_0000, 0x2000_0000] as const;
  assert.deepEqual(rtas(machine, 'ibm,read-pci-config', [0, ...host, 4], 2), [0, -1]);
  assert.deepEqual(rtas(machine, 'ibm,read-pci-config', [0, ...host, 2], 2), [0, 0xffff]);
  assert.deepEqual(rtas(machine, 'ibm,read-pci-config', [0, 0, 1, 4], 2).slice(0, 1), [-3]);
  assert.deepEqual(rtas(machine, 'ibm,read-pci-config', [0, ...host, 3], 2).slice(0, 1), [-3]);
  assert.deepEqual(rtas(machine, 'ibm,write-pci-config', [0, ...host, 4, 1], 1), [0]);
  assert.deepEqual(rtas(machine, 'ibm,change-msi', [0, ...host, 1, 1, 0], 3).slice(0, 1), [-3]);
  assert.deepEqual(rtas(machine, 'ibm,query-pe-dma-window', [0, ...host], 5).slice(0, 1), [-3]);
});

test('connectors: CPUs are there, PCI slots are empty, others do not exist', () => {
  const machine = power9('2');
  const sense = (index: number) => rtas(machine, 'get-sensor-state', [9003, index], 2);
  assert.deepEqual(sense(0x1000_0001), [0, 1]);
  assert.deepEqual(sense(0x4000_0010), [0, 0]);
  assert.deepEqual(sense(0x1000_0002).slice(0, 1), [-3]);
  assert.deepEqual(sense(0x9000_0000).slice(0, 1), [-3]);
  assert.deepEqual(rtas(machine, 'set-indicator', [9002, 0x1000_0000, 1], 1), [0]);
  assert.deepEqual(rtas(machine, 'set-indicator', [9001, 0x1000_0000, 0], 1), [-1]);
  machine.put(0x60_0000, 0x2000_0003);
  assert.deepEqual(rtas(machine, 'ibm,configure-connector', [0x60_0000, 0], 1), [-9003]);
  assert.deepEqual(rtas(machine, 'ibm,configure-connector', [0xffff_fff0, 0], 1), [-3]);
  assert.deepEqual(rtas(machine, 'get-power-level', [0xffff_ffff], 2), [0, 100]);
});

test('no events, the operator panel is the console, suspension is refused', () => {
  const machine = power9();
  assert.deepEqual(rtas(machine, 'event-scan', [0xffff_ffff, 0, 0x60_0000, 0x800], 1), [1]);
  assert.deepEqual(rtas(machine, 'check-exception', [0, 0, 0, 0, 0, 0], 1), [1]);
  for (const character of 'Linux') rtas(machine, 'display-character', [character.charCodeAt(0)], 1);
  assert.equal(machine.output, 'Linux');
  assert.deepEqual(rtas(machine, 'ibm,suspend-me', [], 1), [-9004]);
});

test('wrong counts of cells and unknown tokens are -3; cells outside RAM are H_PARAMETER', () => {
  const machine = power9();
  assert.deepEqual(rtas(machine, 'get-time-of-day', [1], 8).slice(0, 1), [-3]);
  assert.deepEqual(machine.rtas(0x2100, [], 1).returns, [-3]);
  assert.equal(machine.platform.counts.get('RTAS 0x2100'), 1);
  assert.equal(machine.platform.counts.get('RTAS get-time-of-day'), 1);
  assert.equal(machine.call(0xf000, [0x7f_fff8n]).status, -4n);
  machine.put(0x7f_fff0, token['get-time-of-day'] ?? 0, 0, 8);
  assert.equal(machine.call(0xf000, [0x7f_fff0n]).status, -4n, 'results would end outside RAM');
});

test('calls of the interrupt layer are reached by name with their own counts', () => {
  const machine = new TestMachine({ cpu: 'power9' }, 0x80_0000, testImage, {
    hypercalls: interruptHypercalls([
      {
        name: 'H_XIRR',
        argumentCount: 1,
        handler: ([a = 0n], cpu) => ({ status: 0n, results: [a + 1n, BigInt(cpu)] }),
      },
    ]),
    rtasCalls: interruptRtasCalls([
      { name: 'ibm,get-xive', argumentCount: 1, resultCount: 3, handler: ([irq = 0]) => [0, irq, 5] },
    ]),
  });
  const { status, results } = machine.call(0x74, [0xfen]);
  assert.deepEqual([status, ...results.slice(0, 2)], [0n, 0xffn, 0n]);
  assert.deepEqual(rtas(machine, 'ibm,get-xive', [0x1100], 3), [0, 0x1100, 5]);
  assert.deepEqual(rtas(machine, 'ibm,get-xive', [0x1100], 2).slice(0, 1), [-3]);
});
