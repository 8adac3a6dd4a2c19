// Host profiles: the named ones are their JSON files, a user's own is checked, and KVM's words become levels (section 3.4, 9).
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { evaluate } from './decide.ts';
import { type CpuCharacteristicsAnswer, type KvmProfile, securityLevels } from './host-profile.ts';
import { findProfile, namedProfiles } from './named-profiles.ts';
import { checkProfile } from './profile-check.ts';
import { hex } from './text.ts';

const folder = fileURLToPath(new URL('../../../src/environment/profiles', import.meta.url));

function kvmHost(name: string): KvmProfile {
  const profile = findProfile(name);
  assert.ok(profile?.accelerator === 'kvm');
  return profile;
}

test('the named profiles are exactly the JSON files: run "npm run generate:profiles" after a change', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  assert.equal(files.length, namedProfiles.length);
  for (const file of files) {
    const value: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    assert.deepEqual(checkProfile(value), { profile: findProfile(file.replace('.json', '')) });
  }
});

test('no code tests the name of a profile', () => {
  const source = fileURLToPath(new URL('../../../src', import.meta.url));
  const names = namedProfiles.map((profile) => profile.name).filter((name) => name !== 'engine');
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts') || file.endsWith('named-profiles.ts')) continue;
    const text = readFileSync(join(source, file), 'utf8');
    for (const name of names) assert.ok(!text.includes(`'${name}'`), `${file} names ${name}`);
    assert.doesNotMatch(text, /host\.name\s*[!=]==/, file);
  }
});

test('scenario 10, second half: with 16 MiB host pages, hash pages of 16 MiB can be given', () => {
  const host = { ...kvmHost('power9-hv-6.1'), ramPageSize: 2 ** 24 };
  const request = { cpu: 'power9', 'cap-hpt-max-page-size': '16m' };
  assert.deepEqual(evaluate(request, host).reasons, []);
});

test('levels follow from the words of KVM_PPC_GET_CPU_CHAR, first match wins', () => {
  const bits = (...numbers: number[]) => hex(numbers.reduce((word, bit) => word | (1n << BigInt(63 - bit)), 0n));
  const levels = (pvr: `0x${string}`, answer: CpuCharacteristicsAnswer) => {
    const { security: _, ...host } = kvmHost('power9-hv-6.1');
    const { cfpc, sbbc, ibs, ccfAssist } = securityLevels({ ...host, pvr, cpuCharacteristics: answer });
    return [cfpc, sbbc, ibs, ccfAssist];
  };
  const all = '0xffffffffffffffff';
  const answer = (character: `0x${string}`, behaviour: `0x${string}`, characterMask = all, behaviourMask = all) =>
    ({ character, behaviour, characterMask, behaviourMask }) as CpuCharacteristicsAnswer;
  const [p8, p9] = ['0x004d0200', '0x004e1203'] as const;
  assert.deepEqual(levels(p9, answer('0x0', '0x0', '0x0', '0x0')), [0, 0, 0, 0]);
  assert.deepEqual(levels(p9, answer('0x0', '0x0')), [2, 2, 4, 0]);
  const needsAll = bits(1, 2, 5);
  assert.deepEqual(levels(p9, answer(bits(2, 3), needsAll)), [0, 0, 1, 0]);
  assert.deepEqual(levels(p9, answer(bits(2, 4, 0, 9), needsAll)), [1, 1, 1, 1]);
  assert.deepEqual(levels(p8, answer(bits(3), needsAll)), [1, 0, 1, 0]);
  assert.deepEqual(levels(p9, answer(bits(7), bits(1, 2))), [0, 0, 3, 0]);
  assert.deepEqual(levels(p9, answer(bits(1), bits(1, 2))), [0, 0, 2, 0]);
  // A work-around host that also has the count cache off stays at the work-around.
  assert.deepEqual(levels(p9, answer(bits(7), needsAll)), [0, 0, 1, 0]);
});

test('a malformed profile is told of by path, with what was expected and the nearest known name', () => {
  const good = kvmHost('power9-hv-6.1');
  const problems = (value: unknown) => {
    const checked = checkProfile(value);
    assert.ok('problems' in checked);
    return checked.problems.map(({ path, message }) => `${path}: ${message}`);
  };
  assert.deepEqual(problems(null), [': a host profile is a JSON object']);
  assert.deepEqual(problems({ ...good, pvr: 0x4e1203 }), ['pvr: must be text, not 5116419']);
  assert.deepEqual(problems({ ...good, kvm: { ...good.kvm, PPC_FWNIM: 1 } }), [
    'kvm.PPC_FWNIM: is not known; did you mean PPC_FWNMI?',
  ]);
  assert.deepEqual(problems({ ...good, cpuRule: undefined }), ['cpuRule: is missing']);
  assert.deepEqual(problems({ ...good, kvmTypes: [] }), ['kvmTypes: must have at least 1 entry, not []']);
  assert.deepEqual(problems({ ...good, ramPageSize: 65537 }), ['ramPageSize: must be a power of two']);
  assert.deepEqual(problems({ ...good, compatRegister: 'maybe' }), [
    'compatRegister: must be one of sets, refuses, ignores, not "maybe"',
  ]);
});

test('any JSON value is a profile or has problems, and no profile makes a decision fail', () => {
  const good = kvmHost('power9-hv-6.1');
  const members = Object.keys(good);
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>(0, 1, -1, 2 ** 40, '', 'hv', '0x0', true, [], {}));
  const mutated = fc
    .array(fc.tuple(fc.constantFrom(...members), value), { maxLength: 3 })
    .map((changes) => ({ ...good, ...Object.fromEntries(changes) }));
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), mutated), (candidate) => {
      const checked = checkProfile(JSON.parse(JSON.stringify(candidate)));
      if ('problems' in checked) assert.ok(checked.problems.length > 0);
      else evaluate({ cpu: 'power9' }, checked.profile);
    }),
    { numRuns: 2_000 },
  );
});
