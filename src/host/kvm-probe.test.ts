// The profile that a probe writes: from KVM's answers and the machine's facts, checked by the schema's rules.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkProfile, evaluate, findProfile, type KvmCapability, kvmCapabilities } from '../environment/index.ts';
import { type KvmPort, kvmProfile, type MachineFacts, probeHost } from './kvm-probe.ts';

const facts: MachineFacts = {
  name: 'probed',
  release: '6.1.0',
  pvr: 0x004e1203,
  timebaseFrequency: 512_000_000,
  decrementerBits: 56,
  transactionalMemory: true,
  pageSize: 65536,
};

/** A kernel that answers as a named profile says. */
function portOf(name: string): KvmPort {
  const profile = findProfile(name);
  assert.ok(profile?.accelerator === 'kvm');
  const answers = new Map<number, number>();
  for (const [key, number] of Object.entries(kvmCapabilities)) {
    answers.set(number, profile.kvm[key as KvmCapability] ?? 0); // The keys of the table are the type.
  }
  const bits = (...numbers: number[]) => numbers.reduce((word, bit) => word | (1n << BigInt(63 - bit)), 0n);
  const all = (1n << 64n) - 1n;
  return {
    check: (number) => answers.get(number) ?? -1,
    // Work-arounds for everything, with the flush assist.
    cpuCharacteristics: () => [bits(0, 2, 3, 4, 9), bits(0, 1, 2, 5), all, all],
    close: () => {},
  };
}

test('a probed HV host gives and refuses what the named profile of the same answers does', () => {
  const profile = kvmProfile(portOf('power9-hv-6.1'), facts);
  assert.deepEqual(checkProfile(JSON.parse(JSON.stringify(profile))), { profile });
  const named = findProfile('power9-hv-6.1');
  assert.ok(named !== undefined);
  for (const request of [
    { cpu: 'power9' },
    { cpu: 'power8' },
    { cpu: 'power9', 'cap-cfpc': 'fixed' },
    { machine: 'pseries-2.11', cpu: 'power9' },
  ]) {
    const codes = (host: typeof named) => evaluate(request, host).reasons.map((reason) => reason.code);
    assert.deepEqual(codes(profile), codes(named), JSON.stringify(request));
  }
});

test('a probed PR host is recognised by what it answers', () => {
  const profile = kvmProfile(portOf('power9-pr-5.18'), facts);
  assert.deepEqual([profile.kvmTypes, profile.cpuRule, profile.compatRegister], [['pr'], 'up-to-class', 'refuses']);
  assert.deepEqual(checkProfile(JSON.parse(JSON.stringify(profile))), { profile });
});

test('on a machine without KVM for Power the probe gives our own engine and says so', async (t) => {
  if (process.arch === 'ppc64') return t.skip('this machine may have KVM for Power');
  const { profile, notes } = await probeHost();
  assert.equal(profile.accelerator, 'engine');
  assert.equal(notes.length, 1);
});
