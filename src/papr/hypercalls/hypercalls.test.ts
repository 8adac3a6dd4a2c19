// Single hypercalls: what each gives, and what it refuses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { state as layout } from '../../cpu/state.ts';
import { lpcrBit, msrBit, spr } from '../registers.ts';
import { TestMachine } from '../test-support.ts';

const H = {
  getTce: 0x1c,
  putTce: 0x20,
  setSprg0: 0x24,
  setDabr: 0x28,
  pageInit: 0x2c,
  ciLoad: 0x3c,
  ciStore: 0x40,
  getTermChar: 0x54,
  putTermChar: 0x58,
  registerVpa: 0xdc,
  cede: 0xe0,
  confer: 0xe4,
  prod: 0xe8,
  regCrq: 0xfc,
  vioSignal: 0x104,
  stuffTce: 0x138,
  putTceIndirect: 0x13c,
  cpuCharacteristics: 0x1c8,
  join: 0x298,
  homeNode: 0x2ec,
  random: 0x300,
  registerProcessTable: 0x37c,
  systemReset: 0x380,
  rptInvalidate: 0x448,
  memop: 0xf001,
} as const;
const ones = 0xffff_ffff_ffff_ffffn;

const power9 = (cpus = 1): TestMachine => new TestMachine({ cpu: 'power9', cpus: String(cpus) });

test('an unknown number is H_FUNCTION and counted; in problem state every call is H_PRIVILEGE', () => {
  const machine = power9();
  assert.equal(machine.call(0x398).status, -2n);
  assert.equal(machine.call(0x398).status, -2n);
  machine.vcpu().setGpr(3, 1n << 40n);
  machine.platform.hypercall(machine.vcpu());
  assert.equal(machine.vcpu().gpr(3), BigInt.asUintN(64, -2n));
  assert.equal(machine.platform.counts.get('hypercall 0x398'), 2);
  assert.equal(machine.platform.counts.get('hypercall 0x10000000000'), 1);
  machine.vcpu().msr = msrBit.PR;
  assert.equal(machine.call(H.cede).status, -3n);
  assert.equal(machine.call(0x398).status, -3n);
});

test('terminal: the first character is the most significant byte, sixteen at most', () => {
  const machine = power9();
  const put = (...args: bigint[]) => machine.call(H.putTermChar, args).status;
  assert.equal(put(0x7100_0000n, 10n, 0x4865_6c6c_6f20_7669n, 0x6f0a_0000_0000_0000n), 0n);
  assert.equal(machine.output, 'Hello vio\n');
  assert.equal(put(0x7100_0000n, 0n, 0n, 0n), 0n);
  assert.equal(put(0x7100_0000n, 17n, 0n, 0n), -4n);
  assert.equal(put(0x7100_0001n, 1n, 0n, 0n), -4n);
  machine.input = [...Buffer.from('a line of twenty chr')];
  const first = machine.call(H.getTermChar, [0x7100_0000n]);
  assert.deepEqual(first.results.slice(0, 3), [16n, 0x6120_6c69_6e65_206fn, 0x6620_7477_656e_7479n]);
  const second = machine.call(H.getTermChar, [0x7100_0000n]);
  assert.deepEqual(second.results.slice(0, 3), [4n, 0x2063_6872_0000_0000n, 0n]);
  assert.equal(machine.call(H.getTermChar, [0x7100_0000n]).results[0], 0n);
  assert.equal(machine.call(H.getTermChar, [5n]).status, -4n);
});

test('H_CEDE opens EE and sleeps; after a prod it returns at once, once', () => {
  const machine = power9(2);
  assert.equal(machine.call(H.cede).effect.kind, 'cede');
  assert.equal(machine.vcpu().msr & msrBit.EE, msrBit.EE);
  assert.equal(machine.call(H.prod, [0n], 1).status, 0n);
  assert.equal(machine.call(H.cede).effect.kind, 'continue');
  assert.equal(machine.call(H.cede).effect.kind, 'cede');
  assert.equal(machine.call(H.prod, [7n]).status, -4n);
  assert.equal(machine.call(H.prod, [ones]).status, -4n);
});

