// Prefixed instructions where a word of code is not an instruction: what they are relative to, boundaries, interrupts,
// facility, branches to the suffix, code that changes (Power ISA v3.1 Book I, section 1.6.3; Book III, sections 6.2.11, 7.5).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelBit, sprOffset, state } from '../../src/cpu/state.ts';
import { leaveReason } from '../../src/engine/leave-reason.ts';
import { TestCpu } from '../../src/engine/test-cpu.ts';
import { defaultTuning } from '../../src/engine/translator/translator-tuning.ts';
import { loadEngineImages } from '../../src/host/engine-images.ts';
import { assemble } from '../../src/isa/assemble.ts';
import type { IsaVersion } from '../../src/isa/version.ts';

const images = loadEngineImages();
const start = 0x2000;
const data = 0x8000;
const prefixed = 0x2000_0000n;
const crossing = 0x1000_0000n;
const illegal = 0x8_0000n;
const problemState = 0x4000n;
const [srr0, srr1, dar, fscr, lpcr] = [26, 27, 19, 153, 318];
/** LPCR[ILE]. */
const interruptsLittleEndian = 0x200_0000n;

interface Options {
  readonly littleEndian?: boolean;
  readonly translate?: boolean;
  readonly edition?: IsaVersion;
}

/** A CPU in real mode whose interrupts end the run: `sc 1` at each vector. */
class Machine {
  readonly cpu: TestCpu;
  readonly #littleEndian: boolean;

  constructor({ littleEndian = true, translate = false, edition = '3.1' }: Options = {}) {
    this.#littleEndian = littleEndian;
    const translator = { ...defaultTuning, threshold: 1, batch: 1, atFirstSight: true, exactBudget: true };
    this.cpu = new TestCpu({ images, edition, littleEndian, ...(translate ? { translator } : {}) });
    const { vcpu } = this.cpu;
    const model = Object.values(modelBit).reduce((sum, bit) => sum | bit, 0);
    vcpu.view.setInt32(state.model.offset, model, true);
    vcpu.setSpr(lpcr, littleEndian ? interruptsLittleEndian : 0n);
    for (let vector = 0x100; vector < 0x1000; vector += 0x20) this.place(vector, 'sc 1');
    vcpu.setSpr(fscr, 0x2000n);
    this.cpu.reset();
  }

