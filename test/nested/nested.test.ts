// Guests of the guest (cap-nested-hv): a hypervisor enters them, and sees why they leave (specification section 8; Power ISA
// v3.1 Book III, chapters 6 and 7).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pendingInterrupt } from '../../src/cpu/state.ts';
import { lpcrBit, setLpcrBits } from '../../src/papr/registers.ts';
import {
  type Entry,
  Hypervisor,
  msr,
  place,
  type RegisterName,
  realMode,
  type StateName,
  translated,
} from './hypervisor.ts';
import { processes, user } from './process.ts';
import { everything, leaf } from './trees.ts';

const at = 0x1000n;
const { read, write, execute, r: R, c: C, guarded } = leaf;

/** A hypervisor whose guest 1 has 2 MiB of memory. */
function hypervisor(options: ConstructorParameters<typeof Hypervisor>[0] = {}): Hypervisor {
  const h = new Hypervisor(options);
  assert.equal(h.setTable(), 0n);
  h.partition(1).map(0n, h.memoryOf(1), 21n);
  return h;
}

/** Runs a program of guest 1 from {@link at} with translation off, to its `sc 1` unless it leaves before. */
function run(h: Hypervisor, source: string, entry: Entry = {}): bigint {
  h.program(1, at, `${source}\n sc 1\n`);
  return h.enter({ ...entry, registers: { nip: at, msr: realMode, ...entry.registers } });
}

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

/** What a fault of a guest with translation off tells its hypervisor: trap, HDSISR or HSRR1 bits, ASDR. */
function realFault(h: Hypervisor, bits: bigint | undefined, source: string): string {
  const tree = h.partition(1);
  tree.map(0x40_0000n, h.memoryOf(1), 12n, 0n);
  const entry = tree.map(0x40_1000n, h.memoryOf(1) + 0x8000n, 12n, bits ?? 0n);
  if (bits === undefined) h.store(entry, 0n);
  h.call('H_TLB_INVALIDATE', 0x1_0000n, 1n, 0x800n);
  const trap = run(h, source, { registers: { r4: 0x40_1238n, nip: at } });
  if (trap === 0xe20n)
    return `fetch ${(h.register('msr') & 0x783f_0000n).toString(16)} ${h.state('asdr').toString(16)}`;
  if (trap !== 0xe00n) return trap.toString(16);
  assert.equal(h.register('nip'), at);
  assert.equal(h.state('hdar'), 0x40_1238n);
  return `data ${h.state('hdsisr').toString(16)} ${h.state('asdr').toString(16)}`;
}

test('translation off: every access authority, R and C of the partition’s entry', () => {
  const h = hypervisor();
  const load = 'ld r3, 0(r4)';
  const store = 'std r3, 0(r4)';
  const jump = 'mtctr r4\n bctr';
  assert.equal(realFault(h, undefined, load), 'data 40000000 401000');
  assert.equal(realFault(h, undefined, store), 'data 42000000 401000');
  assert.equal(realFault(h, undefined, jump), 'fetch 40000000 401000');
  assert.equal(realFault(h, R | C | execute, load), 'data 8000000 401000');
  assert.equal(realFault(h, R | C | read | execute, store), 'data a000000 401000');
  assert.equal(realFault(h, R | C | read | write, jump), 'fetch 10000000 401000');
  assert.equal(realFault(h, R | C | read | execute | guarded, jump), 'fetch 10000000 401000', 'guarded');
  assert.equal(realFault(h, C | read | write, load), 'data 40000 401000', 'R is not set');
  assert.equal(realFault(h, R | read | write, store), 'data 2040000 401000', 'C is not set');
  assert.equal(realFault(h, read | execute, jump), 'fetch 40000 401000');
  assert.equal(realFault(h, R | read, load), 'c00');
  assert.equal(realFault(h, R | write, load), 'c00', 'what may be written may be read');
  assert.equal(realFault(h, R | C | write, store), 'c00');
  h.store(h.memoryOf(1) + 0x8238n, 0x4400_0022_4400_0022n);
  assert.equal(realFault(h, R | execute, jump), 'c00');
});

test('an address that the partition’s tree does not cover, or no tree covers', () => {
  const h = hypervisor();
  assert.equal(run(h, 'ld r3, 0(r4)', { registers: { r4: 1n << 52n } }), 0xe00n);
  assert.equal(h.state('hdsisr'), 0x4000_0000n);
  assert.equal(h.state('asdr'), 1n << 52n);
  const entry = place.partitionTable + 16n;
  const good = h.load(entry);
  for (const [word, why] of [
    [good & ~(1n << 63n), 'not radix'],
    [good & ~0x1fn, 'a level of no bits'],
    [(good & ~0x0fff_ffff_ffff_ff00n) | (1n << 40n), 'tables outside RAM'],
  ] as const) {
    h.store(entry, word);
    assert.equal(run(h, 'nop'), 0xe20n, why);
    assert.equal(h.register('msr') & 0x783f_0000n, 0x8_0000n, why);
  }
});