test('H_PROD wakes a sleeping vCPU', () => {
  const machine = power9(2);
  machine.states[1] = 'sleeping';
  machine.call(H.prod, [1n]);
  assert.equal(machine.states[1], 'running');
  assert.equal(machine.call(H.cede, [], 1).effect.kind, 'cede', 'the prod is spent');
});

test('H_CONFER gives the slice away unless the target has run meanwhile', () => {
  const machine = power9(2);
  const confer = (...args: bigint[]) => machine.call(H.confer, args);
  assert.equal(confer(ones, 0n).effect.kind, 'yield');
  assert.equal(confer(0n, 0n).effect.kind, 'cede', 'to itself: until a prod');
  machine.call(H.prod, [0n], 1);
  assert.equal(confer(0n, 0n).effect.kind, 'continue', 'which may have come before');
  assert.equal(confer(9n, 0n).status, -4n);
  machine.memory.write16(0x10_0004, 0x400);
  machine.call(H.registerVpa, [1n << 45n, 1n, 0x10_0000n]);
  machine.memory.write32(0x10_0100, 5);
  assert.equal(confer(1n, 5n).effect.kind, 'yield');
  assert.equal(confer(1n, 3n).effect.kind, 'continue');
});

test('H_JOIN waits for a prod; the last vCPU that runs goes on with H_CONTINUE', () => {
  const machine = power9(2);
  machine.states[1] = 'running';
  assert.equal(machine.call(H.join).effect.kind, 'join');
  assert.equal(machine.call(H.join, [], 1).status, 18n);
  machine.call(H.prod, [0n], 1);
  machine.vcpu(1).msr = msrBit.EE;
  assert.equal(machine.call(H.join, [], 1).status, -5n);
});

test('a system reset ends H_JOIN, so that the vCPU counts as running', () => {
  const machine = power9(2);
  machine.states[1] = 'running';
  assert.equal(machine.call(H.join, [], 1).effect.kind, 'join');
  assert.equal(machine.call(H.systemReset, [1n]).status, 0n);
  assert.equal(machine.call(H.join).effect.kind, 'join', 'it is not the last one');
});

test('H_SIGNAL_SYS_RESET: one, all, all others; a stopped vCPU gets none', () => {
  const machine = power9(3);
  machine.states[1] = 'sleeping';
  const signal = (target: bigint): readonly number[] => {
    machine.systemResets.length = 0;
    assert.equal(machine.call(H.systemReset, [target]).status, 0n);
    return [...machine.systemResets];
  };
  assert.deepEqual(signal(1n), [1]);
  assert.deepEqual(signal(2n), []);
  assert.deepEqual(signal(ones), [0, 1]);
  assert.deepEqual(signal(ones - 1n), [1]);
  assert.equal(machine.call(H.systemReset, [3n]).status, -4n);
});

test('H_REGISTER_VPA: VPA first, then SLB shadow and trace log, in place and size', () => {
  const machine = power9(2);
  const register = (code: bigint, server: bigint, address: bigint) =>
    machine.call(H.registerVpa, [code << 45n, server, address]).status;
  const area = 0x10_0000;
  machine.memory.write16(area + 4, 640);
  machine.memory.write32(area + 0x1004, 0x98);
  machine.memory.write32(area + 0x2004, 4096);
  assert.equal(register(3n, 0n, BigInt(area + 0x1000)), -16n, 'no VPA yet');
  assert.equal(register(2n, 0n, BigInt(area + 0x2000)), -16n);
  assert.equal(register(1n, 0n, 0n), -1n);
  assert.equal(register(1n, 0n, BigInt(area + 64)), -4n, 'size field is 0');
  machine.memory.write16(area + 64 + 4, 640);
  assert.equal(register(1n, 0n, BigInt(area + 64)), -4n, 'not aligned');
  machine.memory.write16(area + 0xf84, 640);
  assert.equal(register(1n, 0n, BigInt(area + 0xf80)), -4n, 'crosses a page');
  assert.equal(register(1n, 0n, 0x7f_fffcn), -4n, 'at the end of RAM');
  assert.equal(register(1n, 0n, ones), -4n);
  assert.equal(register(1n, 2n, BigInt(area)), -4n, 'no such vCPU');
  assert.equal(register(0n, 0n, BigInt(area)), -4n);
  assert.equal(register(4n, 0n, BigInt(area)), -4n);
  assert.equal(machine.call(H.registerVpa, [(1n << 45n) | 1n, 0n, BigInt(area)]).status, -4n);
  assert.equal(register(1n, 0n, BigInt(area)), 0n);
  assert.equal(register(1n, 0n, BigInt(area)), 0n, 'again at the same place');
  assert.equal(machine.memory.read8(area + 9), 2, 'shared processor');
  assert.equal(machine.memory.read32(area + 0x100), 0, 'running: even');
  assert.equal(register(3n, 0n, BigInt(area + 0x1000)), 0n);
  assert.equal(register(2n, 0n, BigInt(area + 0x2000)), 0n);
  assert.equal(register(5n, 0n, 0n), -16n, 'others depend on it');
  assert.equal(register(7n, 0n, 0n), 0n);
  assert.equal(register(6n, 0n, 0n), 0n);
  assert.equal(register(5n, 0n, 0n), 0n);
});

