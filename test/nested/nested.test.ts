// Guests of the guest (cap-nested-hv): how a hypervisor enters them, and what it finds of them when they leave (specification section
// 8; Power ISA v3.1 Book III, chapter 4).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Entry, Hypervisor, msr, place, type RegisterName, realMode, type StateName } from './hypervisor.ts';
import { at, hypervisor, run } from './one-guest.ts';

for (const littleEndian of [false, true]) {
  test(`registers: what is given is there, what was changed comes back, ${littleEndian ? 'little' : 'big'}-endian`, () => {
    const h = hypervisor({ littleEndian });
    h.program(
      1,
      at,
      `mfcr r3
     mfxer r4
     mflr r5
     mfctr r6
     mfspr r7, 26
     mfspr r8, 27
     mfspr r9, 272
     mfspr r10, 275
     mfspr r11, 48
     mfspr r12, 896
     mfmsr r13
     addi r31, r31, 1
     li r0, 0x55
     mtcr r0
     mtxer r0
     mtlr r31
     mtctr r31
     mtspr 26, r31
     mtspr 27, r31
     mtspr 272, r31
     mtspr 273, r31
     mtspr 274, r31
     mtspr 275, r31
     mtspr 48, r0
     mtspr 896, r31
     sc 1`,
    );
    const state: Partial<Record<StateName, bigint>> = {
      srr0: 0x1_0001n,
      srr1: 0x1_0002n,
      sprg0: 0x1_0003n,
      sprg3: 0x1_0004n,
      pidr: 0x77n,
      ppr: 0x8_0000_0000_0000n,
    };
    const given = 0x1234_5678_9abc_def0n;
    const registers: Partial<Record<RegisterName, bigint>> = {
      nip: at,
      msr: realMode | msr.HV,
      r31: given,
      ccr: 0x8765_4321n,
      xer: 0xe00c_0012n,
      link: 0x4440n,
      ctr: 0x5550n,
    };
    assert.equal(h.enter({ state, registers }), 0xc00n);
    const found: Partial<Record<RegisterName, bigint>> = {
      r3: 0x8765_4321n,
      r4: 0xe00c_0012n,
      r5: 0x4440n,
      r6: 0x5550n,
      r7: 0x1_0001n,
      r8: 0x1_0002n,
      r9: 0x1_0003n,
      r10: 0x1_0004n,
      r11: 0x77n,
      r12: 0x8_0000_0000_0000n,
      r13: realMode,
      r31: given + 1n,
      ccr: 0x55n,
      xer: 0x55n,
      link: given + 1n,
      ctr: given + 1n,
      nip: at + 104n,
      msr: realMode,
    };
    // All are names of registers.
    for (const [name, value] of Object.entries(found)) assert.equal(h.register(name as RegisterName), value, name);
    for (const name of ['srr0', 'srr1', 'sprg0', 'sprg1', 'sprg2', 'sprg3', 'ppr'] as const)
      assert.equal(h.state(name), given + 1n, name);
    assert.equal(h.state('pidr'), 0x55n);
    const vcpu = h.puppet.machine.engine.vcpus[0];
    assert.equal(vcpu?.nestedLpid, undefined);
    assert.equal(vcpu?.spr(272), 0n, 'SPRG0 of the hypervisor');
    assert.equal(vcpu?.spr(48), 0n, 'its PIDR');
  });
}

test('registers outside of the two structures are common: FPR, VSR, DAR, DSISR, TAR, DSCR, VRSAVE', () => {
  const h = hypervisor();
  const source = 'mtspr 19, r3\n mtspr 18, r3\n mtspr 815, r3\n mtspr 17, r3\n mtspr 256, r3\n lfd f5, 0(r4)';
  h.store(h.memoryOf(1) + 0x8000n, 0x4008_0000_0000_0000n);
  assert.equal(run(h, source, { registers: { r3: 0x123n, r4: 0x8000n, msr: realMode | msr.FP } }), 0xc00n);
  const vcpu = h.puppet.machine.engine.vcpus[0];
  assert.deepEqual(
    [19, 18, 815, 17, 256].map((n) => vcpu?.spr(n)),
    [0x123n, 0x123n, 0x123n, 0x123n, 0x123n],
  );
  assert.equal(
    run(h, 'stfd f5, 8(r4)\n mfspr r3, 815', { registers: { r4: 0x8000n, msr: realMode | msr.FP } }),
    0xc00n,
  );
  assert.equal(h.load(h.memoryOf(1) + 0x8008n), 0x4008_0000_0000_0000n);
  assert.equal(h.register('r3'), 0x123n);
});

