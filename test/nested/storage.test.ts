// Guests of the guest: two-level translation, whose fault is whose, invalidation, and copies (Power ISA v3.1 Book III, sections 6.7
// and 7.5.16).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Hypervisor, msr, place, realMode, translated } from './hypervisor.ts';
import { at, hypervisor, meanwhile, run } from './one-guest.ts';
import { processes, user } from './process.ts';
import { everything, leaf } from './trees.ts';

const { read, write, execute, r: R, c: C, guarded } = leaf;

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
