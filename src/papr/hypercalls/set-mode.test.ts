// H_SET_MODE against the table of its specification (section 4): checks in their order, effect on the right vCPUs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Request } from '../../environment/index.ts';
import { lpcrBit, spr } from '../registers.ts';
import { TestMachine } from '../test-support.ts';

const setMode = 0x31c;

/** Rows: mflags, resource, value1, value2 → status. */
type Row = readonly [flags: number, resource: number, value1: number, value2: number, status: number];

function check(machine: TestMachine, rows: readonly Row[]): void {
  for (const [flags, resource, value1, value2, status] of rows) {
    const outcome = machine.call(setMode, [BigInt(flags), BigInt(resource), BigInt(value1), BigInt(value2)]);
    assert.equal(outcome.status, BigInt(status), `resource ${resource}, flags ${flags}, ${value1}, ${value2}`);
  }
}

test('every check of every resource in its order, POWER9', () => {
  check(new TestMachine({ cpu: 'power9', cpus: '2' }), [
    [1, 1, 3, 1, -256],
    [0, 1, 3, 1, -57],
    [0, 1, 3, 0, -56],
    [0, 1, 0x1000, 0, 0],
    [1, 2, 0, 4, -256],
    [0, 2, 0, 4, -57],
    [0, 2, 0x1000, 3, 0],
    [9, 3, 1, 1, -56],
    [9, 3, 0, 1, -57],
    [9, 3, 0, 0, -256],
    [1, 3, 0, 0, -256],
    [2, 3, 0, 0, -256],
    [0, 3, 0, 0, 0],
    [3, 3, 0, 0, 0],
    [2, 4, 1, 1, -56],
    [2, 4, 0, 1, -57],
    [2, 4, 0, 0, -256],
    [0, 4, 0, 0, 0],
    [1, 4, 0, 0, 0],
    [0, 5, 0, 0, -55],
    [0, 0, 0, 0, -55],
    [0, 6, 0, 0, -55],
  ]);
});

test('the second watchpoint needs ISA 3.1 and its capability', () => {
  check(new TestMachine({ cpu: 'power10', 'cap-dawr1': 'off' }), [[1, 5, 0, 4, -2]]);
  const machine = new TestMachine({ machine: 'pseries-10.0', cpu: 'power10', 'cap-dawr1': 'on' });
  check(machine, [
    [1, 5, 0, 4, -256],
    [0, 5, 0, 4, -57],
    [0, 5, 0x2000, 3, 0],
  ]);
  assert.equal(machine.vcpu().spr(spr.DAWR1), 0x2000n);
});

test('AIL mode 3 is refused when its capability is off, mode 2 accepted when its own is on', () => {
  check(new TestMachine({ machine: 'pseries-10.0', cpu: 'power9', 'cap-ail-mode-3': 'off', 'cap-ail-mode-2': 'on' }), [
    [3, 3, 0, 0, -256],
    [2, 3, 0, 0, 0],
    [0, 3, 0, 0, 0],
  ]);
});

test('interrupt modes are set on all vCPUs, breakpoints on the calling one', () => {
  const machine = new TestMachine({ cpu: 'power9', cpus: '3' });
  machine.call(setMode, [3n, 3n], 1);
  machine.call(setMode, [1n, 4n], 1);
  machine.call(setMode, [0n, 1n, 0x1230n], 1);
  for (const vcpu of machine.vcpus) {
    assert.equal(vcpu.spr(spr.LPCR) & (lpcrBit.AIL | lpcrBit.ILE), lpcrBit.AIL | lpcrBit.ILE);
    assert.equal(vcpu.spr(spr.CIABR), vcpu.index === 1 ? 0x1230n : 0n);
  }
  machine.call(setMode, [0n, 4n], 2);
  for (const vcpu of machine.vcpus) assert.equal(vcpu.spr(spr.LPCR) & lpcrBit.ILE, 0n);
});

test('KVM HV looks at value2 before the flags of CIABR, KVM PR knows only mode 0 and looks at no values', () => {
  const answeredBy = (setMode: 'hv' | 'pr' | 'pr-advisory', request: Request = {}) =>
    new TestMachine({ cpu: 'power9', ...request }, undefined, undefined, { setMode });
  check(answeredBy('hv'), [
    [1, 1, 3, 1, -57],
    [1, 1, 3, 0, -256],
    [0, 1, 3, 0, -56],
    [0, 1, 0x1000, 0, 0],
    [3, 3, 0, 0, 0],
    [2, 3, 0, 0, -256],
  ]);
  check(answeredBy('pr'), [
    [0, 3, 1, 1, 0],
    [1, 3, 0, 0, -319],
    [2, 3, 0, 0, -319],
    [3, 3, 0, 0, -319],
    [4, 3, 0, 0, -319],
    [1, 4, 0, 0, 0],
    [0, 9, 0, 0, -55],
  ]);
  check(answeredBy('pr-advisory', { 'cap-ail-mode-3': 'off' }), [
    [0, 3, 0, 0, 0],
    [3, 3, 0, 0, -256],
  ]);
});
