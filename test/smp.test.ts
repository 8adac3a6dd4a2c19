// Several vCPUs that wait for each other: locks whose holder is preempted, prods and joins, doorbells, vCPUs that stop and
// start; nobody starves. Guests of a few instructions on 2 to 16 vCPUs, on a clock of instructions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluate, findProfile, type Request } from '../src/environment/index.ts';
import { engineFromEnvironment } from '../src/host/engine-choice.ts';
import { loadEngineImages } from '../src/host/engine-images.ts';
import { assemble } from '../src/isa/assemble.ts';
import { createMachine } from '../src/machine/machine.ts';
import type { MachineOutcome } from '../src/machine/machine-api.ts';

const engineImages = loadEngineImages();
const numRuns = Number(process.env.CONTINUO_PROPERTY_RUNS ?? 6);

/** Numbers of calls, and words at fixed addresses that guests share. */
const symbols = {
  ...{ H_CEDE: 0xe0n, H_CONFER: 0xe4n, H_PROD: 0xe8n, H_JOIN: 0x298n, H_PUT_TERM_CHAR: 0x58n, H_REGISTER_VPA: 0xdcn },
  ...{
    lock: 0x7000n,
    counter: 0x7080n,
    done: 0x7100n,
    arrived: 0x7180n,
    cells: 0x7200n,
    released: 0x7280n,
    areas: 0x8000n,
  },
};

/**
 * vCPU 0 enters at 0x100, starts all others at `go`, and goes there itself: r13 is the vCPU's number, r4… are free.
 * `finish` counts vCPUs that are through; when all are, vCPU 0 prints `counter` in hexadecimal and powers the machine off.
 */
const frame = (cpus: number, body: string): string => `
        li r13, 0
        li r14, 1
1:      cmpwi r14, ${cpus}
        bge go
        li r4, cells
        lis r5, 0
        ori r5, r5, 0x2006
        stw r5, 0(r4)
        li r5, 3
        stw r5, 4(r4)
        li r5, 1
        stw r5, 8(r4)
        stw r14, 12(r4)
        li r5, enter
        stw r5, 16(r4)
        stw r14, 20(r4)
        bl rtas
        addi r14, r14, 1
        b 1b
enter:  mr r13, r3
        b go
rtas:   lis r3, 0
        ori r3, r3, 0xf000
        sc 1
        blr
        # Adds 1 to the word at r10 for all to see; r11 is what it is then.
more:   lwarx r11, 0, r10
        addi r11, r11, 1
        stwcx. r11, 0, r10
        bne more
        isync
        blr
finish: lwsync
        li r10, done
        bl more
        cmpwi r13, 0
        beq 2f
        li r4, stop
        bl rtas
        b .
2:      lwz r11, 0(r10)
        cmpwi r11, ${cpus}
        bge 3f
        li r3, H_CONFER
        li r4, -1
        sc 1
        b 2b
3:      isync
        li r10, counter
        lwz r14, 0(r10)
        li r15, 8
4:      rlwinm r6, r14, 4, 28, 31
        slwi r14, r14, 4
        addi r6, r6, 48
        cmpwi r6, 58
        blt 5f
        addi r6, r6, 39
5:      sldi r6, r6, 56
        lis r4, 0x7100
        li r5, 1
        li r3, H_PUT_TERM_CHAR
        sc 1
        subi r15, r15, 1
        cmpwi r15, 0
        bne 4b
        li r4, off
        bl rtas
        b .
off:    .long 0x2003, 2, 1, -1, -1, 0
stop:   .long 0x2007, 0, 1, 0
        .balign 0x800
        nop
        .balign 0x100
        # 0x900: the decrementer.
        lis r21, 0x7fff
        mtspr 22, r21
        rfid
        .balign 0x200
        # 0xA00: a doorbell of a thread of this core; r20 counts them.
        addi r20, r20, 1
        rfid
        .balign 0x400
go:
${body}
`;

interface Life {
  readonly outcome: MachineOutcome;
  /** What it has printed, as a number. */
  readonly counter: number;
  readonly instructions: number;
  /** Rounds of the scheduler. */
  readonly rounds: number;
}

