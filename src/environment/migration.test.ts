// The decision table "may guest G move from A to B?" row by row: section 10.4 of the specification.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostProfile } from './host-profile.ts';
import { checkMigration, type GuestState } from './migration.ts';
import { findProfile } from './named-profiles.ts';
import type { Request } from './request.ts';

function host(name: string): HostProfile {
  const profile = findProfile(name);
  assert.ok(profile !== undefined, name);
  return profile;
}

/** Codes of a move: reasons, or `possible` and the warnings. */
function move(from: string, to: string, request: Request, more: Request = {}, state: GuestState = {}): string {
  const ends = [
    { request: { cpu: 'power9', ...request }, host: host(from) },
    { request: { cpu: 'power9', ...request, ...more }, host: host(to) },
  ] as const;
  const decision = checkMigration(ends[0], ends[1], state);
  const reasons = decision.reasons.map((reason) => reason.code);
  assert.equal(decision.verdict === 'refused', reasons.length > 0);
  return [...(reasons.length > 0 ? reasons : ['possible']), ...decision.warnings.map((warning) => warning.code)].join(
    ' ',
  );
}

test('row 1: a machine type that the destination does not know', () => {
  assert.match(move('engine', 'engine', {}, { machine: 'pseries-99.0' }), /^E_MIG_MACHINE dest:E_OPTION_VALUE/);
});

test('row 2: what the destination has against its own start, with dest: in front, all of it', () => {
  assert.equal(
    move('engine', 'power9-hv-4.14-noxive', {}),
    ['dest:E_SEC(cfpc)', 'dest:E_SEC(sbbc)', 'dest:E_SEC(ibs)', 'dest:E_SEC(ccf)', 'dest:E_AIL3'].join(' '),
  );
  assert.equal(move('engine', 'power9-hv-6.1', {}, { 'kernel-irqchip': 'split' }), 'dest:E_IRQCHIP_SPLIT');
});

test('a guest that could not have started at the source is told of with source: in front', () => {
  assert.equal(move('power9-hv-5.15', 'engine', {}), 'source:E_AIL3');
});

test('row 3: another machine type, with all that differs by it', () => {
  const found = move('engine', 'engine', { machine: 'pseries-7.2' }, { machine: 'pseries-6.2' });
  assert.equal(found, 'E_MIG_MACHINE');
  assert.equal(move('engine', 'engine', { machine: 'pseries' }, { machine: 'pseries-10.0' }), 'possible');
});

test('rows 4 and 12: a capability may grow with a warning and never shrink', () => {
  const levels = ['broken', 'workaround', 'fixed'];
  levels.forEach((from, a) => {
    levels.forEach((to, b) => {
      const expected = a > b ? 'E_MIG_CAP' : a < b ? 'possible W_MIG_CAP' : 'possible';
      assert.equal(move('engine', 'engine', { 'cap-cfpc': from }, { 'cap-cfpc': to }), expected, `${from} ${to}`);
    });
  });
  assert.equal(
    move(
      'engine',
      'engine',
      { 'cap-ail-mode-2': 'on', 'cap-fwnmi': 'off' },
      { 'cap-ail-mode-2': 'off', 'cap-fwnmi': 'on' },
    ),
    'E_MIG_CAP W_MIG_CAP',
  );
});

test('rows 5 and 6: the offers and shapes must be equal', () => {
  assert.equal(move('engine', 'engine', {}, { 'ic-mode': 'xics' }), 'E_MIG_IC');
  for (const more of [
    { vsmt: '2' },
    { cpus: '1', maxcpus: '4' },
    { 'resize-hpt': 'disabled' },
    { 'mmu-offer': 'radix' },
    { 'max-cpu-compat': 'power9' },
  ]) {
    assert.equal(move('engine', 'engine', {}, more), 'E_MIG_ENV', JSON.stringify(more));
  }
  const threads = move('engine', 'engine', { cpus: '4', vsmt: '4' }, { threads: '2' });
  assert.equal(threads, 'E_MIG_ENV');
});

