// Enabled floating-point exceptions end in a program interrupt, after what the architecture has them write
// (Power ISA Book I, section 4.4; Book III, section 7.5.9).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sprOffset, state } from '../../src/cpu/state.ts';
import { TestCpu } from '../../src/engine/test-cpu.ts';
import { engineFromEnvironment } from '../../src/host/engine-choice.ts';
import { assemble } from '../../src/isa/assemble.ts';
import { bit } from './reference.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const cpu = new TestCpu({
  images: { dataPlane: readFileSync(join(root, 'dist/assembly/data-plane.wasm')) },
  engine: engineFromEnvironment(),
});
const { view } = cpu.vcpu;
// At the vector stands an instruction that leaves the engine, sc 1; interrupts are big-endian while LPCR[ILE] = 0.
cpu.engine.ram.writeBytes(0x700, Uint8Array.of(0x44, 0, 0, 0x22));
const fe0 = 0x800n;
const srr1FloatingPoint = 0x10_0000n;

const at = (n: number, which: 0 | 1) => state.vsr.offset + 16 * n + (which === 0 ? 8 : 0);
const doubleword = (n: number, which: 0 | 1) => view.getBigUint64(at(n, which), true);
const one = 0x3ff0_0000_0000_0000n;
const infinity = 0x7ff0_0000_0000_0000n;
const third = 0x3fd5_5555_5555_5555n;

interface Start {
  readonly fpscr: number;
  readonly msr?: bigint;
  readonly registers: Readonly<Record<number, bigint>>;
}

/** Executes one instruction; the vector of its interrupt, if any. */
function run(source: string, start: Start): number | undefined {
  cpu.reset();
  cpu.vcpu.msr |= start.msr ?? 0n;
  view.setBigUint64(state.fpscr.offset, BigInt(start.fpscr), true);
  for (const [n, bits] of Object.entries(start.registers)) {
    view.setBigUint64(at(Number(n), 0), bits, true);
    view.setBigUint64(at(Number(n), 1), 0x55n, true);
  }
  const { bytes } = assemble(source);
  return cpu.execute([new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)]);
}

const fpscr = () => Number(view.getBigUint64(state.fpscr.offset, true));
const srr1 = () => view.getBigUint64(sprOffset(27), true);

test('an enabled division by zero keeps all of the target and interrupts', () => {
  const vector = run('fdiv 1, 2, 3', { fpscr: bit.ZE, msr: fe0, registers: { 1: 0x1234n, 2: one, 3: 0n } });
  assert.equal(vector, 0x700);
  assert.equal(srr1() & 0x1f_0000n, srr1FloatingPoint);
  assert.deepEqual([doubleword(1, 0), doubleword(1, 1)], [0x1234n, 0x55n]);
  assert.equal(fpscr() >>> 0, (0xc400_0000 | bit.ZE) >>> 0);
});

test('with FE0 and FE1 off an enabled exception only sets FPSCR', () => {
  const vector = run('fdiv 1, 2, 3', { fpscr: bit.ZE, registers: { 1: 0x1234n, 2: one, 3: 0n } });
  assert.equal(vector, undefined);
  assert.equal(doubleword(1, 0), 0x1234n);
  assert.equal(fpscr() >>> 0, (0xc400_0000 | bit.ZE) >>> 0);
});

test('a disabled division by zero writes infinity', () => {
  const vector = run('fdiv 1, 2, 3', { fpscr: 0, msr: fe0, registers: { 1: 0x1234n, 2: one, 3: 0n } });
  assert.equal(vector, undefined);
  assert.deepEqual([doubleword(1, 0), doubleword(1, 1)], [infinity, 0n]);
});

test('an enabled inexact result is written before the interrupt, CR1 too', () => {
  const three = 0x4008_0000_0000_0000n;
  const vector = run('fdiv. 1, 2, 3', { fpscr: bit.XE, msr: fe0, registers: { 1: 0x1234n, 2: one, 3: three } });
  assert.equal(vector, 0x700);
  assert.equal(doubleword(1, 0), third);
  assert.equal((cpu.vcpu.cr >>> 24) & 15, 0b1100);
});

test('an enabled overflow of a scalar is scaled by 2^-1536', () => {
  const huge = 0x7fe0_0000_0000_0000n;
  const vector = run('xsmuldp 1, 2, 3', { fpscr: bit.OE, msr: fe0, registers: { 1: 0x1234n, 2: huge, 3: huge } });
  assert.equal(vector, 0x700);
  assert.equal(doubleword(1, 0), BigInt(1023 + 2046 - 1536) << 52n);
});

test('an enabled inexact element keeps the whole vector', () => {
  const registers = { 1: 0x1234n, 2: one, 3: 0x4008_0000_0000_0000n };
  const vector = run('xvdivdp 1, 2, 3', { fpscr: bit.XE, msr: fe0, registers });
  assert.equal(vector, 0x700);
  assert.deepEqual([doubleword(1, 0), doubleword(1, 1)], [0x1234n, 0x55n]);
});

test('a comparison writes its CR field and FPCC before the interrupt', () => {
  const signalling = 0x7ff4_0000_0000_0000n;
  const vector = run('fcmpu 3, 2, 3', { fpscr: bit.VE, msr: fe0, registers: { 2: signalling, 3: one } });
  assert.equal(vector, 0x700);
  assert.equal((cpu.vcpu.cr >>> 16) & 15, 1);
  assert.equal((fpscr() >>> 12) & 15, 1);
});

test('setting an exception bit and its enable by hand interrupts', () => {
  assert.equal(run('mtfsb1 6', { fpscr: bit.XE, msr: fe0, registers: {} }), 0x700);
  assert.equal(run('mtfsf 255, 1, 1, 0', { fpscr: 0, msr: fe0, registers: { 1: 0x200_0008n } }), 0x700);
  assert.equal(run('mtfsf 255, 1, 1, 0', { fpscr: 0, registers: { 1: 0x200_0008n } }), undefined);
});