test('two trees: pages of every size in both, the rights of both, and faults of each for whom they are', () => {
  const h = hypervisor();
  const partition = h.partition(1, processes.word);
  const tree = processes.tree(h, 1);
  tree.map(0n, 0n, 21n, everything | leaf.privileged);
  const sizes = [12n, 16n, 21n, 30n] as const;
  for (const [i, outer] of sizes.entries()) {
    for (const [j, inner] of sizes.entries()) {
      // A page of the guest at a guest real address that its hypervisor maps in pages of `outer`.
      const n = BigInt(4 * i + j + 1);
      const guestReal = n << 31n;
      const ea = n << 32n;
      const offset = 0x5678n & ((1n << (inner < outer ? inner : outer)) - 1n) & ~7n;
      const real = outer === 30n ? 0n : h.memoryOf(1);
      partition.map(guestReal, real, outer);
      tree.map(ea, guestReal, inner, everything | leaf.privileged);
      const value = 0xabc_0000n + n;
      const target = outer === 30n ? h.memoryOf(1) + 0x10_0000n + offset : real + offset;
      const inPage = target - real;
      if (inPage >> inner !== 0n) continue;
      h.store(target, value);
      const source = 'ld r3, 0(r4)\n addi r5, r3, 1\n std r5, 0(r4)';
      const trap = run(h, source, { registers: { r4: ea + inPage, msr: translated } });
      assert.equal(trap, 0xc00n, `${inner} in ${outer}`);
      assert.equal(h.register('r3'), value, `${inner} in ${outer}`);
      assert.equal(h.load(target), value + 1n, `${inner} in ${outer}`);
    }
  }
});

test('the rights of both trees count, and each fault goes to whose tree it is', () => {
  const h = hypervisor();
  const partition = h.partition(1, processes.word);
  const tree = processes.tree(h, 1);
  tree.map(0n, 0n, 21n, everything | leaf.privileged);
  h.store(h.memoryOf(1) + 0x300n, 0x4400_0022_4400_0022n);
  h.store(h.memoryOf(1) + 0x400n, 0x4400_0022_4400_0022n);
  const page = 0x4000_0000n;
  const ea = 0x1_0000_0000n;
  const outcome = (inner: bigint | undefined, outer: bigint | undefined, source: string): string => {
    const entry = partition.map(page, h.memoryOf(1) + 0x9000n, 12n, outer ?? 0n);
    if (outer === undefined) h.store(entry, 0n);
    const own = tree.map(ea, page, 12n, inner ?? 0n);
    if (inner === undefined) h.store(h.memoryOf(1) + own, 0n);
    const trap = run(h, source, { registers: { r4: ea + 0x238n, msr: translated } });
    if (trap === 0xe00n) return `HDSI ${h.state('hdsisr').toString(16)} ${h.state('asdr').toString(16)}`;
    if (trap === 0xe20n)
      return `HISI ${(h.register('msr') & 0x783f_0000n).toString(16)} ${h.state('asdr').toString(16)}`;
    const vector = h.register('nip') - 4n;
    if (vector === 0x300n) return `DSI ${h.puppet.machine.engine.vcpus[0]?.spr(18).toString(16)}`;
    if (vector === 0x400n) return `ISI ${(h.state('srr1') & 0x783f_0000n).toString(16)}`;
    return 'done';
  };
  const load = 'ld r3, 0(r4)';
  const store = 'std r3, 0(r4)';
  const jump = 'mtctr r4\n bctr';
  const all = everything | leaf.privileged;
  h.store(h.memoryOf(1) + 0x9238n, 0x4400_0022_4400_0022n);
  assert.equal(outcome(all, everything, load), 'done');
  assert.equal(outcome(all, everything, store), 'done');
  h.store(h.memoryOf(1) + 0x9238n, 0x4400_0022_4400_0022n);
  assert.equal(outcome(all, everything, jump), 'done');
  assert.equal(outcome(undefined, everything, load), 'DSI 40000000');
  assert.equal(outcome(undefined, undefined, store), 'DSI 42000000');
  assert.equal(outcome(undefined, everything, jump), 'ISI 40000000');
  assert.equal(outcome(all & ~write, everything, store), 'DSI a000000');
  assert.equal(outcome(all & ~execute, undefined, jump), 'ISI 10000000');
  assert.equal(outcome(all, undefined, load), 'HDSI 40000000 40000000');
  assert.equal(outcome(all, everything & ~write, store), 'HDSI a000000 40000000');
  assert.equal(outcome(all, everything & ~execute, jump), 'HISI 10000000 40000000');
  assert.equal(outcome(all, everything & ~R, load), 'HDSI 40000 40000000');
  assert.equal(outcome(all, everything & ~C, store), 'HDSI 2040000 40000000');
  assert.equal(outcome(all, everything & ~C, load), 'done');
});