  place(address: number, source: string): void {
    const { bytes } = assemble(source, { origin: BigInt(address), littleEndian: this.#littleEndian });
    this.cpu.engine.ram.writeBytes(address, bytes);
  }

  /** Runs to `sc 1`; the vector that holds it, or undefined when the program does, and how many instructions it took. */
  run(address = start): { vector: number | undefined; executed: number } {
    const { vcpu, engine } = this.cpu;
    vcpu.nip = BigInt(address);
    const { reason, executed } = engine.run(vcpu, 1000);
    assert.equal(reason, leaveReason.hypercall);
    const nip = Number(vcpu.nip) - 4;
    return { vector: nip < 0x1000 ? nip : undefined, executed };
  }

  gpr(n: number): bigint {
    return this.cpu.vcpu.gpr(n);
  }

  spr(n: number): bigint {
    return this.cpu.vcpu.view.getBigUint64(sprOffset(n), true);
  }
}

const kinds: readonly (readonly [name: string, options: Options])[] = [
  ['little-endian, interpreted', {}],
  ['little-endian, translated', { translate: true }],
  ['big-endian, interpreted', { littleEndian: false }],
  ['big-endian, translated', { littleEndian: false, translate: true }],
];

for (const [name, options] of kinds) {
  test(`loads, stores and addition relative to the instruction, ${name}`, () => {
    const machine = new Machine(options);
    machine.place(data, '.quad 0x1122334455667788, 0x99aabbccddeeff00');
    machine.place(
      start,
      `pld 3, ${data}-.(0), 1
       plwz 4, ${data + 4}-.(0), 1
       plha 5, ${data + 8}-.(0), 1
       plbz 6, ${data + 9}-.(0), 1
       paddi 7, 0, -16, 1
       pstd 3, ${data + 16}-.(0), 1
       plxv 34, ${data}-.(0), 1
       pstxv 34, ${data + 32}-.(0), 1
       plfd 1, ${data}-.(0), 1
       pstfd 1, ${data + 48}-.(0), 1
       plq 8, ${data}-.(0), 1
       pnop
       sc 1`,
    );
    const { vector, executed } = machine.run();
    assert.equal(vector, undefined);
    assert.equal(executed, 13);
    const bytes = machine.cpu.engine.ram.readBytes(data, 64);
    assert.deepEqual([...bytes.subarray(16, 24)], [...bytes.subarray(0, 8)]);
    assert.deepEqual([...bytes.subarray(32, 48)], [...bytes.subarray(0, 16)]);
    assert.deepEqual([...bytes.subarray(48, 56)], [...bytes.subarray(0, 8)]);
    assert.equal(machine.gpr(3), 0x1122334455667788n);
    assert.equal(machine.gpr(4), options.littleEndian === false ? 0x55667788n : 0x11223344n);
    assert.equal(
      machine.gpr(5),
      options.littleEndian === false ? BigInt.asUintN(64, -0x6656n) : BigInt.asUintN(64, -0x100n),
    );
    assert.equal(machine.gpr(6), options.littleEndian === false ? 0xaan : 0xffn);
    assert.equal(machine.gpr(7), BigInt(start + 32 - 16));
    assert.equal(machine.gpr(8), 0x1122334455667788n);
    assert.equal(machine.gpr(9), 0x99aabbccddeeff00n);
  });

  test(`a loop of prefixed instructions counts each as one, ${name}`, () => {
    const machine = new Machine(options);
    machine.place(
      start,
      'li 3, 0\n li 4, 20\n mtctr 4\nagain: paddi 3, 3, 0x100000001, 0\n addi 3, 3, 1\n bdnz again\n sc 1',
    );
    assert.deepEqual(machine.run(), { vector: undefined, executed: 3 + 20 * 3 + 1 });
    assert.equal(machine.gpr(3), 20n * 0x1_0000_0002n);
  });

  test(`a branch to the suffix executes it as a word, ${name}`, () => {
    const machine = new Machine(options);
    // The suffix of paddi 3,3,… is addi 3,3,….
    machine.place(start, 'li 3, 0\n b over + 4\nover: paddi 3, 3, 0x70005, 0\n paddi 3, 3, 0x70000, 0\n sc 1');
    assert.deepEqual(machine.run(), { vector: undefined, executed: 5 });
    assert.equal(machine.gpr(3), 0x7_0005n);
    assert.equal(machine.run(start + 8).executed, 3);
    assert.equal(machine.gpr(3), 0x15_000an);
  });

  test(`a suffix that changes alone is executed as it is now, ${name}`, () => {
    const machine = new Machine(options);
    machine.place(
      start,
      `li 3, 0
       li 7, 50
       lis 21, ${start >> 16}
       ori 21, 21, patched + 4
again: lis 20, 0x3863
       or 20, 20, 7
       stw 20, 0(21)
       dcbst 0, 21
       sync
       icbi 0, 21
       isync
patched: paddi 3, 3, 0x10000, 0
       addi 7, 7, -1
       cmpdi 7, 0
       bne again
       sc 1`,
    );
    assert.equal(machine.run().vector, undefined);
    assert.equal(machine.gpr(3), 50n * 0x1_0000n + 1275n);
  });

  test(`a prefix at the end of a 64-byte block: alignment interrupt, ${name}`, () => {
    const machine = new Machine(options);
    for (const address of [start + 60, start + 0xffc]) {
      machine.place(address, '.long 0x06000000, 0x38600001\n sc 1');
      assert.equal(machine.run(address).vector, 0x600);
      assert.equal(machine.spr(srr0), BigInt(address));
      assert.equal(machine.spr(srr1) & 0x783f_0000n, prefixed | crossing);
      assert.equal(machine.spr(dar), BigInt(address));
      // The suffix by itself is an ordinary word.
      assert.equal(machine.run(address + 4).vector, undefined);
    }
    machine.place(start + 56, '.long 0x06000000, 0x38600002\n sc 1');
    assert.equal(machine.run(start + 56).vector, undefined);
    assert.equal(machine.gpr(3), 2n);
  });

  test(`interrupts of prefixed instructions say so, ${name}`, () => {
    const machine = new Machine(options);
    const expectInterrupt = (source: string, vector: number, status: bigint) => {
      machine.place(start, `${source}\n sc 1`);
      assert.equal(machine.run().vector, vector, source);
      assert.equal(machine.spr(srr0), BigInt(start), source);
      assert.equal(machine.spr(srr1) & 0x783f_0000n, status, source);
    };
    // An unknown suffix; RA with R = 1.
    expectInterrupt('.long 0x06000000, 0x3c600001', 0x700, prefixed | illegal);
    expectInterrupt('paddi 3, 4, 0, 1', 0x700, prefixed | illegal);
    expectInterrupt('pld 3, 8(4), 1', 0x700, prefixed | illegal);
    expectInterrupt('.long 0', 0x700, illegal);
    const { vcpu, engine } = machine.cpu;
    vcpu.msr &= ~0x0280_2000n;
    engine.dataPlane.updateContext(vcpu.address);
    expectInterrupt('plfd 1, 0(4), 0', 0x800, prefixed);
    machine.cpu.reset();
    vcpu.msr &= ~0x0280_2000n;
    engine.dataPlane.updateContext(vcpu.address);
    expectInterrupt('plxsd 1, 0(4), 0', 0xf20, prefixed);
    machine.cpu.reset();
    vcpu.msr &= ~0x0280_2000n;
    engine.dataPlane.updateContext(vcpu.address);
    expectInterrupt('plxv 1, 0(4), 0', 0xf40, prefixed);
  });

  test(`FSCR[PREFIX] makes them available in problem state, ${name}`, () => {
    const machine = new Machine(options);
    const { vcpu, engine } = machine.cpu;
    const enter = (enabled: boolean, bits: bigint) => {
      machine.cpu.reset();
      vcpu.setSpr(fscr, enabled ? 0x2000n : 0n);
      vcpu.msr |= bits;
      engine.dataPlane.updateContext(vcpu.address);
    };
    machine.place(start, 'li 3, 0\n paddi 3, 3, 5, 0\n sc 1');
    enter(false, problemState);
    assert.equal(machine.run().vector, 0xf60);
    assert.equal(machine.spr(srr0), BigInt(start + 4));
    assert.equal(machine.spr(srr1) & 0x783f_0000n, prefixed);
    assert.equal(machine.spr(fscr) >> 56n, 0x0dn);
    enter(false, 0n);
    assert.equal(machine.run().vector, undefined);
    assert.equal(machine.gpr(3), 5n);
    enter(true, problemState);
    machine.cpu.vcpu.setGpr(3, 0n);
    assert.equal(machine.run().vector, undefined);
    assert.equal(machine.gpr(3), 5n);
  });
}

test('a traced prefixed instruction is one step, and the interrupt says what it was', () => {
  const machine = new Machine();
  const { vcpu, engine } = machine.cpu;
  machine.place(start, 'paddi 3, 0, 7, 0\n pnop\n addi 3, 3, 1\n sc 1');
  for (const [address, next, status] of [
    [start, start + 8, prefixed],
    [start + 8, start + 16, prefixed],
    [start + 16, start + 20, 0n],
  ] as const) {
    machine.cpu.reset();
    vcpu.setSpr(srr0, BigInt(address));
    vcpu.setSpr(srr1, vcpu.msr | 0x400n);
    engine.dataPlane.returnFromInterrupt(vcpu.address);
    assert.equal(machine.run(address).vector, 0xd00);
    assert.equal(machine.spr(srr0), BigInt(next));
    assert.equal(machine.spr(srr1) & 0x783f_0000n, 0x4000_0000n | status);
  }
  assert.equal(machine.gpr(3), 8n);
});

test('problem state that PCR holds to 3.0 knows no prefixes, supervisor state does', () => {
  for (const [bits, vector] of [
    [problemState, 0x700],
    [0n, undefined],
  ] as const) {
    const machine = new Machine();
    const { vcpu, engine } = machine.cpu;
    vcpu.view.setInt32(state.pcrMask.offset, modelBit.isa310, true);
    machine.place(start, 'pli 3, 7\n sc 1');
    vcpu.msr |= bits;
    engine.dataPlane.updateContext(vcpu.address);
    assert.equal(machine.run().vector, vector);
    if (vector) assert.equal(machine.spr(srr1) & 0x783f_0000n, illegal);
  }
});

test('editions before 3.1 know no prefixes: the word is illegal wherever it stands', () => {
  const machine = new Machine({ edition: '3.0' });
  for (const address of [start, start + 60]) {
    machine.place(address, '.long 0x06000000, 0x38600001\n sc 1');
    assert.equal(machine.run(address).vector, 0x700);
    assert.equal(machine.spr(srr1) & 0x783f_0000n, illegal);
  }
});