test('the yield count is odd while a vCPU does not run and never goes back', () => {
  const machine = power9();
  machine.memory.write16(0x10_0004, 0x400);
  machine.call(H.registerVpa, [1n << 45n, 0n, 0x10_0000n]);
  const counts = [false, false, true, true, false].map((running) => {
    machine.platform.dispatched(0, running);
    return machine.memory.read32(0x10_0100);
  });
  assert.deepEqual(counts, [1, 1, 2, 2, 3]);
});

test('H_REGISTER_PROC_TBL sets table and LPCR on all vCPUs and drops translations', () => {
  const machine = power9(2);
  const register = (...args: bigint[]) => machine.call(H.registerProcessTable, args).status;
  const modes = (): bigint => machine.vcpu(1).spr(spr.LPCR) & (lpcrBit.UPRT | lpcrBit.HR | lpcrBit.GTSE);
  assert.equal(register(0x1dn, 0x3e00_0000n, 0n, 12n), 0n);
  assert.equal(machine.vcpu(1).view.getBigUint64(layout.processTable.offset, true), 0x3e00_000cn);
  assert.equal(modes(), lpcrBit.UPRT | lpcrBit.HR | lpcrBit.GTSE);
  assert.equal(machine.invalidations.length, 1);
  assert.equal(register(0x1cn, 0x3e00_0000n, 0n, 12n), 0n);
  assert.equal(modes(), lpcrBit.UPRT | lpcrBit.HR);
  assert.equal(register(0x00n, 0n, 0n, 0n), 0n);
  assert.equal(modes(), 0n, 'hash');
  assert.equal(register(0x20n, 0n, 0n, 0n), -4n);
  assert.equal(register(0x08n, 0n, 0n, 0n), -4n);
  assert.equal(register(0x1dn, 0x3e00_0800n, 0n, 12n), -55n);
  assert.equal(register(0x1dn, 0x3e00_0000n, 1n, 12n), -56n);
  assert.equal(register(0x1dn, 0x3e00_0000n, 0n, 25n), -57n);
  assert.equal(new TestMachine({ cpu: 'power8' }).call(H.registerProcessTable, [0x1dn]).status, -2n);
});