test('a guest’s tables: R and C are set in its leaf, which its hypervisor must let it write', () => {
  const h = hypervisor();
  const partition = h.partition(1, processes.word);
  // The tables in pages of 4 KiB.
  const tree = processes.tree(h, 1, 0x1000_0000n);
  for (let n = 0n; n < 32n; n++) partition.map(0x1000_0000n + (n << 12n), h.memoryOf(1) + 0x10_0000n + (n << 12n), 12n);
  tree.map(0n, 0n, 21n, everything | leaf.privileged);
  const ea = 0x1_0000_0000n;
  const none = leaf.read | leaf.write | leaf.execute | leaf.privileged;
  const own = tree.map(ea, 0x8000n, 12n, none);
  const page = own & ~0xfffn;
  const behind = h.memoryOf(1) + 0x10_0000n - 0x1000_0000n;
  const word = (): bigint => h.load(behind + own) & (R | C);
  const go = (source: string): bigint => run(h, source, { registers: { r4: ea + 0x10n, msr: translated } });
  assert.equal(go('ld r3, 0(r4)'), 0xc00n);
  assert.equal(word(), R);
  assert.equal(go('std r3, 0(r4)'), 0xc00n);
  assert.equal(word(), R | C);
  const reset = (bits: bigint): void => {
    tree.map(ea, 0x8000n, 12n, none);
    partition.map(page, behind + page, 12n, bits);
  };
  reset(everything & ~write);
  assert.equal(go('ld r3, 0(r4)'), 0xe00n);
  assert.equal(h.state('hdsisr'), 0xa02_0000n, 'a store to a table, protected');
  assert.equal(h.state('asdr'), page);
  assert.equal(h.state('hdar'), ea + 0x10n);
  reset(everything & ~C);
  assert.equal(go('ld r3, 0(r4)'), 0xe00n);
  assert.equal(h.state('hdsisr'), 0x206_0000n, 'C is not set');
  reset(everything & ~R);
  assert.equal(go('ld r3, 0(r4)'), 0xe00n);
  assert.equal(h.state('hdsisr'), 0x6_0000n, 'R is not set, the table is only read');
  assert.equal(word(), 0n);
  reset(0n);
  h.store(partition.map(page, 0n, 12n, 0n), 0n);
  assert.equal(go('std r3, 0(r4)'), 0xe00n);
  assert.equal(h.state('hdsisr'), 0x4202_0000n, 'the instruction is a store');
  assert.equal(go('mtctr r4\n bctr'), 0xe20n);
  assert.equal(h.register('msr') & 0x783f_0000n, 0x4002_0000n);
  reset(everything & ~write);
  assert.equal(go('mtctr r4\n bctr'), 0xe20n);
  assert.equal(h.register('msr') & 0x783f_0000n, 0x803_0000n, 'a fetch that has to store');
  partition.map(processes.table & ~0xfffn, 0n, 12n, 0n);
});

test('problem state of a guest: privileged pages, AMR, and sc 1 from there', () => {
  const h = hypervisor();
  h.partition(1, processes.word);
  const tree = processes.tree(h, 1);
  tree.map(0n, 0n, 21n, everything | leaf.privileged);
  tree.map(user, 0n, 21n);
  h.program(1, 0x300n, 'sc 1');
  const problem = translated | msr.PR | msr.EE;
  const registers = { msr: problem, nip: user + at };
  assert.equal(run(h, 'li r3, 9', { registers }), 0xc00n);
  assert.equal(h.register('msr'), problem);
  assert.equal(h.register('nip'), user + at + 8n);
  assert.equal(run(h, 'ld r3, 0(r0)', { registers }), 0xc00n);
  assert.equal(h.register('nip'), 0x304n, 'its kernel has the interrupt');
  assert.equal(h.puppet.machine.engine.vcpus[0]?.spr(18), 0x800_0000n);
  // The kernel itself, with AMR: key 0 shuts the page of problem state.
  const amr = `mtspr 29, r5\n ld r3, 0x300(r4)`;
  assert.equal(run(h, amr, { registers: { msr: translated, r4: user, r5: 0n } }), 0xc00n);
  assert.equal(h.register('nip'), at + 12n);
  assert.equal(run(h, amr, { registers: { msr: translated, r4: user, r5: 3n << 62n } }), 0xc00n);
  assert.equal(h.register('nip'), 0x304n);
});

