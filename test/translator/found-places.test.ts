// Accesses that need no look of their own, since one before them off the same register has found the place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TwinCpu } from './twin-cpu.ts';

const main = 0x2000;
const data = 0x1_0000;
const vec = 0x200_0000n;

/** Runs the body 200 times with r3 = `data` + 8; the doublewords of memory from `data` on. */
function runBody(body: string): { readonly cpu: TwinCpu; readonly memory: readonly bigint[] } {
  const cpu = new TwinCpu();
  const filled = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const { engine, vcpu } of cpu.both) {
    engine.ram.writeBytes(data, filled);
    vcpu.msr |= vec;
    engine.dataPlane.updateContext(vcpu.address);
  }
  cpu.place(main, `lis 3, 1\n ori 3, 3, 8\n li 7, 200\nagain: ${body}\n addi 7, 7, -1\n cmpdi 7, 0\n bne again\n sc 1`);
  cpu.run(main, 4001);
  assert.ok(cpu.statistics().regions > 0, 'nothing was translated');
  const memories = cpu.both.map(({ engine }) => engine.ram.readBytes(data, filled.length));
  assert.deepEqual(memories[1], memories[0]);
  const [bytes = filled] = memories;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { cpu, memory: Array.from({ length: 32 }, (_, i) => view.getBigUint64(8 * i, true)) };
}

const original = (doubleword: number) =>
  Array.from({ length: 8 }, (_, i) => BigInt(8 * doubleword + i) << BigInt(8 * i)).reduce((sum, byte) => sum | byte);

test('vectors off a register that points into a quadword, by constants in another one', () => {
  const { memory } = runBody(`
    li 4, 0\n lvx 1, 3, 4
    li 4, 48\n lvx 2, 3, 4
    li 4, 8\n lvx 4, 3, 4
    li 4, 176\n stvx 4, 3, 4
    li 4, 128\n stvx 2, 3, 4
    addi 3, 3, 8
    li 4, 128\n stvx 1, 3, 4
    addi 3, 3, 16
    lvx 3, 4, 3\n li 4, 160\n stvx 3, 3, 4
    addi 3, 3, -24`);
  // Each address down to its quadword: from 8, 8 + 48, 8 + 8 and 128 + 32 to 16 + 128, 8 + 128, 8 + 176 and 32 + 160.
  const expected = Array.from({ length: 32 }, (_, i) => original(i));
  for (const half of [0, 1]) {
    expected[16 + half] = original(6 + half);
    expected[18 + half] = original(half);
    expected[22 + half] = original(2 + half);
    expected[24 + half] = original(20 + half);
  }
  assert.deepEqual(memory, expected);
});

test('an index that was a constant and is one no more', () => {
  const { cpu, memory } = runBody(`
    li 4, 16\n ldx 5, 3, 4
    add 4, 4, 4\n ldx 6, 3, 4
    li 4, 64\n stdx 5, 3, 4
    subf 4, 7, 4\n addi 4, 4, 8\n add 4, 4, 7\n stdx 6, 3, 4`);
  assert.equal(cpu.gpr(5), original(3));
  assert.equal(cpu.gpr(6), original(5));
  const expected = Array.from({ length: 32 }, (_, i) => original(i));
  expected[9] = original(3);
  expected[10] = original(5);
  assert.deepEqual(memory, expected);
});