/** On a clock of instructions, or on the clock that is given in ns. */
async function live(source: string, request: Request, mostRounds: number, clock?: () => number): Promise<Life> {
  const code = assemble(source, { origin: 0x100n, littleEndian: false, symbols }).bytes;
  const firmware = new Uint8Array(0x1_0000);
  firmware.set(code, 0x100);
  assert.ok(0x100 + code.length < 0x7000);
  const host = findProfile('engine');
  assert.ok(host !== undefined);
  const { environment, provision, reasons } = evaluate({ cpu: 'power9', memory: '256', ...request }, host);
  assert.ok(provision !== undefined, reasons.map(({ message }) => message).join('; '));
  let output = '';
  let rounds = 0;
  const machine = createMachine(
    {
      environment,
      provision,
      boot: { kind: 'firmware', firmware, commandLine: '' },
      rtcBaseSeconds: 0,
      ...(clock ? {} : { icountShift: 1 }),
      noReboot: true,
      engine: engineFromEnvironment() ?? 'translator',
      logItems: [],
    },
    {
      engineImages,
      console: { read: () => 0, hasInput: () => false, write: (bytes) => (output += String.fromCharCode(...bytes)) },
      monotonicNanoseconds: clock ?? (() => 0),
      randomBytes: (into) => into.fill(1),
      idle: () => {},
      // A guest that never ends is a failure, not a hang of the test.
      stopRequested: () => ++rounds > mostRounds,
      log: () => {},
    },
  );
  const outcome = await machine.run();
  return { outcome, counter: Number.parseInt(output, 16), instructions: machine.statistics().instructions, rounds };
}

const powerOff = { kind: 'power-off' } as const;
const cpus = fc.integer({ min: 2, max: 16 });

/** Takes a lock `times` times, adds 1 to the counter without care, and holds it for `hold` instructions. */
const locked = (times: number, hold: number, wait: string): string => `
        lis r15, ${times >> 16}
        ori r15, r15, ${times & 0xffff}
        # A virtual processor area, so that others see when this vCPU is preempted.
        slwi r6, r13, 10
        li r5, -0x8000
        clrlwi r5, r5, 16
        add r6, r6, r5
        li r5, 0x400
        sth r5, 4(r6)
        li r4, 1
        sldi r4, r4, 45
        mr r5, r13
        li r3, H_REGISTER_VPA
        sc 1
1:      li r10, lock
2:      lwarx r11, 0, r10
        cmpwi r11, 0
        bne 3f
        addi r12, r13, 1
        stwcx. r12, 0, r10
        bne 2b
        isync
        li r9, counter
        lwz r12, 0(r9)
        lis r8, ${hold >> 17}
        ori r8, r8, ${(hold >> 1) & 0xffff}
        mtctr r8
4:      bdnz 4b
        addi r12, r12, 1
        stw r12, 0(r9)
        lwsync
        li r11, 0
        stw r11, 0(r10)
        subi r15, r15, 1
        cmpwi r15, 0
        bne 1b
        b finish
3:      ${wait}
        b 2b
`;

/** Waits of a lock: spin, give the slice to anybody, give it to the holder (r11) while that is preempted. */
const waits = {
  spin: 'nop',
  any: 'li r3, H_CONFER\n li r4, -1\n sc 1',
  holder: `
        subi r4, r11, 1
        slwi r6, r4, 10
        li r5, -0x8000
        clrlwi r5, r5, 16
        add r6, r6, r5
        lwz r5, 0x100(r6)
        andi. r6, r5, 1
        beq 2b
        li r3, H_CONFER
        sc 1`,
} as const;

test('a lock keeps its promise, whether waiters spin, confer to anybody or to the holder', async () => {
  const kinds = fc.constantFrom(...Object.keys(waits)) as fc.Arbitrary<keyof typeof waits>;
  await fc.assert(
    fc.asyncProperty(cpus, kinds, fc.integer({ min: 2, max: 60_000 }), async (n, kind, hold) => {
      const times = Math.max(2, Math.floor((kind === 'spin' ? 200_000 : 2_000_000) / (n * (hold + 20))));
      const { outcome, counter } = await live(frame(n, locked(times, hold, waits[kind])), { cpus: `${n}` }, 40_000);
      assert.deepEqual(outcome, powerOff);
      assert.equal(counter, n * times);
    }),
    { numRuns },
  );
});