test('interrupts of a guest are its own: sc, scv, traps, privileged instructions, decrementer, by its AIL and ILE', () => {
  const h = hypervisor();
  h.partition(1, processes.word);
  const tree = processes.tree(h, 1);
  tree.map(0n, 0n, 21n, everything | leaf.privileged);
  tree.map(0xc000_0000_0000_0000n & ((1n << 52n) - 1n), 0n, 21n, everything | leaf.privileged);
  tree.map(user, 0n, 21n);
  const stub = 'sc 1';
  const high = 0xc000_0000_0000_4000n;
  for (const vector of [0x700n, 0x900n, 0xc00n]) {
    h.program(1, vector, stub);
    h.program(1, 0x4000n + vector, stub);
  }
  h.program(1, 0x17000n + 0x60n, stub);
  const ail3 = 3n << 23n;
  const where = (source: string, lpcr: bigint, entry: Partial<Record<RegisterName, bigint>> = {}): bigint => {
    assert.equal(run(h, source, { state: { lpcr }, registers: { msr: translated, ...entry } }), 0xc00n);
    return h.register('nip') - 4n;
  };
  assert.equal(where('sc', 0n), 0xc00n);
  assert.equal(h.state('srr0'), at + 4n);
  assert.equal(h.register('msr'), realMode & ~msr.RI);
  assert.equal(where('sc', ail3), high + 0xc00n);
  assert.equal(h.register('msr'), translated & ~msr.RI);
  assert.equal(where('trap', ail3), high + 0x700n);
  assert.equal(h.state('srr1'), translated | 0x2_0000n);
  assert.equal(where('mtmsrd r3', 0n, { msr: translated | msr.PR | msr.EE, nip: user + at }), 0x700n);
  assert.equal(h.state('srr1') & 0xf_0000n, 0x4_0000n);
  assert.equal(where('sc', ail3, { msr: realMode }), 0xc00n, 'no relocation with translation off');
  for (const mode of [1n, 2n]) assert.equal(where('sc', mode << 23n), 0xc00n, `AIL ${mode} is not to be had`);
  const decrement = 'mtspr 22, r5\n mtmsrd r6\n nop\n nop';
  assert.equal(where(decrement, ail3, { r5: -1n, r6: translated | msr.EE }), high + 0x900n);
  h.program(1, 0xc00n, stub, true);
  assert.equal(where('sc', 1n << 25n), 0xc00n, 'ILE');
  assert.equal(h.register('msr') & 1n, 1n);
});

test('what is no instruction leaves to the hypervisor with the word in HEIR', () => {
  const h = hypervisor();
  assert.equal(run(h, '.long 0x00abcdef'), 0xe40n);
  assert.equal(h.state('heir'), 0xabcdefn);
  assert.equal(h.register('nip'), at);
  assert.equal(h.register('msr'), realMode);
  assert.equal(run(h, 'mfspr r3, 4'), 0xe40n);
});

