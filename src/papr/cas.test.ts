// Negotiation: levels, vectors, modes, refusals. (specification sections 6.2 and 7.3)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GuestMemory } from '../cpu/guest-memory.ts';
import type { Request } from '../environment/index.ts';
import { type CasDecision, decideCas } from './cas.ts';
import { readCasRequest } from './cas-request.ts';
import { type CasRequestOptions, casRequestBytes } from './cas-request-bytes.ts';
import { readFdt } from './fdt/reader.ts';
import { platformEnvironment } from './platform-environment.ts';
import { spr } from './registers.ts';
import { TestMachine, testEnvironment } from './test-support.ts';

function decide(request: Request, options: CasRequestOptions = {}): CasDecision {
  const bytes = casRequestBytes(options);
  const memory = new GuestMemory(new ArrayBuffer(4096), 0, 4096);
  memory.writeBytes(16, bytes);
  const parsed = readCasRequest(memory, 16);
  assert.ok(parsed !== undefined);
  return decideCas(parsed, platformEnvironment(testEnvironment(request)));
}

/** The level agreed on, or what else happened. */
function outcome(decision: CasDecision): string {
  if (decision.kind === 'agreed') return decision.negotiated.level.name;
  return decision.kind === 'failed' ? `status ${decision.status}` : decision.code;
}

const hash = { xive: 0, mmu: 0, gtse: 0 } as const;
const power7 = [0xffff_ffff, 0x0f00_0003] as const;
const power8 = [0xffff_ffff, 0x0f00_0004] as const;
const power9 = [0xffff_ffff, 0x0f00_0005] as const;
const rawPower9 = [0xffff_0000, 0x004e_0000] as const;
const rawPower8 = [0xffff_0000, 0x004d_0000] as const;
const end = [0xffff_fffe, 0x0f00_0001] as const;

test('the newest level that both know wins, whatever the order; raw only without any', () => {
  const agreed = (request: Request, ...pvrs: (readonly [number, number])[]): string =>
    outcome(decide(request, { ...hash, pvrs }));
  assert.equal(agreed({ cpu: 'power9' }, power9, power8, end), 'power9');
  assert.equal(agreed({ cpu: 'power9' }, power8, power9, power7, end), 'power9');
  assert.equal(agreed({ cpu: 'power9' }, rawPower9, power8, end), 'power8', 'a level wins over raw');
  assert.equal(agreed({ cpu: 'power9' }, rawPower9, end), 'raw');
  assert.equal(agreed({ cpu: 'power9' }, rawPower8, end), 'status -1');
  assert.equal(agreed({ cpu: 'power8' }, power9, power8, end), 'power8', 'newer than the CPU does not count');
  assert.equal(agreed({ cpu: 'power9', 'max-cpu-compat': 'power8' }, power9, power8, end), 'power8');
  assert.equal(
    agreed({ cpu: 'power9', 'max-cpu-compat': 'power8' }, rawPower9, end),
    'status -1',
    'raw is not allowed',
  );
  assert.equal(agreed({ cpu: 'power9', 'max-cpu-compat': 'power8' }, power9, end), 'status -1');
});

test('modes that are not offered, and both at once, stop the machine', () => {
  assert.equal(outcome(decide({ cpu: 'power9' })), 'power9');
  assert.equal(outcome(decide({ cpu: 'power9', 'ic-mode': 'xics' })), 'E_CAS_IC');
  assert.equal(outcome(decide({ cpu: 'power9', 'ic-mode': 'xics' }, { xive: 0 })), 'power9');
  assert.equal(outcome(decide({ cpu: 'power9', 'ic-mode': 'xive' }, { xive: 0 })), 'E_CAS_IC');
  assert.equal(outcome(decide({ cpu: 'power9', 'ic-mode': 'xive' })), 'power9');
  assert.equal(outcome(decide({ cpu: 'power9' }, { xive: 0x80 })), 'E_CAS_IC_BOTH');
  assert.equal(outcome(decide({ cpu: 'power9' }, { mmu: 0x80 })), 'E_CAS_MMU');
  assert.equal(outcome(decide({ cpu: 'power9', 'mmu-offer': 'hash' })), 'E_CAS_MMU');
  assert.equal(outcome(decide({ cpu: 'power9', 'mmu-offer': 'radix' }, { mmu: 0 })), 'E_CAS_MMU');
});

test('a request without vector 5, or without an end of its PVRs, is H_PARAMETER', () => {
  assert.equal(outcome(decide({ cpu: 'power9' }, { vectors: 4 })), 'status -4');
  const memory = new GuestMemory(new ArrayBuffer(0x10_000), 0, 0x10_000);
  assert.equal(readCasRequest(memory, 0), undefined);
});