test('sixteen vCPUs that confer while one holds a lock hardly cost anything', async () => {
  const [times, hold] = [8, 50_000];
  for (const kind of ['any', 'holder'] as const) {
    const { outcome, instructions } = await live(frame(16, locked(times, hold, waits[kind])), { cpus: '16' }, 40_000);
    assert.deepEqual(outcome, powerOff);
    assert.ok(instructions < 1.25 * 16 * times * hold, `${kind}: ${instructions} instructions`);
  }
});

test('no vCPU starves while all others spin, or confer to each other', async () => {
  const work = 2_000_000;
  for (const others of ['b .', '1: li r3, H_CONFER\n xori r4, r13, 1\n li r5, 1\n sc 1\n b 1b']) {
    const body = `
        cmpwi r13, 4
        beq 2f
        cmpwi r13, 0
        beq finish
        li r10, done
        bl more
        ${others}
2:      lis r8, ${work >> 16}
        mtctr r8
3:      bdnz 3b
        b finish`;
    const { outcome, rounds } = await live(frame(16, body), { cpus: '16' }, 4000);
    assert.deepEqual(outcome, powerOff);
    // A slice of a shared machine has 20,000 instructions.
    assert.ok(rounds < (1.5 * work) / 20_000, `${rounds} rounds`);
  }
});

test('H_JOIN: all wait, the last one goes on and prods them, again and again', async () => {
  await fc.assert(
    fc.asyncProperty(cpus, fc.integer({ min: 1, max: 30 }), async (n, times) => {
      const body = `
        li r15, ${times}
1:      li r10, arrived
        bl more
        li r3, H_JOIN
        sc 1
        cmpdi r3, 0
        beq 4f
        # H_CONTINUE: everybody has joined.
        cmpdi r3, 18
        bne .
        li r10, counter
        bl more
        li r14, 0
2:      cmpwi r14, ${n}
        bge 4f
        cmpw r14, r13
        beq 3f
        li r3, H_PROD
        mr r4, r14
        sc 1
3:      addi r14, r14, 1
        b 2b
        # Nobody joins again before all have left.
4:      li r10, released
        bl more
5:      lwz r11, 0(r10)
        li r12, ${times + 1}
        subf r12, r15, r12
        mulli r12, r12, ${n}
        cmpw r11, r12
        bge 6f
        li r3, H_CONFER
        li r4, -1
        sc 1
        b 5b
6:      subi r15, r15, 1
        cmpwi r15, 0
        bne 1b
        b finish`;
      const { outcome, counter } = await live(frame(n, body), { cpus: `${n}` }, 20_000);
      assert.deepEqual(outcome, powerOff);
      assert.equal(counter, times, 'one goes on each time');
    }),
    { numRuns },
  );
});

test('H_CEDE sleeps until a prod, one for each: a token goes around', async () => {
  await fc.assert(
    fc.asyncProperty(cpus, fc.integer({ min: 1, max: 40 }), async (n, times) => {
      const next = `
        addi r4, r13, 1
        cmpwi r4, ${n}
        bne 7f
        li r4, 0
7:      li r3, H_PROD
        sc 1`;
      const body = `
        li r15, ${times}
        cmpwi r13, 0
        bne 2f
1:      ${next}
2:      li r3, H_CEDE
        sc 1
        li r10, counter
        bl more
        cmpwi r13, 0
        beq 4f
        ${next}
4:      subi r15, r15, 1
        cmpwi r15, 0
        beq finish
        cmpwi r13, 0
        beq 1b
        b 2b`;
      const { outcome, counter } = await live(frame(n, body), { cpus: `${n}` }, 40_000);
      assert.deepEqual(outcome, powerOff);
      assert.equal(counter, n * times);
    }),
    { numRuns },
  );
});