test('HFSCR: what the hypervisor keeps leaves to it with the cause; what the guest has shut is its own affair', () => {
  const h = hypervisor();
  for (const vector of [0x800n, 0xf20n, 0xf60n]) h.program(1, vector, 'sc 1');
  const all = 0xff_ffffn;
  const attempt = (source: string, off: bigint, bits: bigint): string => {
    const trap = run(h, source, { state: { hfscr: all & ~(1n << off) }, registers: { msr: realMode | bits } });
    if (trap === 0xf80n) {
      assert.equal(h.register('nip'), at);
      assert.equal(h.state('hfscr') & all, all & ~(1n << off));
      return `kept ${h.state('hfscr') >> 56n}`;
    }
    return h.register('nip') === at + 8n ? 'done' : (h.register('nip') - 4n).toString(16);
  };
  assert.equal(attempt('fadd f1, f1, f1', 0n, msr.FP), 'kept 0');
  assert.equal(attempt('fadd f1, f1, f1', 0n, 0n), '800');
  assert.equal(attempt('fadd f1, f1, f1', 1n, msr.FP), 'done');
  assert.equal(attempt('vaddubm v1, v1, v1', 1n, msr.VEC), 'kept 1');
  assert.equal(attempt('vaddubm v1, v1, v1', 1n, 0n), 'f20');
  assert.equal(attempt('xxlxor vs1, vs1, vs1', 1n, msr.VSX), 'kept 1');
  assert.equal(attempt('mtspr 815, r3', 8n, 0n), 'kept 8');
  assert.equal(attempt('mtspr 815, r3', 7n, 0n), 'done');
  assert.equal(attempt('mtspr 804, r3', 7n, 0n), 'kept 7');
  for (const number of [786, 795, 796, 787, 784]) assert.equal(attempt(`mfspr r3, ${number}`, 3n, 0n), 'kept 3');
  assert.equal(attempt('mtspr 17, r3', 2n, 0n), 'kept 2');
  for (const source of ['mfspr r3, 176', 'mfspr r3, 446', 'msgsndp r3'])
    assert.equal(attempt(source, 10n, 0n), 'kept 10');
  // scv is FSCR's alone: where that shuts it, no bit of HFSCR is asked.
  assert.equal(attempt('scv 0', 12n, 0n), 'f60');
});

test('time: the offset of the timebase, PURR, SPURR and VTB, and the limit that ends a run', () => {
  const h = hypervisor();
  const offset = 1n << 40n;
  const state = { tbOffset: offset, purr: 0x1000_0000_0000n, spurr: 0x2000_0000_0000n, vtb: 0x3000_0000_0000n };
  const source = 'mfspr r3, 268\n mfspr r4, 309\n mfspr r5, 308\n mfspr r6, 849';
  assert.equal(run(h, source, { state }), 0xc00n);
  const near = (value: bigint, base: bigint): void =>
    assert.ok(value >= base && value < base + (1n << 36n), value.toString(16));
  near(h.register('r3'), offset);
  near(h.register('r4'), state.purr);
  near(h.register('r5'), state.spurr);
  near(h.register('r6'), state.vtb);
  assert.ok(
    h.state('purr') >= h.register('r4') && h.state('spurr') >= h.register('r5') && h.state('vtb') >= h.register('r6'),
  );
  const after = h.state('purr');
  assert.equal(run(h, 'nop', { state: { purr: after } }), 0xc00n);
  near(h.state('purr'), after);
  const loop = 'addi r3, r3, 1\n b .-4';
  assert.equal(run(h, loop, { state: { hdecExpiry: 0n } }), 0x980n, 'it is over before it begins');
  assert.equal(h.register('r3'), 0n);
  const now = h.puppet.machine.engine.vcpus[0];
  assert.ok(now);
  h.program(1, at, loop);
  h.prepare({ registers: { nip: at, msr: realMode | msr.EE }, state: { tbOffset: offset, hdecExpiry: 0x40_0000n } });
  assert.equal(h.resume(), 0x980n);
  assert.ok(h.register('r3') > 0n);
  assert.ok(h.register('nip') === at || h.register('nip') === at + 4n);
});

test('the decrementer is common, and counts on', () => {
  const h = hypervisor();
  assert.equal(run(h, 'lis r3, 0x100\n mtspr 22, r3'), 0xc00n);
  const lower = 'mfspr r3, 22';
  assert.equal(run(h, `lis r3, 0x100\n mtspr 22, r3\n ${lower}`), 0xc00n);
  assert.ok(h.register('r3') <= 0x100_0000n && h.register('r3') > 0xff_0000n);
});

test('an interrupt for the hypervisor ends a run whatever the guest’s EE; it is not lost', () => {
  const h = hypervisor();
  const { puppet } = h;
  const loop = 'addi r3, r3, 1\n b .-4';
  for (const bits of [0n, msr.EE]) {
    const vcpu = puppet.machine.engine.vcpus[0];
    assert.ok(vcpu);
    vcpu.pending |= 1;
    assert.equal(run(h, loop, { registers: { msr: realMode | bits } }), 0x500n);
    assert.equal(h.register('r3'), 0n, 'at once');
    assert.ok(puppet.isSignalled(0));
    vcpu.pending &= ~1;
  }
});

