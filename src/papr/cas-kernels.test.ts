// Which level the lists of real kernels lead to on each CPU, and what follows from it: PCR, cpu-version, features, threads
// (specification sections 7.1 to 7.3).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { casRequestBytes } from './cas-request-bytes.ts';
import { readFdt } from './fdt/reader.ts';
import { spr } from './registers.ts';
import { TestMachine } from './test-support.ts';

type Pvrs = readonly (readonly [mask: number, pvr: number])[];

const families = (...upper: readonly number[]): Pvrs => upper.map((family) => [0xffff_0000, (family << 16) >>> 0]);
const levels = (newest: number): Pvrs =>
  Array.from({ length: newest - 1 }, (_, n) => [0xffff_ffff, 0x0f00_0000 + newest - n]);
const power5: Pvrs = [[0xfffe_0000, 0x003a_0000]];
/** The last record asks for a bit that its mask leaves out. */
const end: Pvrs = [[0xffff_fffe, 0x0f00_0001]];

/** PVR lists of ibm_architecture_vec, as `arch/powerpc/kernel/prom_init.c` of these releases has them. */
const kernels = {
  '2.6.32': [...power5, ...families(0x3e, 0x3f), ...levels(3), ...end],
  '3.16': [...power5, ...families(0x3e, 0x3f, 0x4b, 0x4d), ...levels(4), ...end],
  '4.19': [...power5, ...families(0x3e, 0x3f, 0x4b, 0x4c, 0x4d, 0x4e), ...levels(5), ...end],
  '6.1': [...power5, ...families(0x3e, 0x3f, 0x4b, 0x4c, 0x4d, 0x4e, 0x80), ...levels(6), ...end],
  '6.13': [...power5, ...families(0x3e, 0x3f, 0x4b, 0x4c, 0x4d, 0x4e, 0x80, 0x82), ...levels(7), ...end],
  'POWER8 by its own PVR only': [...families(0x4d), ...end],
  'POWER7+ by its level only': [[0xffff_ffff, 0x0f10_0003], ...end],
} as const satisfies Record<string, Pvrs>;

/** Section 7.1: logical PVR, bytes of ibm,pa-features behind its header. */
const byLevel = {
  power6: [0x0f00_0002, 0],
  power7: [0x0f00_0003, 6],
  'power7+': [0x0f10_0003, 6],
  power8: [0x0f00_0004, 24],
  power9: [0x0f00_0005, 66],
  power10: [0x0f00_0006, 74],
  power11: [0x0f00_0007, 74],
} as const;

interface Row {
  readonly kernel: keyof typeof kernels;
  readonly cpu: string;
  readonly limit?: string;
  /** Undefined: the negotiation fails. `raw`: no level. */
  readonly level?: keyof typeof byLevel | 'raw';
  readonly pcr?: bigint;
}

const tm = 0x2000_0000_0000_0000n;
const rows: readonly Row[] = [
  { kernel: '2.6.32', cpu: 'power7', level: 'power7', pcr: 0n },
  { kernel: '2.6.32', cpu: 'power7+', level: 'power7', pcr: 0n },
  { kernel: '2.6.32', cpu: 'power8', level: 'power7', pcr: tm | 0x4n },
  { kernel: '2.6.32', cpu: 'power9', level: 'power7', pcr: 0xcn },
  { kernel: '2.6.32', cpu: 'power10', level: 'power7', pcr: 0x1cn },
  { kernel: '2.6.32', cpu: 'power11', level: 'power7', pcr: 0x1cn },
  { kernel: '2.6.32', cpu: 'power9', limit: 'power6', level: 'power6', pcr: 0xen },
  { kernel: '3.16', cpu: 'power7', level: 'power7', pcr: 0n },
  { kernel: '3.16', cpu: 'power8', level: 'power8', pcr: 0n },
  { kernel: '3.16', cpu: 'power8e', level: 'power8', pcr: 0n },
  { kernel: '3.16', cpu: 'power8nvl', level: 'power8', pcr: 0n },
  { kernel: '3.16', cpu: 'power9', level: 'power8', pcr: 0x8n },
  { kernel: '3.16', cpu: 'power10', level: 'power8', pcr: 0x18n },
  { kernel: '4.19', cpu: 'power8', level: 'power8', pcr: 0n },
  { kernel: '4.19', cpu: 'power9', level: 'power9', pcr: 0n },
  { kernel: '4.19', cpu: 'power10', level: 'power9', pcr: 0x10n },
  { kernel: '4.19', cpu: 'power11', level: 'power9', pcr: 0x10n },
  { kernel: '4.19', cpu: 'power9', limit: 'power8', level: 'power8', pcr: 0x8n },
  { kernel: '6.1', cpu: 'power7', level: 'power7', pcr: 0n },
  { kernel: '6.1', cpu: 'power9', level: 'power9', pcr: 0n },
  { kernel: '6.1', cpu: 'power10', level: 'power10', pcr: 0n },
  { kernel: '6.1', cpu: 'power11', level: 'power10', pcr: 0n },
  { kernel: '6.1', cpu: 'power10', limit: 'power9', level: 'power9', pcr: 0x10n },
  { kernel: '6.1', cpu: 'power10', limit: 'power7+', level: 'power7', pcr: 0x1cn },
  { kernel: '6.13', cpu: 'power10', level: 'power10', pcr: 0n },
  { kernel: '6.13', cpu: 'power11', level: 'power11', pcr: 0n },
  { kernel: '6.13', cpu: 'power11', limit: 'power10', level: 'power10', pcr: 0n },
  { kernel: 'POWER8 by its own PVR only', cpu: 'power8', level: 'raw', pcr: 0n },
  { kernel: 'POWER8 by its own PVR only', cpu: 'power8', limit: 'power8' },
  { kernel: 'POWER8 by its own PVR only', cpu: 'power9' },
  { kernel: 'POWER7+ by its level only', cpu: 'power7', level: 'power7+', pcr: 0n },
  { kernel: 'POWER7+ by its level only', cpu: 'power9', level: 'power7+', pcr: 0xcn },
  { kernel: 'POWER7+ by its level only', cpu: 'power9', limit: 'power7' },
];