test('rows 7 and 8: the level must be one of the destination, and a raw guest needs the same CPU', () => {
  const power10 = { cpu: 'power10' };
  assert.equal(move('engine', 'engine', { 'cap-dawr1': 'off' }, power10, { level: 'power8' }), 'possible');
  assert.equal(move('engine', 'engine', {}, power10, { level: 'raw' }), 'E_MIG_PVR W_MIG_CAP');
  assert.equal(
    move('engine', 'engine', { ...power10, 'cap-dawr1': 'off' }, { cpu: 'power9' }, { level: 'power10' }),
    'E_MIG_COMPAT',
  );
  assert.equal(move('engine', 'engine', { cpu: 'power9_v2.0' }, { cpu: 'power9_v2.2' }, { level: 'raw' }), 'E_MIG_PVR');
  const emulated = 'possible W_IRQCHIP_FALLBACK';
  assert.equal(move('power9-hv-6.1', 'engine', {}, {}, { level: 'raw' }), emulated, 'DD2.3 goes on as power9_v2.2');
  const lowered = { 'cap-ail-mode-3': 'off', 'cap-ccf-assist': 'off', 'mmu-offer': 'radix' };
  assert.match(move('power9dd21-hv-6.1', 'engine', lowered, {}, { level: 'raw' }), /^E_MIG_PVR/, 'DD2.1 does not');
  assert.equal(move('power9dd21-hv-6.1', 'power9dd21-hv-6.1', lowered, {}, { level: 'raw' }), 'possible');
  const pr = { cpu: 'power8', 'cap-ail-mode-3': 'off', 'cap-fwnmi': 'off' };
  assert.equal(move('engine', 'power8-pr-5.10', pr, {}, { level: 'power7' }), 'E_MIG_COMPAT', 'PR sets no level');
  assert.equal(move('engine', 'power8-pr-5.10', pr, {}, { level: 'raw' }), 'possible');
});

test('without a word about the level, a move between different CPUs needs a level that both have', () => {
  assert.equal(move('engine', 'engine', {}, { cpu: 'power10', 'cap-dawr1': 'off' }), 'possible');
  assert.equal(move('engine', 'engine', { cpu: 'power10', 'cap-dawr1': 'off' }, { cpu: 'power9' }), 'E_MIG_COMPAT');
});

test('rows 9 to 11: AIL mode, MMU and controller that the guest uses must be there', () => {
  const off = { 'cap-ail-mode-3': 'off' };
  assert.equal(move('engine', 'engine', {}, off, { ail: 3 }), 'E_MIG_CAP E_MIG_AIL');
  assert.equal(move('engine', 'engine', off, off, { ail: 0 }), 'possible');
  const radix = { 'mmu-offer': 'radix' };
  assert.equal(move('engine', 'power9-l1-6.1', radix, {}, { mmu: 'radix' }), 'possible');
  assert.match(move('engine', 'power9-l1-6.1', {}, {}, { mmu: 'hash' }), /dest:E_MMU.*E_MIG_MMU/);
  assert.match(move('engine', 'power9-pr-5.18', {}, {}, { mmu: 'radix' }), /E_MIG_MMU/);
  const on = { 'kernel-irqchip': 'on' };
  assert.equal(move('power9-hv-6.1', 'power9-l1-6.1', radix, on, { irq: 'xive' }), 'dest:E_IRQCHIP_DUAL E_MIG_IRQCHIP');
});

test('row 13: a controller that becomes emulated is worth a warning, for what the guest uses', () => {
  const old = { 'cap-ail-mode-3': 'off' };
  const to = 'power9-hv-4.20-nested';
  assert.equal(move('power9-hv-6.1', to, old, {}, { irq: 'xive' }), 'possible W_IRQCHIP_FALLBACK');
  assert.equal(move('power9-hv-6.1', to, old, {}, { irq: 'xics' }), 'possible');
  assert.equal(move('engine', to, old, {}, { irq: 'xive' }), 'possible', 'it was emulated before');
});

test('the kind of host and kernel-irqchip are not compared: a guest moves between engine and KVM both ways', () => {
  assert.equal(move('engine', 'power9-hv-6.1', {}, { 'kernel-irqchip': 'on' }), 'possible');
  assert.equal(
    move('power9-hv-6.1', 'engine', {}, { 'kernel-irqchip': 'off' }, { irq: 'xics' }),
    'possible W_IRQCHIP_FALLBACK',
  );
});