test('H_RPT_INVALIDATE: the order of its checks and what it drops', () => {
  const without = power9();
  assert.equal(without.call(H.rptInvalidate).status, -2n);
  const machine = new TestMachine({ cpu: 'power9', 'cap-rpt-invalidate': 'on' });
  const invalidate = (...args: bigint[]) => machine.call(H.rptInvalidate, args).status;
  assert.equal(invalidate(1n, 1n, 2n, 1n, 0n, ones), -67n, 'a hash guest');
  machine.call(H.registerProcessTable, [0x1cn, 0x10_0000n, 0n, 0n]);
  machine.invalidations.length = 0;
  assert.equal(invalidate(1n, 1n, 2n, 1n, 2n, 1n), -58n);
  assert.equal(invalidate(1n, 1n, 3n, 1n, 0n, ones), -2n, 'nested');
  assert.equal(invalidate(5n, 1n, 0xen, 0n, 0n, ones), 0n);
  assert.equal(invalidate(6n, 1n, 2n, 2n, 0x1_0000n, 0x2_0000n), 0n);
  assert.equal(invalidate(7n, 9n, 4n, 0n, 0x1_0000n, 0x2_0000n), 0n);
  assert.equal(invalidate(8n, 1n, 2n, 0n, 0x1_0000n, 0x2_0000n), 0n, 'no page size: nothing');
  assert.equal(invalidate(9n, 1n, 0xcn, 5n, 0x21_0000n, 0x21_1000n), 0n, 'a part of a 2 MiB page: all of it');
  assert.equal(invalidate(10n, 1n, 2n, 1n, 0n, ones), 0n);
  assert.equal(invalidate(11n, 1n, 2n, ones, ones - 1n, ones), 0n, 'the last page of 1 GiB');
  assert.equal(invalidate(12n, 4n, 2n, 1n, 0x1000n, 0x1000n), 0n, 'no address: nothing');
  assert.equal(invalidate(13n, 1n, 8n, 1n, 0x1000n, 0x1001n), 0n);
  assert.deepEqual(machine.invalidations, [
    { pid: 5n, range: undefined, walkCache: true, processTable: true },
    { pid: 6n, range: { start: 0x1_0000n, end: 0x2_0000n }, walkCache: false, processTable: false },
    { pid: 7n, range: { start: 0x1_0000n, end: 0x1_0000n }, walkCache: true, processTable: false },
    { pid: 9n, range: { start: 0x20_0000n, end: 0x40_0000n }, walkCache: true, processTable: false },
    { pid: 10n, range: undefined, walkCache: false, processTable: false },
    { pid: 11n, range: undefined, walkCache: false, processTable: false },
    { pid: 13n, range: { start: 0x1000n, end: 0x2000n }, walkCache: false, processTable: false },
  ]);
});

test('DMA windows: entries are set, filled and copied inside the window only', () => {
  const machine = power9();
  const liobn = 0x8000_0000n;
  const call = (number: number, ...args: bigint[]) => machine.call(number, args);
  assert.equal(call(H.putTce, liobn, 0x5000n, 0x1234_0003n).status, 0n);
  assert.equal(call(H.getTce, liobn, 0x5000n).results[0], 0x1234_0003n);
  assert.equal(call(H.stuffTce, liobn, 0x4000n, 7n, 2n).status, 0n);
  assert.equal(call(H.getTce, liobn, 0x5fffn).results[0], 7n);
  assert.equal(call(H.stuffTce, liobn, 0n, 0n, 513n).status, -4n);
  assert.equal(call(H.stuffTce, liobn, 0x3fff_f000n, 0n, 2n).status, -4n);
  assert.equal(call(H.putTce, liobn, 0x4000_0000n, 0n).status, -4n);
  assert.equal(call(H.putTce, 0x8000_0001n, 0n, 0n).status, -4n);
  machine.memory.write64(0x20_0000, 11n);
  machine.memory.write64(0x20_0008, 12n);
  assert.equal(call(H.putTceIndirect, liobn, 0x8000n, 0x20_0000n, 2n).status, 0n);
  assert.equal(call(H.getTce, liobn, 0x9000n).results[0], 12n);
  assert.equal(call(H.putTceIndirect, liobn, 0x8000n, 0x20_0008n, 2n).status, -4n);
  assert.equal(call(H.putTceIndirect, liobn, 0x8000n, 0x7f_f000n, 512n).status, 0n);
  assert.equal(call(H.putTceIndirect, liobn, 0x8000n, 0x80_0000n, 1n).status, -4n);
});

