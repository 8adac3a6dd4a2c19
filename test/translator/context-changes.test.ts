// System calls, faults and returns that translated code makes without leaving to the interpreter: what runs next, translated
// or not, sees the translations and rights of its own mode.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { state } from '../../src/cpu/state.ts';
import { eagerTuning, TwinCpu } from './twin-cpu.ts';

const fscr = 153;
const lpcr = 318;
const pidr = 48;
/** HR, UPRT, AIL = 3, ILE. */
const radixWithRelocatedInterrupts = 0x10_0000n + 0x40_0000n + 0x180_0000n + 0x200_0000n;
/** 64-bit little-endian problem state with translation. */
const problemState = 0x8000_0000_0000_d033n;
const scvAllowed = 0x1000n;

const processTable = 0x1_0000;
const kernelRoot = 0x2_0000;
const processRoot = 0x4_0000;
/** Root tables of 2^13 entries for 52-bit addresses; a leaf in one maps 512 GiB. */
const rootBits = 0x4000_0000_0000_00a0n + 13n;
const leaf = 0xc000_0000_0000_0000n;
const referencedChanged = 0x180n;
const privileged = 0x8n;
const readWriteExecute = 0x7n;

/** Where the process sees the memory that only the kernel may touch. */
const shutAddress = 1n << 39n;

/** CPUs in problem state of PID 1, whose first 512 GiB are RAM as it is, and the next ones RAM that is privileged. */
function machine(tuning = eagerTuning): TwinCpu {
  const twin = new TwinCpu(tuning);
  for (const { engine, vcpu } of twin.both) {
    const everything = leaf | referencedChanged | readWriteExecute;
    engine.ram.write64(processTable, rootBits + BigInt(kernelRoot));
    engine.ram.write64(processTable + 16, rootBits + BigInt(processRoot));
    engine.ram.write64(kernelRoot, everything | privileged);
    engine.ram.write64(processRoot, everything);
    engine.ram.write64(processRoot + 8, everything | privileged);
    vcpu.view.setBigUint64(state.processTable.offset, BigInt(processTable), true);
    vcpu.setSpr(lpcr, radixWithRelocatedInterrupts);
    vcpu.setSpr(fscr, scvAllowed);
    vcpu.setSpr(pidr, 1n);
    vcpu.msr = problemState;
    engine.dataPlane.updateContext(vcpu.address);
    vcpu.setGpr(20, shutAddress + 0x8000n);
  }
  // scv 0 reads what is shut to the process; a fault skips the instruction and is counted; sc 1 ends the run.
  twin.place(0x3000, 'ld 6, 0(20)\n add 5, 5, 6\n rfscv\n');
  twin.place(0x3020, 'sc 1\n');
  twin.place(0x4c00, 'addi 4, 4, 1\n rfid\n');
  twin.place(0x4300, 'mfspr 9, 26\n addi 9, 9, 4\n mtspr 26, 9\n addi 8, 8, 1\n rfid\n');
  for (const { engine } of twin.both) engine.ram.write64(0x8000, 0x0300_0000_0000_0000n);
  return twin;
}

const rounds = 300;
const program = `li 5, 0\n li 8, 0\n li 4, 0\n li 7, ${rounds}
again: scv 0
       ld 6, 0(20)
       sc
       addi 7, 7, -1
       cmpdi 7, 0
       bne again
       scv 1\n`;

for (const [name, tuning] of [
  ['when all code is translated', eagerTuning],
  ['when only some is', { ...eagerTuning, threshold: 20, regionLimit: 3 }],
] as const) {
  test(`system calls, a fault and returns change what may be accessed, ${name}`, () => {
    const twin = machine(tuning);
    twin.place(0x9000, program);
    twin.run(0x9000);
    assert.equal(twin.gpr(5), 3n * BigInt(rounds), 'the kernel reads');
    assert.equal(twin.gpr(8), BigInt(rounds), 'the process faults');
    assert.equal(twin.gpr(4), BigInt(rounds), 'sc was taken');
    assert.ok(twin.statistics().regions >= 3);
  });
}

test('a function comes back with other rights than it was called with', () => {
  // sc changes between problem and supervisor state.
  for (const most of [13, 4001]) {
    const twin = machine();
    twin.place(0x4c00, 'mfspr 9, 27\n xori 9, 9, 0x4000\n mtspr 27, 9\n rfid\n');
    twin.place(
      0x9000,
      `li 5, 0\n li 8, 0\n li 7, ${rounds}
       again: bl change
              ld 6, 0(20)
              add 5, 5, 6
              li 6, 0
              bl change
              ld 6, 0(20)
              add 5, 5, 6
              addi 7, 7, -1
              cmpdi 7, 0
              bne again
              scv 1
      change: sc
              blr\n`,
    );
    twin.run(0x9000, most);
    assert.equal(twin.gpr(5), 3n * BigInt(rounds), 'supervisor state reads');
    assert.equal(twin.gpr(8), BigInt(rounds), 'problem state faults');
  }
});

test('scv with its facility off interrupts with the address of scv itself', () => {
  const twin = machine();
  for (const { engine, vcpu } of twin.both) {
    vcpu.setSpr(fscr, 0n);
    engine.dataPlane.updateContext(vcpu.address);
  }
  twin.place(0x4f60, 'mfspr 10, 26\n li 11, 0x1000\n mtspr 153, 11\n rfid\n');
  twin.place(0x9000, 'nop\n scv 0\n scv 1\n');
  twin.run(0x9000);
  assert.equal(twin.gpr(10), 0x9004n);
});