test('MSR: no hypervisor state, ME is on, problem state has translation and EE; a 32-bit guest', () => {
  const h = hypervisor();
  assert.equal(run(h, 'nop', { registers: { msr: msr.SF | msr.HV } }), 0xc00n);
  assert.equal(h.register('msr'), msr.SF | msr.ME);
  assert.equal(run(h, 'mtmsrd r3', { registers: { r3: realMode | msr.HV } }), 0xc00n);
  assert.equal(h.register('msr'), realMode);
  h.program(1, 0x400n, 'sc 1');
  assert.equal(run(h, 'nop', { registers: { msr: msr.PR, nip: at } }), 0xc00n);
  assert.equal(h.register('nip'), 0x404n, 'its instructions are translated, and it has no tables');
  assert.equal(h.state('srr1') & (msr.PR | msr.EE | msr.IR | msr.DR), msr.PR | msr.EE | msr.IR | msr.DR);
  assert.equal(run(h, 'nop', { registers: { msr: msr.RI, nip: 0xffff_ffff_0000_0000n | at } }), 0xc00n);
  assert.equal(h.register('nip'), at + 8n);
});

test('arguments of H_ENTER_NESTED', () => {
  const h = hypervisor();
  const ram = 256n << 20n;
  const enter = (state: bigint, registers: bigint): bigint => h.call('H_ENTER_NESTED', state, registers);
  h.program(1, at, 'sc 1');
  const entry: Entry = { registers: { nip: at, msr: realMode } };
  h.prepare(entry);
  assert.equal(enter(place.state, place.registers), 0xc00n);
  assert.equal(enter(ram, place.registers), -4n, 'no RAM');
  assert.equal(enter(ram - 240n, place.registers), -4n);
  assert.equal(enter(0xffff_ffff_ffff_fff8n, place.registers), -4n);
  assert.equal(enter(place.state, ram - 344n), -4n);
  assert.equal(enter(place.state, 0x8000_0000_0000_0000n), -4n);
  for (const version of [0n, 3n, 1n << 32n]) {
    h.prepare({ ...entry, state: { version } });
    assert.equal(h.resume(), -4n, `version ${version}`);
  }
  for (const [word, why] of [
    [256n << 32n, 'behind the table'],
    [0xffff_ffff_0000_0000n, 'far behind it'],
    [(1n << 32n) | 2048n, 'no such token'],
  ] as const) {
    h.prepare({ ...entry, state: { lpid: word } });
    assert.equal(h.resume(), -4n, why);
  }
  h.prepare({ ...entry, state: { version: 1n, lpid: (1n << 32n) | 2047n } });
  assert.equal(h.resume(), 0xc00n, 'version 1');
  assert.equal(h.call('H_SET_PARTITION_TABLE', 0n), 0n);
  assert.equal(h.resume(), 3n, 'no table: H_NOT_AVAILABLE');
});

test('version 1 and structures at odd addresses, up to the last byte of RAM', () => {
  const h = hypervisor();
  h.program(1, at, 'sc 1');
  const ram = 256n << 20n;
  h.prepare({ registers: { nip: at, msr: realMode }, state: { version: 1n } });
  const state = ram - 232n;
  const registers = place.registers + 0x401n;
  for (let n = 0n; n < 29n; n++) h.store(state + 8n * n, h.load(place.state + 8n * n));
  for (let n = 0n; n < 40n; n++) h.store(registers + 8n * n, h.load(place.registers + 8n * n));
  assert.equal(h.call('H_ENTER_NESTED', state, registers), 0xc00n);
  assert.equal(h.load(registers + 256n), at + 4n);
});

test('an entry of the partition table that is none: the first fetch is a fault for the hypervisor', () => {
  const h = hypervisor();
  h.store(place.partitionTable + 16n * 9n, 0n);
  assert.equal(h.enter({ state: { lpid: 9n << 32n }, registers: { nip: at, msr: realMode } }), 0xe20n);
  assert.equal(h.register('msr') & 0x783f_0000n, 0x8_0000n);
});

test('two vCPUs run guests at a time, the same one and others', () => {
  const h = new Hypervisor({ request: { cpus: '2' } });
  h.setTable();
  for (const lpid of [1, 2]) {
    h.partition(lpid).map(0n, h.memoryOf(lpid), 21n);
    h.program(lpid, at, `li r3, ${lpid * 11}\n ld r4, 0x100(r0)\n addi r4, r4, 1\n std r4, 0x100(r0)\n sc 1`);
  }
  for (let round = 0; round < 3; round++) {
    for (const [cpu, lpid] of [
      [0, 1n],
      [1, 2n],
      [0, 2n],
      [1, 1n],
    ] as const) {
      h.prepare({ cpu, state: { lpid: lpid << 32n }, registers: { nip: at, msr: realMode } });
      assert.equal(h.resume(cpu), 0xc00n);
      assert.equal(h.register('r3', cpu), lpid * 11n);
    }
  }
  for (const lpid of [1, 2]) assert.equal(h.load(h.memoryOf(lpid) + 0x100n), 6n);
});
