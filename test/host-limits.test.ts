// What a running guest meets of the limits of each host profile: who answers H_SET_MODE and how, calls that exist whatever
// the host has, the level register. (guest environment, sections 4.2, 7.2, 8 and 9)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findProfile, namedProfiles, type Request, withHostCpu } from '../src/environment/index.ts';
import { casRequestBytes } from '../src/papr/cas-request-bytes.ts';
import { Puppet } from './interrupts/puppet.ts';
import { place } from './interrupts/puppet-source.ts';

const noAil: Request = { 'cap-ail-mode-3': 'off' };
const unprotected: Request = {
  ...{ 'cap-cfpc': 'broken', 'cap-sbbc': 'broken', 'cap-ibs': 'broken', 'cap-ccf-assist': 'off' },
};
const pr: Request = { ...noAil, 'cap-fwnmi': 'off' };

/** Who answers H_SET_MODE for resources 1 and 3 (section 4.2), and what the newest type needs (section 9.3). */
const limits: Readonly<Record<string, { readonly answers: 'machine' | 'hv' | 'pr'; readonly needs: Request }>> = {
  engine: { answers: 'machine', needs: {} },
  'power7-hv-4.4': {
    answers: 'hv',
    needs: {
      ...unprotected,
      'cap-cfpc': 'broken',
      'cap-ail-mode-3': 'off',
      'cap-fwnmi': 'off',
      'resize-hpt': 'disabled',
    },
  },
  'power8-hv-4.4': { answers: 'hv', needs: { ...pr, ...unprotected, 'resize-hpt': 'disabled' } },
  'power8-hv-5.18': { answers: 'hv', needs: {} },
  // A kernel that leaves the location of interrupts to the machine.
  'power8-pr-5.10': { answers: 'machine', needs: pr },
  'power9-hv-4.14-noxive': { answers: 'hv', needs: { ...noAil, ...unprotected } },
  'power9-hv-4.20-nested': { answers: 'hv', needs: noAil },
  'power9-hv-5.4': { answers: 'hv', needs: noAil },
  'power9-hv-5.15': { answers: 'hv', needs: noAil },
  'power9dd21-hv-6.1': { answers: 'hv', needs: { ...noAil, 'cap-ccf-assist': 'off', 'mmu-offer': 'radix' } },
  'power9-hv-6.1': { answers: 'hv', needs: {} },
  'power9-l1-6.1': { answers: 'hv', needs: { 'mmu-offer': 'radix' } },
  'power9-pr-5.18': { answers: 'pr', needs: { ...pr, 'cap-large-decr': 'off', 'mmu-offer': 'hash' } },
  'power10-hv-6.6': { answers: 'hv', needs: {} },
  'power10-l1v2-6.12': { answers: 'hv', needs: { 'mmu-offer': 'radix' } },
  'pr-compat-ignore': { answers: 'machine', needs: pr },
};

function guestOn(name: string): Puppet {
  const profile = findProfile(name);
  assert.ok(profile !== undefined);
  const wanted: Request = {
    ...limits[name]?.needs,
    cpu: profile.accelerator === 'kvm' ? 'host' : 'power10',
    cpus: '2',
  };
  return new Puppet({ request: withHostCpu(wanted, profile), host: profile });
}

test('every profile has its limits here', () => {
  const names = namedProfiles.map(({ name }) => name);
  assert.deepEqual(Object.keys(limits).sort(), names.sort());
});