test('LPCR[MER]: an external interrupt of the hypervisor’s making, when the guest opens EE', () => {
  const h = hypervisor();
  h.program(1, 0x500n, 'sc 1');
  const mer = 0x800n;
  assert.equal(run(h, 'li r3, 5', { state: { lpcr: mer } }), 0xc00n);
  assert.equal(h.register('nip'), at + 8n, 'EE is off');
  assert.equal(run(h, 'mtmsrd r4\n li r3, 5', { state: { lpcr: mer }, registers: { r4: realMode | msr.EE } }), 0xc00n);
  assert.equal(h.register('nip'), 0x504n);
  assert.equal(h.state('srr0'), at + 4n);
  assert.equal(run(h, 'nop', { registers: { msr: realMode | msr.EE } }), 0xc00n, 'without it there is none');
  assert.equal(h.register('nip'), at + 8n);
});

test('doorbells: a guest has its own, which waits in DPDES', () => {
  const h = hypervisor();
  h.program(1, 0xa00n, 'sc 1');
  const type5 = 5n << 27n;
  assert.equal(run(h, 'msgsndp r4\n mfspr r3, 176', { registers: { r4: type5 } }), 0xc00n);
  assert.equal(h.state('dpdes'), 1n);
  assert.equal(h.register('r3'), 1n);
  assert.equal(h.puppet.machine.engine.vcpus[0]?.pending, 0);
  assert.equal(run(h, 'mtmsrd r4', { state: { dpdes: 1n }, registers: { r4: realMode | msr.EE } }), 0xc00n);
  assert.equal(h.register('nip'), 0xa04n);
  assert.equal(h.state('dpdes'), 0n);
});

test('a guest has its core for itself: thread 0, whichever thread of the hypervisor it runs on', () => {
  const h = new Hypervisor({ request: { cpus: '2', threads: '2' }, host: 'power9-hv-6.1' });
  h.setTable();
  h.partition(1).map(0n, h.memoryOf(1), 21n);
  const type5 = 5n << 27n;
  const registers = { nip: at, msr: realMode, r4: type5, r5: type5 | 1n };
  h.program(1, at, 'mfspr r3, 446\n msgsndp r5\n mfspr r6, 176\n msgsndp r4\n mfspr r7, 176\n sc 1');
  assert.equal(h.enter({ cpu: 1, registers }), 0xc00n);
  assert.deepEqual([h.register('r3', 1), h.register('r6', 1), h.register('r7', 1)], [0n, 0n, 1n]);
  assert.equal(h.state('dpdes', 1), 1n);
  assert.deepEqual(
    h.puppet.machine.engine.vcpus.map(({ pending }) => pending),
    [0, 0],
  );
  // One for the hypervisor ends the run.
  h.program(1, at, 'addi r3, r3, 1\n b .-4');
  h.prepare({ cpu: 1, registers });
  meanwhile(h, 1, () => {
    const vcpu = h.puppet.machine.engine.vcpus[1];
    assert.ok(vcpu);
    vcpu.pending |= pendingInterrupt.outerDoorbell;
  });
  assert.equal(h.resume(1), 0n);
  assert.equal(h.puppet.machine.engine.vcpus[1]?.pending, pendingInterrupt.doorbell);
});

test('translations that the hypervisor takes back are gone when the guest runs again, and its own by tlbie', () => {
  const h = hypervisor();
  const partition = h.partition(1, processes.word);
  const tree = processes.tree(h, 1);
  tree.map(0n, 0n, 21n, everything | leaf.privileged);
  const ea = 0x1_0000_0000n;
  partition.map(0x4000_0000n, h.memoryOf(1) + 0x9000n, 12n);
  tree.map(ea, 0x4000_0000n, 12n, everything | leaf.privileged);
  h.store(h.memoryOf(1) + 0x9000n, 1n);
  h.store(h.memoryOf(1) + 0xa000n, 2n);
  h.store(h.memoryOf(1) + 0xb000n, 3n);
  const go = (source: string): bigint => {
    assert.equal(run(h, source, { registers: { r4: ea, r5: h.memoryOf(1), msr: translated } }), 0xc00n);
    return h.register('r3');
  };
  assert.equal(go('ld r3, 0(r4)'), 1n);
  partition.map(0x4000_0000n, h.memoryOf(1) + 0xa000n, 12n);
  assert.equal(h.call('H_TLB_INVALIDATE', 0x1_0000n, 1n, 0x4000_0000n), 0n);
  assert.equal(go('ld r3, 0(r4)'), 2n);
  // The guest changes its own tree: the entry's guest real address is where its tables are.
  const own = tree.map(ea, 0x4000_0000n, 12n, everything | leaf.privileged);
  const word = leaf.valid | leaf.leaf | 0xb000n | everything | leaf.privileged;
  h.store(h.memoryOf(1) + 0xf000n, word);
  h.store(h.memoryOf(1) + 0xf008n, own);
  const change = `ld r3, 0(r4)
    li r6, 0x7000
    addi r6, r6, 0x7ff8
    addi r6, r6, 8
    ori r6, r6, 0xf000
    ld r7, 0(r6)
    ld r8, 8(r6)
    std r7, 0(r8)
    ptesync
    mr r9, r4
    li r10, 0
    tlbie r9, r10, 0, 1, 1
    eieio
    tlbsync
    ptesync
    ld r3, 0(r4)`;
  assert.equal(go(change), 3n);
});