test('doorbells of a core: a token goes around its threads, each asleep in H_CEDE', async () => {
  for (const [cpu, threads] of [
    ['power8', 8],
    ['power9', 4],
    ['power9', 8],
  ] as const) {
    const times = 50;
    // A message: type 5, and the thread's number in the core.
    const send = `
        addi r4, r13, 1
        andi. r4, r4, ${threads - 1}
        oris r4, r4, 0x2800
        msgsndp r4`;
    const body = `
        li r20, 0
        li r15, 0
        cmpwi r13, 0
        bne 2f
1:      ${send}
2:      li r3, H_CEDE
        sc 1
        cmpw r20, r15
        beq 2b
        addi r15, r15, 1
        li r10, counter
        bl more
        cmpwi r13, 0
        beq 4f
        ${send}
4:      cmpwi r15, ${times}
        beq finish
        cmpwi r13, 0
        beq 1b
        b 2b`;
    const shape = { cpu, cpus: `${threads}`, threads: `${threads}` };
    const { outcome, counter } = await live(frame(threads, body), shape, 40_000);
    assert.deepEqual(outcome, powerOff, `${cpu}, ${threads} threads`);
    assert.equal(counter, threads * times);
  }
});

test('vCPUs stop themselves and are started again, over and over', async () => {
  await fc.assert(
    fc.asyncProperty(cpus, fc.integer({ min: 1, max: 20 }), async (n, times) => {
      // vCPU 0 starts each other one as soon as it has stopped; the others count and stop.
      const body = `
        cmpwi r13, 0
        beq 1f
        li r10, counter
        bl more
        li r4, stop
        bl rtas
        b .
1:      li r15, ${times}
2:      li r14, 1
3:      li r4, cells
        lis r5, 0
        ori r5, r5, 0x2005
        stw r5, 0(r4)
        li r5, 1
        stw r5, 4(r4)
        li r5, 2
        stw r5, 8(r4)
        stw r14, 12(r4)
        bl rtas
        lwz r5, 20(r4)
        cmpwi r5, 0
        beq 4f
        li r3, H_CONFER
        li r4, -1
        sc 1
        b 3b
4:      lis r5, 0
        ori r5, r5, 0x2006
        stw r5, 0(r4)
        li r5, 3
        stw r5, 4(r4)
        li r5, 1
        stw r5, 8(r4)
        li r5, enter
        stw r5, 16(r4)
        stw r14, 20(r4)
        bl rtas
        lwz r5, 24(r4)
        cmpwi r5, 0
        bne .
        addi r14, r14, 1
        cmpwi r14, ${n}
        blt 3b
        subi r15, r15, 1
        cmpwi r15, 0
        bne 2b
        # Until the last have counted.
        li r10, counter
5:      lwz r11, 0(r10)
        cmpwi r11, ${(n - 1) * (times + 1)}
        bge 6f
        li r3, H_CONFER
        li r4, -1
        sc 1
        b 5b
6:      li r10, done
        li r11, ${n - 1}
        stw r11, 0(r10)
        b finish`;
      const { outcome, counter } = await live(frame(n, body), { cpus: `${n}` }, 40_000);
      assert.deepEqual(outcome, powerOff);
      assert.equal(counter, (n - 1) * (times + 1));
    }),
    { numRuns },
  );
});

test('a decrementer that expires while the scheduler looks at others ends the sleep of the only vCPU that is not stopped', async () => {
  // vCPU 0 sleeps 300 times for some microseconds; each look at the clock takes 100 ns.
  const body = `
        cmpwi r13, 0
        beq 1f
        li r10, done
        bl more
        li r4, stop
        bl rtas
        b .
1:      li r15, 300
2:      li r4, 1000
        mtspr 22, r4
        li r3, H_CEDE
        sc 1
        subi r15, r15, 1
        cmpwi r15, 0
        bne 2b
        b finish`;
  let now = 0;
  const { outcome } = await live(frame(16, body), { cpus: '16' }, 100_000, () => (now += 100));
  assert.deepEqual(outcome, powerOff);
});
