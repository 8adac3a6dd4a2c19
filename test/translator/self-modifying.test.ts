// Code that changes: translated code sees every change that the guest has made known (Power ISA Book II, section 1.8), and
// the work for a change does not grow with the number of changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TwinCpu } from './twin-cpu.ts';

const main = 0x2000;
const target = 0x8000;
const rewrites = 200;

/** Makes the word that was stored at (r21) part of the code. */
const publish = 'dcbst 0, 21\n sync\n icbi 0, 21\n sync\n isync\n';
/** Puts an address of 32 bits into a register. */
const address = (register: number, value: number) =>
  `lis ${register}, ${value >>> 16}\n ori ${register}, ${register}, ${value & 0xffff}\n`;
/** r7 counts the rounds down. */
const rounds = (count: number) => `li 7, ${count}\n`;
const again = 'addi 7, 7, -1\n cmpdi 7, 0\n bne again\n sc 1\n';
const addiR5 = 0x38a5_0000;
const blr = 0x4e80_0020;

/** Regions that were compiled and dropped for each rewrite. */
function workPerRewrite(cpu: TwinCpu, run: () => void, count: number): { regions: number; dropped: number } {
  const before = cpu.statistics();
  run();
  const after = cpu.statistics();
  return { regions: (after.regions - before.regions) / count, dropped: (after.dropped - before.dropped) / count };
}

/** A loop that writes `addi 5,5,r7` to (r21) and calls (r22). */
const writingLoop = `
again: ${address(20, addiR5)}
       or 20, 20, 7
       stw 20, 0(21)
       ${publish}
       mtctr 22
       bctrl
       bctrl
       ${again}`;
const sumOfRounds = BigInt((rewrites * (rewrites + 1)) / 2);

test('a guest that writes and runs new code in a loop runs each version; the work for one stays the same', () => {
  const cpu = new TwinCpu();
  cpu.place(target, 'nop\n blr\n');
  cpu.place(main, `li 5, 0\n${rounds(rewrites)}${address(21, target)} mr 22, 21\n${writingLoop}`);
  const work = workPerRewrite(cpu, () => cpu.run(main), rewrites);
  assert.equal(cpu.gpr(5), 2n * sumOfRounds);
  assert.ok(work.dropped <= 2 && work.regions <= 4, JSON.stringify(work));
  assert.ok(work.regions > 0.1, 'nothing was translated');
});

test('a page that holds code and data: stores to the data drop no translated code', () => {
  const cpu = new TwinCpu();
  const data = main + 0x800;
  cpu.place(
    main,
    `li 5, 0\n${rounds(1000)}${address(21, data)}
again: ld 6, 0(21)\n addi 6, 6, 3\n std 6, 0(21)\n stb 6, 9(21)\n add 5, 5, 6\n ${again}`,
  );
  cpu.run(main);
  assert.equal(cpu.gpr(5), 3n * 500_500n);
  const { regions, dropped } = cpu.statistics();
  assert.equal(dropped, 0);
  assert.ok(regions >= 1 && regions < 10, `${regions} regions`);
});

test('a page that was code and now holds data: stores to it compile and drop nothing more', () => {
  const cpu = new TwinCpu();
  cpu.place(target, `${'addi 5, 5, 1\n'.repeat(900)} blr\n`);
  cpu.place(main, `li 5, 0\n${address(22, target)} mtctr 22\n bctrl\n bctrl\n bctrl\n sc 1\n`);
  cpu.run(main);
  assert.equal(cpu.gpr(5), 2700n);
  const writer = main + 0x1000;
  const fill = `${address(21, target - 8)} li 8, 450\n mtctr 8\nfill: stdu 7, 8(21)\n bdnz fill\n`;
  cpu.place(writer, `${rounds(20)}again: ${fill}${again}`);
  const work = workPerRewrite(cpu, () => cpu.run(writer), 1);
  assert.ok(work.regions <= 8, JSON.stringify(work));
  assert.equal(cpu.translated.engine.ram.readBytes(target, 8)[0], 1);
});

test('breakpoints that are patched into running code are taken, and gone when they are taken out', () => {
  const cpu = new TwinCpu();
  const trap = 0x7fe0_0008;
  const patched = target + 4;
  cpu.place(target, 'addi 5, 5, 1\n addi 5, 5, 16\n blr\n');
  // The handler puts the instruction back and goes on at it.
  cpu.place(0x700, `stw 19, 0(21)\n ${publish} addi 9, 9, 1\n rfid\n`);
  cpu.place(
    main,
    `li 5, 0\n li 9, 0\n${rounds(rewrites)}${address(21, patched)}${address(22, target)}${address(20, trap)} lwz 19, 0(21)
again: mtctr 22\n bctrl\n bctrl\n stw 20, 0(21)\n ${publish} mtctr 22\n bctrl\n bctrl\n ${again}`,
  );
  const work = workPerRewrite(cpu, () => cpu.run(main), 2 * rewrites);
  assert.equal(cpu.gpr(9), BigInt(rewrites));
  assert.equal(cpu.gpr(5), BigInt(4 * 17 * rewrites));
  assert.ok(work.dropped <= 2 && work.regions <= 4, JSON.stringify(work));
});