test('a guest’s programs at a compatibility level: PCR of both count', () => {
  const h = hypervisor({ request: { cpu: 'power10' } });
  h.partition(1, processes.word);
  const tree = processes.tree(h, 1);
  tree.map(user, 0n, 21n);
  const problem = { msr: translated | msr.PR | msr.EE, nip: user + at };
  // brw, of Power ISA 3.1.
  const source = '.long 0x7c630136';
  assert.equal(run(h, source, { registers: { ...problem, r3: 0x1234_5678n } }), 0xc00n);
  assert.equal(h.register('r3'), 0x7856_3412n);
  assert.equal(run(h, source, { state: { pcr: 0x10n }, registers: problem }), 0xe40n);
  assert.equal(run(h, source, { registers: { ...problem, r3: 1n } }), 0xc00n);
});

test('watchpoints and the breakpoint are the guest’s while it runs', () => {
  const h = hypervisor();
  h.program(1, 0x300n, 'sc 1');
  const dawrx0 = 0x60n | 0x08n | 2n;
  const state = { dawr0: 0x8000n, dawrx0 };
  assert.equal(run(h, 'ld r3, 0(r4)', { state, registers: { r4: 0x8000n } }), 0xc00n);
  assert.equal(h.register('nip'), 0x304n);
  assert.equal(run(h, 'ld r3, 0(r4)', { registers: { r4: 0x8000n } }), 0xc00n);
  assert.equal(h.register('nip'), at + 8n);
  h.store(0x8000n, 5n);
  assert.equal(h.load(0x8000n), 5n);
});