test('the negotiated vector is what was offered and asked for', () => {
  const decision = decide({ cpu: 'power9' }, { gtse: 0 });
  assert.ok(decision.kind === 'agreed');
  const { vector5, interruptMode } = decision.negotiated;
  assert.equal(interruptMode, 'xive');
  assert.deepEqual([vector5[2], vector5[5], vector5[6], vector5[22]], [0x20, 0xa0, 0x05, 0x80]);
  assert.deepEqual([...vector5.subarray(23)], [0x40, 0x40, 0, 0]);
});

test('the call of firmware: header, new tree in the buffer, PCR on all vCPUs', () => {
  const machine = new TestMachine({ cpu: 'power9', cpus: '2' });
  machine.memory.writeBytes(0x60_0000, casRequestBytes({ ...hash, pvrs: [power8, end] }));
  const call = (size: bigint) => machine.call(0xf002, [0x60_0000n, 0x61_0000n, size]);
  assert.equal(call(0x1_0000n).status, 0n);
  assert.equal(machine.memory.read32(0x61_0000), 1);
  const size = machine.memory.read32(0x61_0008);
  const tree = readFdt(machine.memory.readBytes(0x61_0004, size));
  const version = tree.find('/cpus')?.children[0]?.properties.get('cpu-version');
  assert.deepEqual([...(version ?? [])], [0x0f, 0, 0, 4]);
  assert.deepEqual(
    machine.vcpus.map((vcpu) => vcpu.spr(spr.PCR)),
    [8n, 8n],
  );
  const support = tree.find('/chosen')?.properties.get('ibm,arch-vec-5-platform-support');
  assert.deepEqual([...(support ?? [])], [23, 0, 24, 0, 25, 0, 26, 0x40]);
  assert.equal(call(3n).effect.kind, 'refuse');
  assert.equal(call(100n).effect.kind, 'refuse');
  assert.equal(call(0x100_0000n).status, -4n, 'the buffer is not in RAM');
});

test('a negotiation while another vCPU runs is refused', () => {
  const machine = new TestMachine({ cpu: 'power9', cpus: '2' });
  machine.memory.writeBytes(0x60_0000, casRequestBytes());
  machine.states[1] = 'running';
  assert.equal(machine.call(0xf002, [0x60_0000n, 0x61_0000n, 0x1_0000n]).status, -9005n);
  machine.states[1] = 'stopped';
  assert.equal(machine.call(0xf002, [0x60_0000n, 0x61_0000n, 0x1_0000n]).status, 0n);
});

test('firmware gives its tree back; one that is no tree changes nothing', () => {
  const machine = new TestMachine({ cpu: 'power9' });
  const flat = machine.platform.flattenedDeviceTree();
  const at = 0x60_0000;
  machine.memory.writeBytes(at, flat);
  assert.equal(machine.call(0xf003, [BigInt(at)]).status, 0n);
  assert.deepEqual(machine.platform.flattenedDeviceTree(), flat);
  machine.memory.write32(at, 0);
  assert.equal(machine.call(0xf003, [BigInt(at)]).status, -4n);
  assert.equal(machine.call(0xf003, [0x7f_fff8n]).status, -4n);
  assert.deepEqual(machine.platform.flattenedDeviceTree(), flat);
});

test('a host that cannot set a level leaves the raw CPU to a guest that knows it, and fails the others', () => {
  const negotiated = (answer: 'refused' | 'ignored', ...pvrs: (readonly [number, number])[]) => {
    const machine = new TestMachine({ cpu: 'power9' });
    machine.levelAnswer = answer;
    machine.memory.writeBytes(0x60_0000, casRequestBytes({ pvrs }));
    const { status } = machine.call(0xf002, [0x60_0000n, 0x61_0000n, 0x4_0000n]);
    const cpu = readFdt(machine.platform.flattenedDeviceTree()).find('/cpus')?.children[0];
    const version = cpu?.properties.get('cpu-version');
    return { status, version: Buffer.from(version ?? []).toString('hex'), pcr: machine.vcpu().spr(spr.PCR), machine };
  };
  const raw = negotiated('refused', rawPower9, power8, end);
  assert.deepEqual([raw.status, raw.version, raw.pcr, raw.machine.warnings], [0n, '004e1202', 0n, ['W_PR_APPROX']]);
  const failed = negotiated('refused', power8, end);
  assert.deepEqual([failed.status, failed.machine.controller, failed.machine.warnings], [-1n, 'power-on', []]);
  const ignored = negotiated('ignored', power8, end);
  assert.deepEqual([ignored.status, ignored.version, ignored.pcr], [0n, '0f000004', 0n]);
  assert.deepEqual(ignored.machine.warnings, ['W_PR_APPROX']);
});
