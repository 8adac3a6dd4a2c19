// MSR[SE] and MSR[BE]: the trace interrupt after one instruction, or after one branch (Book III, section 7.5.14).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineFromEnvironment } from '../host/engine-choice.ts';
import { loadEngineImages } from '../host/engine-images.ts';
import { leaveReason } from './leave-reason.ts';
import { TestCpu } from './test-cpu.ts';

const code = 0x4000;
const traced = 0x8000_0000_0280_3003n;
const stepBit = 0x400n;
const branchBit = 0x200n;

/** `sc 1` at the vectors of the program and trace interrupts ends the run there. */
function machine(words: readonly number[], at = code): TestCpu {
  const cpu = new TestCpu({ images: loadEngineImages(), engine: engineFromEnvironment() });
  const place = (address: number, list: readonly number[]) => {
    const view = new DataView(new ArrayBuffer(4 * list.length));
    list.forEach((word, i) => {
      view.setUint32(4 * i, word, true);
    });
    cpu.engine.ram.writeBytes(address, new Uint8Array(view.buffer));
  };
  cpu.vcpu.setSpr(318, 0x200_0000n);
  for (const vector of [0x700, 0xd00]) place(vector, [0x44000022]);
  place(at, words);
  return cpu;
}

/** Runs from an address with these MSR bits until the trace vector; gives SRR0, undefined when it is not reached. */
function step(cpu: TestCpu, address: bigint, bits: bigint): number | undefined {
  const { vcpu, engine } = cpu;
  vcpu.setSpr(26, address);
  vcpu.setSpr(27, traced | bits);
  engine.dataPlane.returnFromInterrupt(vcpu.address);
  const { reason } = engine.run(vcpu, 1000);
  if (reason !== leaveReason.hypercall || vcpu.nip !== 0xd04n) return undefined;
  assert.equal(vcpu.spr(27), traced | bits | 0x4000_0000n);
  return Number(vcpu.spr(26));
}

const addi = (rt: number, ra: number, value: number) => ((14 << 26) | (rt << 21) | (ra << 16) | value) >>> 0;

test('each instruction of a straight run is stepped once, also after it was decoded', () => {
  const cpu = machine([addi(3, 3, 1), addi(3, 3, 1), addi(3, 3, 1)]);
  cpu.vcpu.setGpr(3, 0n);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 3; i++) assert.equal(step(cpu, BigInt(code + 4 * i), stepBit), code + 4 * i + 4);
  }
  assert.equal(cpu.vcpu.gpr(3), 6n);
});

test('branches inside the page, to another page, and the end of a page are stepped', () => {
  const near = machine([0x4800_0010]);
  assert.equal(step(near, BigInt(code), stepBit), code + 16);
  const far = machine([0x4800_2000]);
  assert.equal(step(far, BigInt(code), stepBit), code + 0x2000);
  const last = machine([addi(3, 3, 1)], code + 0xffc);
  assert.equal(step(last, BigInt(code + 0xffc), stepBit), code + 0x1000);
});

test('an illegal instruction that is stepped raises its own interrupt, one behind it does not', () => {
  const cpu = machine([addi(3, 3, 1), 0]);
  assert.equal(step(cpu, BigInt(code), stepBit), code + 4);
  assert.equal(step(cpu, BigInt(code + 4), stepBit), undefined);
  assert.equal(cpu.vcpu.spr(26), BigInt(code + 4));
});

test('branch tracing passes over what is no branch', () => {
  const cpu = machine([addi(3, 3, 1), addi(3, 3, 1), 0x4800_0010]);
  cpu.vcpu.setGpr(3, 0n);
  assert.equal(step(cpu, BigInt(code), branchBit), code + 8 + 16);
  assert.equal(cpu.vcpu.gpr(3), 2n);
});

test('a handler whose first instruction is illegal does not keep the engine for ever', () => {
  const cpu = machine([0]);
  cpu.engine.ram.fill(0x700, 4, 0);
  cpu.vcpu.nip = BigInt(code);
  const { reason } = cpu.engine.run(cpu.vcpu, 1000);
  assert.equal(reason, leaveReason.budget);
  assert.equal(cpu.vcpu.nip, 0x700n);
});

test('mtmsrd that ends single-stepping is stepped itself', () => {
  // mtmsrd r3, with MSR[SE] = 0 in r3.
  const cpu = machine([0x7c60_0164, addi(4, 4, 1)]);
  const { vcpu, engine } = cpu;
  vcpu.setGpr(3, traced);
  vcpu.setSpr(26, BigInt(code));
  vcpu.setSpr(27, traced | stepBit);
  engine.dataPlane.returnFromInterrupt(vcpu.address);
  assert.equal(engine.run(vcpu, 1000).reason, leaveReason.hypercall);
  assert.equal(vcpu.nip, 0xd04n);
  assert.equal(vcpu.spr(26), BigInt(code + 4));
  assert.equal(vcpu.spr(27), traced | 0x4000_0000n);
});