const request = 0x70_0000;
const buffer = 0x20_0000;
const bufferBytes = 0x10_0000n;

for (const { kernel, cpu, limit, level, pcr } of rows) {
  test(`${kernel} on ${cpu}${limit ? `, at most ${limit}` : ''}: ${level ?? 'no agreement'}`, () => {
    const machine = new TestMachine({ cpu, cpus: '2', ...(limit && { 'max-cpu-compat': limit }) });
    // Below ISA 3.00 there are neither XIVE nor radix to ask for.
    const modern = level !== undefined && ['power9', 'power10', 'power11'].includes(level);
    const wish = modern ? {} : { xive: 0, mmu: 0, gtse: 0 };
    machine.memory.writeBytes(request, casRequestBytes({ pvrs: kernels[kernel], ...wish }));
    const { status } = machine.call(0xf002, [BigInt(request), BigInt(buffer), bufferBytes]);
    if (level === undefined) {
      assert.equal(status, -1n);
      return;
    }
    assert.equal(status, 0n);
    for (const vcpu of machine.vcpus) assert.equal(vcpu.spr(spr.PCR), pcr);
    const tree = readFdt(machine.memory.readBytes(buffer + 4, Number(bufferBytes) - 4));
    const node = tree.find('/cpus')?.children.find(({ name }) => name.endsWith('@0'));
    assert.ok(node !== undefined);
    const cell = (name: string): number => new DataView(bytesOf(node.properties.get(name))).getUint32(0);
    const real = cpu === 'power8' ? 0x004d_0200 : 0;
    const [version, features] = level === 'raw' ? [real, 24] : byLevel[level];
    assert.equal(cell('cpu-version'), version);
    // Below edition 2.06 there is no such property.
    const found = node.properties.get('ibm,pa-features');
    assert.equal(found?.length, features === 0 ? undefined : 2 + features);
    const support = new Uint8Array(bytesOf(tree.find('/chosen')?.properties.get('ibm,arch-vec-5-platform-support')));
    assert.equal(support[1] !== 0, modern, 'XIVE on offer');
  });
}

/** A copy of a property's bytes. */
function bytesOf(value: Uint8Array | undefined): ArrayBuffer {
  assert.ok(value !== undefined);
  return Uint8Array.from(value).buffer;
}

test('of 8 threads of a core the level power7 shows 4, newer ones all', () => {
  for (const [kernel, shown] of [
    ['2.6.32', 4],
    ['3.16', 8],
    ['6.1', 8],
  ] as const) {
    const machine = new TestMachine({ cpu: 'power9', cpus: '8', threads: '8' });
    machine.memory.writeBytes(request, casRequestBytes({ pvrs: kernels[kernel], xive: 0, mmu: 0, gtse: 0 }));
    assert.equal(machine.call(0xf002, [BigInt(request), BigInt(buffer), bufferBytes]).status, 0n);
    const tree = readFdt(machine.memory.readBytes(buffer + 4, Number(bufferBytes) - 4));
    const node = tree.find('/cpus')?.children.find(({ name }) => name.endsWith('@0'));
    assert.equal(bytesOf(node?.properties.get('ibm,ppc-interrupt-server#s')).byteLength / 4, shown, kernel);
  }
});
