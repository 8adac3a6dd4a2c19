// Calls that translated code waits for on the host's stack: control may come back as expected, elsewhere, in another context,
// to code that has changed, or never.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eagerTuning, TwinCpu } from './twin-cpu.ts';

const main = 0x2000;
const stack = 0x1_0000;
/** Instructions between two comparisons: enough for many calls on the host's stack. */
const slice = 4001;

const address = (register: number, value: number) =>
  `lis ${register}, ${value >>> 16}\n ori ${register}, ${register}, ${value & 0xffff}\n`;
/** Runs the body so often; r7 counts down. */
const repeat = (count: number, body: string) => `li 7, ${count}
again: ${body}
       addi 7, 7, -1
       cmpdi 7, 0
       bne again
       sc 1\n`;
const prologue = 'mflr 0\n std 0, 16(1)\n stdu 1, -64(1)\n';
const epilogue = 'addi 1, 1, 64\n ld 0, 16(1)\n mtlr 0\n blr\n';

/** Runs a program whose first lines set r1; both CPUs are compared after every few thousand instructions, and after every few. */
function runBoth(places: Readonly<Record<number, string>>, check: (cpu: TwinCpu) => void, tuning = eagerTuning): void {
  for (const most of [slice, 13]) {
    const cpu = new TwinCpu(tuning);
    for (const [at, source] of Object.entries(places)) cpu.place(Number(at), source);
    cpu.run(main, most);
    check(cpu);
    assert.ok(cpu.statistics().regions > 0, 'nothing was translated');
  }
}

test('recursion deeper than the host stack has room for', () => {
  const depth = 300;
  const count = 20;
  runBoth(
    {
      [main]: `${address(1, stack + 0x8000)} li 5, 0\n ${repeat(count, `li 3, ${depth}\n bl sum`)}
        sum: ${prologue} cmpdi 3, 0\n beq done\n add 5, 5, 3\n addi 3, 3, -1\n bl sum\n addi 5, 5, 1
        done: ${epilogue}`,
    },
    (cpu) => assert.equal(cpu.gpr(5), BigInt(count * ((depth * (depth + 1)) / 2 + depth))),
  );
});

test("a function that comes back somewhere else: one instruction further, and to its caller's caller", () => {
  runBoth(
    {
      [main]: `${address(1, stack)} li 5, 0\n ${repeat(200, 'bl skips\n addi 5, 5, 100\n addi 5, 5, 1\n bl outer\n addi 5, 5, 10')}
        skips: mflr 6\n addi 6, 6, 4\n mtlr 6\n blr
        outer: ${prologue} bl inner\n addi 5, 5, 1000\n ${epilogue}
        inner: addi 1, 1, 64\n ld 0, 16(1)\n mtlr 0\n blr\n`,
    },
    (cpu) => assert.equal(cpu.gpr(5), 200n * 11n),
  );
});

test('tasks that switch stacks in the middle of calls', () => {
  const count = 300;
  const second = 0x9000;
  const switchTask = 0xa000;
  // r10 and r11 hold the other task's stack and place; each adds its own number before and behind each switch.
  const work = (own: number, at: number) =>
    `work: ${prologue} addi 5, 5, ${own}\n bl switch\n addi 5, 5, ${own}\n ${epilogue}`.replace(
      'switch',
      `switch${at}`,
    );
  const cpuOf = (most: number) => {
    const cpu = new TwinCpu();
    const symbols = { [`switch${main}`]: BigInt(switchTask), [`switch${second}`]: BigInt(switchTask) };
    const start = `${address(1, stack)} ${address(10, stack + 0x4000)} ${address(11, second)} li 5, 0\n`;
    cpu.place(main, `${start} ${repeat(count, 'bl work')} ${work(1, main)}`, symbols);
    cpu.place(second, `turn: bl work\n b turn\n ${work(100, second)}`, symbols);
    cpu.place(switchTask, 'mflr 0\n mr 12, 1\n mr 1, 10\n mr 10, 12\n mtlr 11\n mr 11, 0\n blr\n');
    cpu.run(main, most);
    return cpu;
  };
  for (const most of [slice, 13]) assert.equal(cpuOf(most).gpr(5), BigInt(2 * count + 200 * count - 100));
});

test('code behind a call that the function called changes', () => {
  const count = 100;
  // The function stores `addi 5,5,r7` behind the call, and makes it code.
  runBoth(
    {
      [main]: `${address(20, 0x38a5_0000)} li 5, 0\n ${repeat(count, 'bl patch\n nop')}
        patch: mflr 21\n or 22, 20, 7\n stw 22, 0(21)\n dcbst 0, 21\n sync\n icbi 0, 21\n sync\n isync\n blr\n`,
    },
    (cpu) => assert.equal(cpu.gpr(5), BigInt((count * (count + 1)) / 2)),
  );
});