test('H_COPY_TOFROM_GUEST: both ways across pages, all or nothing', () => {
  const h = hypervisor();
  const partition = h.partition(1, processes.word);
  const tree = processes.tree(h, 1);
  partition.map(0x4000_0000n, h.memoryOf(1) + 0xa000n, 12n);
  partition.map(0x4000_1000n, h.memoryOf(1) + 0x9000n, 12n);
  const ea = 0x1_0000_0000n;
  tree.map(ea, 0x4000_0000n, 12n);
  tree.map(ea + 0x1000n, 0x4000_1000n, 12n, leaf.read);
  const to = 0x700_0000n;
  const copy = (lpid: bigint, pid: bigint, address: bigint, target: bigint, from: bigint, bytes: bigint): bigint =>
    h.call('H_COPY_TOFROM_GUEST', lpid, pid, address, target, from, bytes);
  assert.equal(copy(1n, 0n, ea, to, 0n, 8n), -4n, 'it was never entered');
  assert.equal(run(h, 'nop'), 0xc00n);
  h.store(h.memoryOf(1) + 0xaff8n, 0x1122n);
  h.store(h.memoryOf(1) + 0x9000n, 0x3344n);
  assert.equal(copy(1n, 0n, ea + 0xff8n, to, 0n, 16n), 0n);
  assert.deepEqual([h.load(to), h.load(to + 8n)], [0x1122n, 0x3344n]);
  h.store(to, 0x99n);
  assert.equal(copy(1n, 0n, ea + 0xff0n, 0n, to, 8n), 0n);
  assert.equal(h.load(h.memoryOf(1) + 0xaff0n), 0x99n);
  assert.equal(copy(1n, 0n, ea + 0xff8n, 0n, to, 16n), -7n, 'the second page is for reading');
  assert.equal(h.load(h.memoryOf(1) + 0xaff8n), 0x1122n, 'nothing was copied');
  assert.equal(copy(1n, 0n, ea + 0x1ff8n, to, 0n, 16n), -7n, 'the third is not there');
  assert.equal(copy(1n, 0n, ea, to, to, 8n), -4n, 'two directions');
  assert.equal(copy(1n, 0n, ea | (1n << 52n), to, 0n, 8n), -4n, 'no such address');
  assert.equal(copy(2n, 0n, ea, to, 0n, 8n), -4n);
  assert.equal(copy(1n, 0n, ea, 256n << 20n, 0n, 8n), -7n, 'no RAM');
  assert.equal(copy(1n, 0n, ea, to, 0n, 1n << 40n), -9n);
  assert.equal(copy(1n, 0n, ea, to, 0n, 0n), 0n);
  assert.equal(copy(1n, 9n, ea, to, 0n, 8n), -7n, 'a process that there is not');
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

/** Does something once while a guest runs, some thousand instructions after it was entered. */
function meanwhile(h: Hypervisor, cpu: number, act: () => void): void {
  const { machine } = h.puppet;
  let left = 20;
  machine.watchRuns({
    interval: 1000,
    ran: (vcpu) => {
      if (vcpu.index !== cpu || vcpu.nestedLpid === undefined || left-- > 0) return;
      machine.watchRuns(undefined);
      act();
    },
  });
}

test('a system reset is the hypervisor’s: its guest has left, with no reason of its own', () => {
  const h = hypervisor();
  // r3 of the call, and a mark.
  h.store(0x100n, 0x3863_0077_4c00_0024n);
  h.program(1, at, 'addi r3, r3, 1\n b .-4');
  h.prepare({ registers: { nip: at, msr: realMode } });
  meanwhile(h, 0, () => {
    const vcpu = h.puppet.machine.engine.vcpus[0];
    assert.ok(vcpu);
    vcpu.pending |= 8;
  });
  assert.equal(h.resume(), 0x77n);
  assert.ok(h.register('r3') > 1000n);
});

test('an interrupt that comes while a guest runs ends the run', () => {
  const h = hypervisor();
  h.program(1, at, 'addi r3, r3, 1\n b .-4');
  h.prepare({ registers: { nip: at, msr: realMode } });
  const vcpu = h.puppet.machine.engine.vcpus[0];
  assert.ok(vcpu);
  meanwhile(h, 0, () => {
    vcpu.pending |= 1;
  });
  assert.equal(h.resume(), 0x500n);
  assert.ok(h.register('r3') > 1000n);
  vcpu.pending &= ~1;
});

test('what another vCPU takes back is gone from one that runs the guest', () => {
  const h = hypervisor();
  const entry = h.partition(1).map(0x4000_0000n, h.memoryOf(1) + 0x9000n, 12n);
  h.store(h.memoryOf(1) + 0x9000n, 1n);
  h.store(h.memoryOf(1) + 0xa000n, 2n);
  h.program(1, at, '1: ld r3, 0(r4)\n cmpdi r3, 1\n beq 1b\n sc 1');
  h.prepare({ registers: { nip: at, msr: realMode, r4: 0x4000_0000n } });
  meanwhile(h, 0, () => {
    const { ram, dataPlane } = h.puppet.machine.engine;
    ram.write64(Number(entry), leaf.valid | leaf.leaf | (h.memoryOf(1) + 0xa000n) | everything);
    dataPlane.nestedInvalidate(2, 0);
    dataPlane.nestedInvalidate(1, 0);
  });
  assert.equal(h.resume(), 0xc00n);
  assert.equal(h.register('r3'), 2n);
});

test('H_REGISTER_PROC_TBL and H_SET_MODE of one vCPU reach the hypervisor’s registers in one that runs a guest', () => {
  const h = hypervisor();
  h.program(1, at, 'addi r3, r3, 1\n b .-4');
  h.prepare({ registers: { nip: at, msr: realMode }, state: { lpcr: 1n << 25n, hdecExpiry: 0x100_0000n } });
  const vcpu = h.puppet.machine.engine.vcpus[0];
  assert.ok(vcpu);
  meanwhile(h, 0, () => {
    setLpcrBits(vcpu, lpcrBit.AIL, 3n << 23n);
    assert.equal(vcpu.spr(318) & lpcrBit.AIL, 0n);
  });
  assert.equal(h.resume(), 0x980n);
  assert.equal(vcpu.spr(318) & (lpcrBit.AIL | lpcrBit.ILE), 3n << 23n);
});

test('a machine that is reset while a guest runs starts anew', () => {
  const h = hypervisor();
  h.program(1, at, 'addi r3, r3, 1\n b .-4');
  h.prepare({ registers: { nip: at, msr: realMode } });
  const { machine } = h.puppet;
  const vcpu = machine.engine.vcpus[0];
  assert.ok(vcpu);
  meanwhile(h, 0, () => {
    vcpu.pending |= 1;
  });
  h.resume();
  h.puppet.reboot();
  assert.equal(machine.engine.vcpus[0]?.nestedLpid, undefined);
  assert.equal(h.puppet.hypercall('H_ENTER_NESTED', [place.state, place.registers], 0).status, -2n, 'not radix yet');
});
