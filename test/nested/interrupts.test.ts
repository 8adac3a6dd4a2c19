// Guests of the guest: which interrupts they take, which end a run, facilities, time (Power ISA v3.1 Book III, chapter 7).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pendingInterrupt } from '../../src/cpu/state.ts';
import { lpcrBit, setLpcrBits } from '../../src/papr/registers.ts';
import { Hypervisor, msr, place, type RegisterName, realMode, translated } from './hypervisor.ts';
import { at, hypervisor, meanwhile, run } from './one-guest.ts';
import { processes, user } from './process.ts';
import { everything, leaf } from './trees.ts';

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

test('another vCPU resets the machine while a guest runs', () => {
  const h = new Hypervisor({ request: { cpus: '2' } });
  h.setTable();
  h.partition(1).map(0n, h.memoryOf(1), 21n);
  h.program(1, at, 'addi r3, r3, 1\n b .-4');
  h.prepare({ cpu: 1, registers: { nip: at, msr: realMode } });
  // The block of system-reboot, and the call.
  const { machine, environment } = h.puppet;
  const code = h.memoryOf(2);
  h.store(code, (BigInt(environment.rtas['system-reboot'] ?? 0) << 32n) | 0n);
  h.store(code + 8n, 1n << 32n);
  h.program(2, 0x100n, 'lis r3, 0\n ori r3, r3, 0xf000\n mr r4, r5\n sc 1\n b .');
  const { engine } = machine;
  meanwhile(h, 1, () => {
    const vcpu = engine.vcpus[0];
    assert.ok(vcpu);
    vcpu.nip = code + 0x100n;
    vcpu.setGpr(5, code);
  });
  assert.throws(() => h.resume(1), /does not end/, 'the command is forgotten');
  assert.notEqual(machine.engine, engine);
  assert.deepEqual(
    machine.engine.vcpus.map(({ nestedLpid }) => nestedLpid),
    [undefined, undefined],
  );
});