test('code in two mappings of one real page changes in both', () => {
  const cpu = new TwinCpu();
  // In real mode the high bits of an effective address do not count: both names are of one place.
  const mirrored = ' lis 23, 0xc000\n sldi 23, 23, 32\n or 23, 23, 21\n';
  cpu.place(target, 'nop\n bl here\nhere: mflr 8\n xor 10, 10, 8\n mtlr 12\n blr\n');
  cpu.place(
    main,
    `li 5, 0\n li 10, 0\n${rounds(rewrites)}${address(21, target)}${mirrored}
again: ${address(20, addiR5)} or 20, 20, 7\n stw 20, 0(23)\n ${publish}
       mtctr 21\n mflr 12\n bl over\nover: mflr 12\n addi 12, 12, 12\n bctr\n nop\n
       mtctr 23\n bl next\nnext: mflr 12\n addi 12, 12, 12\n bctr\n nop\n
       ${again}`,
  );
  cpu.run(main);
  assert.equal(cpu.gpr(5), 2n * sumOfRounds);
});

test('code that crosses the end of a page changes on both sides', () => {
  const cpu = new TwinCpu();
  for (const [start, patched] of [
    [target + 0xff8, target + 0x1000],
    [target + 0x1ff8, target + 0x1ff8],
  ] as const) {
    cpu.place(start, 'addi 6, 6, 1\n addi 6, 6, 2\n addi 6, 6, 4\n blr\n');
    cpu.place(main, `li 5, 0\n li 6, 0\n${rounds(rewrites)}${address(21, patched)}${address(22, start)}${writingLoop}`);
    const work = workPerRewrite(cpu, () => cpu.run(main), rewrites);
    assert.equal(cpu.gpr(5), 2n * sumOfRounds);
    assert.ok(work.dropped <= 3 && work.regions <= 6, JSON.stringify(work));
  }
});

test('the branch at the end of a program that was written last is found by its page', () => {
  const cpu = new TwinCpu();
  cpu.place(target, 'nop\n nop\n blr\n');
  cpu.place(
    main,
    `li 5, 0\n${rounds(rewrites)}${address(21, target + 4)}${address(22, target)}${address(24, blr)}
again: ${address(20, addiR5)} or 20, 20, 7\n andi. 9, 7, 1\n beq even\n mr 20, 24\neven: stw 20, 0(21)\n ${publish}
       mtctr 22\n bctrl\n ${again}`,
  );
  cpu.run(main);
  let even = 0n;
  for (let n = 2; n <= rewrites; n += 2) even += BigInt(n);
  assert.equal(cpu.gpr(5), even);
});

test('dcbz clears the block around its address, whatever lies next to it', () => {
  const cpu = new TwinCpu();
  const data = 0x2_0000;
  cpu.place(
    main,
    `li 5, 0\n${address(21, data)} addi 22, 21, 0\n li 8, -1\n${rounds(300)}
again: std 8, -8(22)\n std 8, 0(22)\n std 8, 64(22)\n std 8, 120(22)\n std 8, 128(22)
       addi 9, 22, 77\n dcbz 0, 9
       ld 10, -8(22)\n ld 11, 0(22)\n ld 12, 64(22)\n ld 13, 120(22)\n ld 14, 128(22)
       subf 5, 10, 5\n subf 5, 14, 5\n add 5, 5, 11\n add 5, 5, 12\n add 5, 5, 13
       addi 22, 22, 384\n ${again}`,
  );
  cpu.run(main);
  assert.equal(cpu.gpr(5), 600n, 'two doublewords beside the block stay in each round');
  assert.ok(cpu.statistics().regions > 0);
});

test('dcbz takes code away that was translated', () => {
  const cpu = new TwinCpu();
  cpu.place(0x700, 'sc 1\n');
  cpu.place(target, 'addi 5, 5, 1\n blr\n');
  cpu.place(
    main,
    `li 5, 0\n${address(21, target)}${rounds(50)}
       mtctr 21
again: bctrl\n addi 7, 7, -1\n cmpdi 7, 0\n bne again
       dcbz 0, 21\n icbi 0, 21\n isync\n bctrl\n sc 1\n`,
  );
  cpu.run(main);
  assert.equal(cpu.gpr(5), 50n);
  assert.equal(cpu.interpreter.vcpu.nip, 0x704n, 'what is left there is no instruction');
});
