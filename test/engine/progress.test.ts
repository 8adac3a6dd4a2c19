// A run ends when its budget is used up, whatever the guest does.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { modelBit, state } from '../../src/cpu/state.ts';
import { leaveReason } from '../../src/engine/leave-reason.ts';
import { TestCpu } from '../../src/engine/test-cpu.ts';
import { engineFromEnvironment } from '../../src/host/engine-choice.ts';

const dataPlane = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../../assembly/data-plane.wasm'));
const budget = 1000;

test('a guest whose program interrupt handler is an illegal instruction uses up its budget', () => {
  const cpu = new TestCpu({ images: { dataPlane }, engine: engineFromEnvironment() });
  cpu.engine.ram.write32(0x700, 0);
  cpu.vcpu.nip = 0x4000n;
  const { reason, executed } = cpu.engine.run(cpu.vcpu, budget);
  assert.equal(reason, leaveReason.budget);
  assert.equal(executed, budget);
  assert.equal(cpu.vcpu.nip, 0x700n);
});

test('a guest that branches to where no memory is uses up its budget in the handlers', () => {
  const cpu = new TestCpu({ images: { dataPlane }, engine: engineFromEnvironment() });
  // Each handler branches to an address behind RAM: li 0,-1; mtctr 0; bctr.
  for (let vector = 0x100; vector < 0x1000; vector += 0x20) {
    [0x3800ffff, 0x7c0903a6, 0x4e800420].forEach((word, i) => {
      cpu.engine.ram.write32(vector + 4 * i, word);
    });
  }
  cpu.vcpu.nip = 0x7fff_0000n;
  const { reason } = cpu.engine.run(cpu.vcpu, budget);
  assert.equal(reason, leaveReason.budget);
});

for (const [name, lpcr] of [
  ['radix', 0x50_0000n],
  ['hash', 0n],
] as const) {
  test(`a guest whose interrupt vectors are not mapped uses up its budget, ${name}`, () => {
    const cpu = new TestCpu({ images: { dataPlane }, engine: engineFromEnvironment() });
    const interruptsTranslated = 3n << 23n;
    cpu.vcpu.view.setInt32(state.model.offset, modelBit.isa207 | modelBit.isa300, true);
    cpu.vcpu.setSpr(318, lpcr | interruptsTranslated);
    cpu.vcpu.msr = 0x8000_0000_0000_1032n;
    cpu.engine.dataPlane.updateContext(cpu.vcpu.address);
    cpu.vcpu.nip = 0x4000n;
    const { reason, executed } = cpu.engine.run(cpu.vcpu, budget);
    assert.equal(reason, leaveReason.budget);
    assert.equal(executed, budget);
    assert.equal(cpu.vcpu.nip >> 12n, 0xc000_0000_0000_4n);
  });
}
