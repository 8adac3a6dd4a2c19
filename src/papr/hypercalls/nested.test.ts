// The calls of a hypervisor that is a guest: their checks, and which of its guests are known (specification section 8).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { state } from '../../cpu/state.ts';
import type { Request } from '../../environment/index.ts';
import { TestMachine } from '../test-support.ts';

const call = {
  registerProcessTable: 0x37c,
  rptInvalidate: 0x448,
  setPartitionTable: 0xf800,
  enterNested: 0xf804,
  tlbInvalidate: 0xf808,
  copy: 0xf80c,
} as const;
const ones = 0xffff_ffff_ffff_ffffn;
const table = 0x20_0000n;

/** A radix guest, whose partition table has an entry for LPID 5 and none for 6. */
function hypervisor(request: Request = {}): TestMachine {
  const machine = new TestMachine({ cpu: 'power9', 'cap-rpt-invalidate': 'on', 'cap-nested-hv': 'on', ...request });
  machine.call(call.registerProcessTable, [0x1dn, 0x10_0000n, 0n, 0n]);
  machine.memory.fill(Number(table), 0x1000, 0);
  machine.memory.write64(Number(table) + 16 * 5, 0xc000_0000_0030_00adn);
  machine.nestedInvalidations.length = 0;
  return machine;
}

/** Enters a guest, which leaves at once. */
function visit(machine: TestMachine, lpid: bigint): void {
  machine.call(call.enterNested, [0n, lpid]);
  machine.vcpu().view.setInt32(state.nested.offset, 0, true);
}

test('the four calls exist with cap-nested-hv=on, and for a radix guest', () => {
  const numbers = [call.setPartitionTable, call.enterNested, call.tlbInvalidate, call.copy];
  const without = hypervisor({ 'cap-nested-hv': 'off' });
  const hash = new TestMachine({ cpu: 'power9', 'cap-nested-hv': 'on' });
  for (const number of numbers) {
    assert.equal(without.call(number, [table]).status, -2n, 'off');
    assert.equal(hash.call(number, [table]).status, -2n, 'a hash guest');
  }
  assert.equal(hypervisor().call(call.setPartitionTable, [table]).status, 0n);
});

test('H_SET_PARTITION_TABLE: up to 4,096 entries, all in RAM', () => {
  const machine = hypervisor();
  const set = (ptcr: bigint): bigint => machine.call(call.setPartitionTable, [ptcr]).status;
  assert.equal(set(table | 4n), 0n);
  assert.equal(machine.partitionTable, table | 4n);
  assert.equal(set(table | 5n), -4n);
  assert.equal(set(0x7f_f000n), 0n, 'the last page of RAM');
  assert.equal(set(0x7f_f001n), -4n, 'half of it behind RAM');
  assert.equal(set(0x80_0000n), -4n);
  assert.equal(machine.partitionTable, 0x7f_f000n, 'as before');
  assert.equal(set(0n), 0n);
  assert.equal(machine.partitionTable, 0n);
});

test('H_RPT_INVALIDATE for a guest of the guest: the order of its checks, rows 3 to 10', () => {
  const machine = hypervisor();
  const invalidate = (...args: bigint[]): bigint => machine.call(call.rptInvalidate, args).status;
  machine.call(call.setPartitionTable, [table]);
  machine.nestedInvalidations.length = 0;
  assert.equal(invalidate(5n, 1n, 3n, 1n, 2n, 1n), -58n, 'the range comes first');
  for (const target of [0n, 2n, 3n, 5n]) assert.equal(invalidate(5n, target, 0xfn, 0n, 0n, ones), -55n);
  assert.equal(invalidate(5n, 1n, 3n, 0n, 0x1000n, 0x2000n), 0n, 'not known');
  assert.equal(invalidate(0x1_0000_0005n, 1n, 3n, 0n, 0x1000n, 0x2000n), 0n);
  assert.deepEqual(machine.nestedInvalidations, []);
  visit(machine, 5n);
  assert.equal(invalidate(5n, 1n, 3n, 0n, 0x1000n, 0x2000n), -57n, 'no page size');
  assert.equal(invalidate(5n, 1n, 3n, 0x10n, 0x1000n, 0x2000n), -57n, 'no page size that there is');
  assert.equal(invalidate(5n, 1n, 9n, 0n, 0x1000n, 0x2000n), 0n, 'nothing to do');
  assert.deepEqual(machine.nestedInvalidations, []);
  assert.equal(invalidate(5n, 1n, 3n, 1n, 0x1000n, 0x2000n), 0n);
  assert.equal(invalidate(5n, 1n, 3n, 0n, 0n, ones), 0n, 'all of it: no page size is asked for');
  assert.equal(invalidate(5n, 1n, 1n, 0n, 0n, ones), 0n);
  assert.equal(invalidate(5n, 1n, 0xfn, 0n, 0x1000n, 0x2000n), 0n);
  assert.deepEqual(machine.nestedInvalidations, [5, 5, 5, 5]);
  assert.equal(hypervisor({ 'cap-nested-hv': 'off' }).call(call.rptInvalidate, [5n, 1n, 3n, 1n, 0n, 1n]).status, -2n);
});

