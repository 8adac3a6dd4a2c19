// hashst and hashchk: digests as QEMU 7.2 (pseries, power10) computes them, the trap, and the aspects of DEXCR that make
// them do anything (Power ISA v3.1B Book I, section 3.3.17; Book III, sections 5.4.6 and 9.4.4).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelBit, state } from '../../src/cpu/state.ts';
import { TestCpu } from '../../src/engine/test-cpu.ts';
import { defaultTuning } from '../../src/engine/translator/translator-tuning.ts';
import { loadEngineImages } from '../../src/host/engine-images.ts';
import { assemble } from '../../src/isa/assemble.ts';

const images = loadEngineImages();
/** Key, RA, RB, digest. */
const recorded: readonly (readonly [key: bigint, ra: bigint, rb: bigint, digest: bigint])[] = [
  [0x0100090811101918n, 0xf0fff8n, 0n, 0x367f13133407ea5bn],
  [0n, 0xf00100n, 0n, 0x8844d281fa41c478n],
  [0x0123456789abcdefn, 0xf00200n, 0xfedcba9876543210n, 0x4a144ee986ba1b69n],
  [0xffffffffffffffffn, 0xf00300n, 0xc000000000001234n, 0xe14cd7c5299de7e8n],
  [0x8000000000000001n, 0xf08000n, 0x1122334455667788n, 0x8f7049ab905f51a1n],
  [0xdeadbeefcafef00dn, 0xf0abc8n, 0x7fffa5c3d2e1f000n, 0x3edabd509d09bb8an],
];
const [hashkeyr, hashpkeyr, hdexcr, dexcr, srr1] = [468, 469, 471, 828, 27];
/** Aspect n of DEXCR: of privileged state, and of problem state; the latter is HDEXCR's place for all states. */
const [privilegedAspect, problemAspect] = [(n: number) => 1n << BigInt(63 - n), (n: number) => 1n << BigInt(31 - n)];
const [nphie, phie] = [5, 6];
const problemState = 0x4000n;

class Machine {
  readonly cpu: TestCpu;

  constructor(translate: boolean) {
    const translator = { ...defaultTuning, threshold: 1, batch: 1, atFirstSight: true };
    this.cpu = new TestCpu({ images, edition: '3.1', ...(translate ? { translator } : {}) });
    const model = Object.values(modelBit).reduce((sum, bit) => sum | bit, 0);
    this.cpu.vcpu.view.setInt32(state.model.offset, model, true);
  }

  /** Runs a source with r3 = RB and r4 = RA; the vector of its interrupt. */
  run(source: string, ra: bigint, rb: bigint, bits = 0n): number | undefined {
    const { cpu } = this;
    cpu.reset();
    cpu.vcpu.msr |= bits;
    cpu.engine.dataPlane.updateContext(cpu.vcpu.address);
    cpu.vcpu.setGpr(3, rb);
    cpu.vcpu.setGpr(4, ra);
    const { bytes } = assemble(source);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return cpu.execute(Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true)));
  }

  at(address: bigint): bigint {
    const bytes = this.cpu.engine.ram.readBytes(Number(address), 8);
    return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  }
}

for (const translate of [false, true]) {
  const machine = new Machine(translate);
  const { vcpu } = machine.cpu;
  const how = translate ? 'translated' : 'interpreted';

  test(`digests are those that were recorded, with either key, ${how}`, () => {
    vcpu.setSpr(dexcr, privilegedAspect(nphie) | privilegedAspect(phie));
    vcpu.setSpr(hdexcr, 0n);
    for (const [key, ra, rb, digest] of recorded) {
      vcpu.setSpr(hashkeyr, key);
      vcpu.setSpr(hashpkeyr, ~key & 0xffff_ffff_ffff_ffffn);
      assert.equal(machine.run('hashst 3, -8(4)\n hashchk 3, -8(4)', ra, rb), undefined);
      assert.equal(machine.at(ra - 8n).toString(16), digest.toString(16));
      vcpu.setSpr(hashpkeyr, key);
      assert.equal(machine.run('hashstp 3, -512(4)\n hashchkp 3, -512(4)', ra, rb), undefined);
      assert.equal(machine.at(ra - 512n).toString(16), digest.toString(16));
    }
  });

  test(`a digest that does not match traps, ${how}`, () => {
    vcpu.setSpr(dexcr, privilegedAspect(nphie));
    vcpu.setSpr(hdexcr, 0n);
    const [key, ra, rb] = recorded[2] ?? [0n, 0n, 0n];
    vcpu.setSpr(hashkeyr, key);
    assert.equal(machine.run('hashst 3, -16(4)', ra, rb), undefined);
    assert.equal(machine.run('hashchk 3, -16(4)', ra, rb ^ 1n), 0x700);
    assert.equal(vcpu.spr(srr1) & 0x1f_0000n, 0x2_0000n);
    vcpu.setSpr(hashkeyr, key + 1n);
    assert.equal(machine.run('hashchk 3, -16(4)', ra, rb), 0x700);
  });

  test(`they do something where DEXCR or HDEXCR enforces their aspect only, ${how}`, () => {
    const ra = 0xf0_1000n;
    const stores = (mnemonic: string, bits: bigint) => {
      machine.cpu.engine.ram.fill(Number(ra) - 8, 8, 0);
      assert.equal(machine.run(`${mnemonic} 3, -8(4)`, ra, 5n, bits), undefined);
      return machine.at(ra - 8n) !== 0n;
    };
    for (const [own, hypervisor, inPrivileged, inProblem] of [
      [0n, 0n, false, false],
      [privilegedAspect(nphie), 0n, true, false],
      [problemAspect(nphie), 0n, false, true],
      [0n, problemAspect(nphie), true, true],
      [~(privilegedAspect(nphie) | problemAspect(nphie)) & 0xffff_ffff_ffff_ffffn, 0n, false, false],
    ] as const) {
      vcpu.setSpr(dexcr, own);
      vcpu.setSpr(hdexcr, hypervisor);
      assert.equal(stores('hashst', 0n), inPrivileged);
      assert.equal(stores('hashst', problemState), inProblem);
      assert.equal(stores('hashstp', 0n), (own & privilegedAspect(phie)) !== 0n);
      // Without the aspect a wrong digest is no matter.
      if (!inPrivileged) assert.equal(machine.run('hashchk 3, -8(4)', ra, 6n), undefined);
    }
    assert.equal(machine.run('hashstp 3, -8(4)', ra, 5n, problemState), 0x700);
    assert.equal(vcpu.spr(srr1) & 0x1f_0000n, 0x4_0000n);
  });

  test(`DEXCR can be written by the supervisor, and its right half read by everybody, ${how}`, () => {
    vcpu.setSpr(hdexcr, 0x1234_5678_9abc_def0n);
    const value = 0x0400_0000_0600_0000n;
    assert.equal(machine.run('mtspr 828, 3\n mfspr 5, 828\n mfspr 6, 812\n mfspr 7, 455', 0n, value), undefined);
    assert.deepEqual(
      [5, 6, 7].map((n) => vcpu.gpr(n)),
      [value, 0x600_0000n, 0x9abc_def0n],
    );
    assert.equal(machine.run('mfspr 6, 812\n mfspr 7, 455', 0n, 0n, problemState), undefined);
    assert.deepEqual(
      [6, 7].map((n) => vcpu.gpr(n)),
      [0x600_0000n, 0x9abc_def0n],
    );
    assert.equal(machine.run('mfspr 6, 828', 0n, 0n, problemState), 0x700);
  });
}