test('logical accesses: RAM of each size, devices outside it, nothing else', () => {
  const machine = power9();
  machine.memory.write64(0x30_0000, 0x0123_4567_89ab_cdefn);
  const load = (size: bigint, address: bigint) => machine.call(H.ciLoad, [size, address]);
  assert.deepEqual(
    [1n, 2n, 4n, 8n].map((size) => load(size, 0x30_0000n).results[0]),
    [0x01n, 0x0123n, 0x0123_4567n, 0x0123_4567_89ab_cdefn],
  );
  assert.equal(load(3n, 0x30_0000n).status, -4n);
  assert.equal(load(4n, 0x30_0002n).status, -4n);
  assert.equal(load(4n, 0x80_0000n).status, -4n);
  machine.devices.set(0x6_0100_0000_0000n, 0x55n);
  assert.equal(load(8n, 0x6_0100_0000_0000n).results[0], 0x55n);
  const store = (size: bigint, address: bigint, value: bigint) =>
    machine.call(H.ciStore, [size, address, value]).status;
  assert.equal(store(2n, 0x30_0000n, 0xffff_aaaan), 0n);
  assert.equal(machine.memory.read32(0x30_0000), 0xaaaa_4567);
  assert.equal(store(4n, 0x6_0100_0000_0000n, 0x1_0000_0066n), 0n);
  assert.equal(machine.devices.get(0x6_0100_0000_0000n), 0x66n);
  assert.equal(store(1n, 0x7_0000_0000_0000n, 0n), -4n);
});

test('H_PAGE_INIT zeroes or copies whole pages; H_LOGICAL_MEMOP copies or inverts elements', () => {
  const machine = power9();
  machine.memory.fill(0x30_0000, 4096, 0x5a);
  const page = (...args: bigint[]) => machine.call(H.pageInit, args).status;
  assert.equal(page(0x4000n, 0x31_0000n, 0x30_0000n), 0n);
  assert.equal(machine.memory.read8(0x31_0fff), 0x5a);
  assert.equal(page(0x8000n, 0x30_0000n), 0n);
  assert.equal(machine.memory.read8(0x30_0000), 0);
  assert.equal(page(0x8000n, 0x30_0800n), -4n);
  assert.equal(page(0x4000n, 0x30_0000n, 0x80_0000n), -4n);
  assert.equal(page(1n, 0x30_0000n), -4n);
  const memop = (...args: bigint[]) => machine.call(H.memop, args).status;
  assert.equal(memop(0x31_0001n, 0x31_0000n, 0n, 16n, 1n), 0n, 'overlapping');
  assert.equal(machine.memory.read32(0x31_0000), 0x5aa5_a5a5);
  assert.equal(memop(0x31_0000n, 0x31_0000n, 4n, 1n, 0n), -4n);
  assert.equal(memop(0x31_0000n, 0x31_0004n, 3n, 1n, 0n), -4n);
  assert.equal(memop(0n, 0n, 3n, 1n << 61n, 0n), -4n, 'a length beyond 2^64');
  assert.equal(memop(0n, 0n, 0n, 1n, 2n), -4n);
});

test('information: CPU characteristics, home node, refused registers, no random numbers without the device', () => {
  const machine = power9(2);
  const { results } = machine.call(H.cpuCharacteristics);
  assert.deepEqual(results.slice(0, 2), [0xbc40_0000_0000_0000n, 0xe400_0000_0000_0000n]);
  const home = machine.call(H.homeNode, [1n, 1n]);
  assert.deepEqual([home.status, ...home.results], [0n, 0n, ones, ones, ones, ones, ones]);
  assert.equal(machine.call(H.homeNode, [0n, 0n]).status, -2n);
  assert.equal(machine.call(H.homeNode, [1n, 2n]).status, -55n);
  assert.equal(machine.call(H.setDabr, [0n]).status, -1n);
  machine.call(H.setSprg0, [0x1234n]);
  assert.equal(machine.vcpu().spr(spr.SPRG0), 0x1234n);
  assert.equal(machine.call(H.random).status, -2n);
  const random = new TestMachine({ cpu: 'power9', devices: 'spapr-rng' }).call(H.random);
  assert.deepEqual([random.status, random.results[0]], [0n, 0x5a5a_5a5a_5a5a_5a5an]);
});

test('virtual I/O: the terminal has an interrupt to switch, nothing has a queue', () => {
  const machine = power9();
  assert.equal(machine.call(H.vioSignal, [0x7100_0000n, 1n]).status, 0n);
  assert.equal(machine.call(H.vioSignal, [0x7100_0000n, 2n]).status, -4n);
  assert.equal(machine.call(H.vioSignal, [0x7100_0001n, 1n]).status, -4n);
  assert.equal(machine.call(H.vioSignal, [3n, 0n]).status, -4n);
  assert.equal(machine.call(H.regCrq, [0x7100_0000n, 0n, 4096n]).status, -4n);
});