test('a guest is known from its first entry until its partition table entry is dropped, or the table', () => {
  const machine = hypervisor();
  const isKnown = (lpid: bigint): boolean =>
    machine.call(call.rptInvalidate, [lpid, 1n, 3n, 0n, 0n, 1n]).status === -57n;
  machine.call(call.setPartitionTable, [table]);
  assert.ok(!isKnown(5n));
  for (const lpid of [5n, 6n, 7n]) visit(machine, lpid);
  assert.ok(isKnown(5n) && isKnown(6n) && isKnown(7n));
  machine.call(call.rptInvalidate, [5n, 1n, 0xfn, 0n, 0n, ones]);
  assert.ok(isKnown(5n), 'its entry is there');
  machine.call(call.rptInvalidate, [6n, 1n, 0xfn, 0n, 0n, ones]);
  assert.ok(!isKnown(6n), 'it has none');
  machine.call(call.tlbInvalidate, [0x9_0000n, 7n, 0xc00n]);
  assert.ok(!isKnown(7n) && isKnown(5n), 'RIC 2, all of them');
  machine.call(call.setPartitionTable, [table]);
  assert.ok(!isKnown(5n));
});

test('H_TLB_INVALIDATE: partition-scoped radix forms, and what each drops', () => {
  const machine = hypervisor();
  machine.call(call.setPartitionTable, [table]);
  visit(machine, 5n);
  const invalidate = (ric: bigint, prs: bigint, r: bigint, rs: bigint, rb: bigint): bigint =>
    machine.call(call.tlbInvalidate, [(ric << 18n) | (prs << 17n) | (r << 16n), rs, rb]).status;
  machine.nestedInvalidations.length = 0;
  const [page, lpid, every] = [0n, 0x800n, 0xc00n];
  assert.equal(invalidate(0n, 0n, 0n, 5n, lpid), -4n, 'not radix');
  assert.equal(invalidate(0n, 1n, 1n, 5n, lpid), -4n, 'process-scoped');
  assert.equal(invalidate(3n, 0n, 1n, 5n, lpid), -4n, 'a cluster');
  assert.equal(invalidate(0n, 0n, 1n, 5n, 0x400n), -4n, 'by PID');
  for (const ric of [1n, 2n]) assert.equal(invalidate(ric, 0n, 1n, 5n, page), -4n, 'only translations have pages');
  for (const ap of [3n, 4n, 6n, 7n]) assert.equal(invalidate(0n, 0n, 1n, 5n, page | (ap << 5n)), -4n);
  assert.deepEqual(machine.nestedInvalidations, []);
  for (const ap of [0n, 1n, 2n, 5n]) assert.equal(invalidate(0n, 0n, 1n, 5n, 0x1234_5000n | (ap << 5n)), 0n);
  for (const ric of [0n, 1n, 2n]) assert.equal(invalidate(ric, 0n, 1n, 0xffff_ffff_0000_0005n, lpid), 0n);
  for (const ric of [0n, 1n, 2n]) assert.equal(invalidate(ric, 0n, 1n, 0n, every), 0n);
  assert.deepEqual(machine.nestedInvalidations, [5, 5, 5, 5, 5, 5, 5, 5, 5, 5]);
  assert.equal(invalidate(0n, 0n, 1n, 6n, lpid), 0n, 'not known: nothing to drop');
  assert.equal(machine.nestedInvalidations.length, 10);
});

test('H_COPY_TOFROM_GUEST: of a guest that is known', () => {
  const machine = hypervisor();
  machine.call(call.setPartitionTable, [table]);
  assert.equal(machine.call(call.copy, [5n]).status, -4n);
  visit(machine, 5n);
  assert.equal(machine.call(call.copy, [5n]).status, 0n);
});

test('a guest of the guest: H_RPT_INVALIDATE for its own processes is carried out, all else is its hypervisor’s', () => {
  const machine = hypervisor();
  machine.call(call.setPartitionTable, [table]);
  machine.call(call.enterNested, [0n, 5n]);
  machine.invalidations.length = 0;
  const vcpu = machine.vcpu();
  const nested = (number: number, ...args: bigint[]): boolean => {
    for (const [n, value] of [BigInt(number), ...args].entries()) vcpu.setGpr(3 + n, value);
    return machine.platform.nestedHypercall(vcpu);
  };
  assert.ok(!nested(0xe0), 'H_CEDE');
  assert.ok(!nested(call.enterNested));
  assert.ok(!nested(call.rptInvalidate, 7n, 1n, 3n, 1n, 0n, ones), 'for a guest of its own');
  assert.deepEqual(machine.invalidations, []);
  assert.ok(nested(call.rptInvalidate, 7n, 1n, 2n, 1n, 0x1000n, 0x2000n));
  assert.equal(vcpu.gpr(3), 0n);
  assert.ok(nested(call.rptInvalidate, 7n, 1n, 2n, 1n, 2n, 1n));
  assert.equal(BigInt.asIntN(64, vcpu.gpr(3)), -58n);
  assert.equal(machine.invalidations.length, 1);
  const off = hypervisor({ 'cap-rpt-invalidate': 'off' });
  off.vcpu().setGpr(3, BigInt(call.rptInvalidate));
  assert.ok(!off.platform.nestedHypercall(off.vcpu()), 'the call does not exist');
});