for (const [name, { answers, needs }] of Object.entries(limits)) {
  test(`${name}: H_SET_MODE is answered by its ${answers} rules, on all vCPUs`, () => {
    const puppet = guestOn(name);
    const setMode = (cpu: number, mflags: number, resource: number, value1 = 0, value2 = 0): number =>
      Number(puppet.hypercall('H_SET_MODE', [mflags, resource, value1, value2], cpu).status);
    const ail = (): bigint[] => puppet.machine.engine.vcpus.map((vcpu) => (vcpu.spr(318) >> 23n) & 3n);
    const third = needs['cap-ail-mode-3'] === 'off' ? -256 : 0;
    const modes = answers === 'pr' ? [0, -319, -319, -319, -319] : [0, -256, -256, third, -256];
    for (const cpu of [0, 1]) {
      assert.deepEqual(
        modes.map((_, mflags) => setMode(cpu, mflags, 3)),
        modes,
      );
      assert.deepEqual(ail(), modes[3] === 0 ? [3n, 3n] : [0n, 0n], 'a mode that is refused changes nothing');
      assert.equal(setMode(cpu, 0, 3), 0);
      assert.deepEqual(ail(), [0n, 0n]);
    }
    // KVM PR looks at no values, and asks for the mode alone.
    const values = [setMode(0, 0, 3, 1), setMode(1, 0, 3, 0, 1)];
    assert.deepEqual(values, answers === 'pr' ? [0, 0] : [-56, -57]);
    assert.equal(setMode(0, 0, 9), -55);
    if (puppet.environment.cpu.class === 'POWER7') {
      assert.equal(setMode(0, 0, 1), -55, 'no CIABR');
      return;
    }
    // A kernel with HV looks at the second value first.
    assert.equal(setMode(0, 1, 1, 0, 1), answers === 'hv' ? -57 : -256);
    assert.deepEqual([setMode(0, 1, 1), setMode(0, 0, 1, 3), setMode(1, 0, 1, 4)], [-256, -56, 0]);
  });

  test(`${name}: calls exist or not by the environment, whatever the host's kernel has`, () => {
    const puppet = guestOn(name);
    const { capabilities } = puppet.environment;
    assert.equal(capabilities['rpt-invalidate'], 0);
    for (const call of ['H_RPT_INVALIDATE', 'H_SET_PARTITION_TABLE', 'H_ENTER_NESTED', 'H_TLB_INVALIDATE'])
      assert.equal(puppet.hypercall(call, [0, 1, 2, 1, 0, 0x1000], 1).status, -2n, call);
    // r4 and r5 of H_GET_CPU_CHARACTERISTICS are the environment's, not the host's.
    const second = guestOn(name);
    for (const one of [puppet, second]) assert.equal(one.hypercall('H_GET_CPU_CHARACTERISTICS', [], 0).status, 0n);
    const { character, behaviour } = puppet.environment.characteristics;
    const gpr = (n: number): bigint => puppet.memory.read64(place.commands + 72 + 8 * (n - 3));
    assert.deepEqual([gpr(4), gpr(5)], [BigInt(character), BigInt(behaviour)]);
  });
}

test('a level is written once for each vCPU where the host has its register, and not at all where it has none', () => {
  const writes = Object.keys(limits).map((name) => {
    const profile = findProfile(name);
    assert.ok(profile !== undefined);
    const wanted: Request = {
      ...{ ...limits[name]?.needs, cpu: profile.accelerator === 'kvm' ? 'host' : 'power9', cpus: '2' },
    };
    const puppet = new Puppet({ request: withHostCpu(wanted, profile), host: profile, alone: true });
    const before = puppet.machine.statistics().host.levelWrites;
    // Of one older level alone, as an old kernel asks, with the MMU that is offered.
    const radix = wanted['mmu-offer'] === 'radix';
    const older = puppet.environment.cpu.class === 'POWER7' ? 0x0f00_0003 : 0x0f00_0004;
    const pvrs = [[0xffff_ffff, older] as const, [0xffff_fffe, 0x0f00_0001] as const];
    const wish = { pvrs, xive: 0, ...(radix ? {} : { mmu: 0, gtse: 0 }) };
    puppet.memory.writeBytes(place.request, casRequestBytes(wish));
    const { status } = puppet.hypercall('H_CAS', [place.request, place.tree, 0x4_0000], 0);
    const after = puppet.machine.statistics().host.levelWrites;
    assert.equal(before, 0, name);
    // One vCPU of PR says no, and none is asked after it.
    const none = profile.accelerator === 'kvm' && profile.compatRegister === 'refuses';
    assert.equal(status, none ? -1n : 0n, name);
    return [name, after] as const;
  });
  for (const [name, count] of writes) {
    const profile = findProfile(name);
    const due = profile?.accelerator !== 'kvm' ? 0 : profile.compatRegister === 'refuses' ? 1 : 2;
    assert.equal(count, due, name);
  }
});
