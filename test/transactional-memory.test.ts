// Transactional memory where every transaction fails at once: POWER8 and POWER9 have the facility, others have not (Power ISA
// v2.07 Book II, chapter 5, Book III-S, sections 3.2.2 and 6.5.9).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Arrival, load64, runGuest, withHashTranslation, withMsr } from './scripted-guest.ts';

const tm = 1n << 32n;
const ts = 3n << 33n;
const suspended = 1n << 33n;
/** SF, ME, RI and the facilities, in supervisor state with real addresses. */
const supervisor = 0x8000_0000_0280_3002n;
const problem = supervisor | 0x4030n;
const failureSummary = 1n << 27n;
const badThing = 0x20_0000n;

const mtmsrd = (msr: bigint): string => `${load64('r3', msr)} mtmsrd r3\n`;
const enabled = mtmsrd(supervisor | tm);

const report = (register: string): string => `mtctr ${register}\n sc\n`;

async function arrival(source: string, cpu = 'power9'): Promise<Arrival> {
  return (await runGuest(source, { request: { cpu } })).arrival();
}
/** What CTR holds when the guest has come to its `sc`. */
async function result(source: string, cpu = 'power9'): Promise<bigint> {
  const { vector, ctr } = await arrival(source, cpu);
  assert.equal(vector, 0xc00n);
  return ctr;
}

const instructions = [
  'tbegin. 0',
  'tend. 0',
  'tcheck 1',
  'tsr. 0',
  'tabort. r3',
  'tabortwc. 4, r3, r4',
  'tabortdc. 4, r3, r4',
  'tabortwci. 4, r3, 1',
  'tabortdci. 4, r3, 1',
  'treclaim. r3',
  'trechkpt.',
  'mfspr r3, 128',
  'mfspr r3, 129',
  'mtspr 130, r3',
  'mfspr r3, 131',
];

test('without MSR[TM] each instruction and register is unavailable, on the CPUs that have them', async () => {
  for (const cpu of ['power8', 'power9']) {
    for (const instruction of instructions) {
      const { vector, fscr } = await arrival(`${instruction}\n b .`, cpu);
      assert.deepEqual([vector, fscr >> 56n], [0xf60n, 5n], `${cpu}: ${instruction}`);
    }
  }
});

test('CPUs without the facility have neither the instructions nor MSR[TM]', async () => {
  for (const cpu of ['power7', 'power10', 'power11']) {
    for (const instruction of instructions) {
      if (instruction.includes('spr')) continue;
      const { vector, srr1 } = await arrival(`${enabled} ${instruction}\n b .`, cpu);
      assert.deepEqual([vector, srr1 & 0x8_0000n, srr1 & tm], [0x700n, 0x8_0000n, 0n], `${cpu}: ${instruction}`);
    }
    assert.equal(await result(`${enabled} mfmsr r3\n ${report('r3')}`, cpu), supervisor);
  }
});

test('MSR[TM] can be set, and an interrupt clears it and keeps it in SRR1', async () => {
  for (const cpu of ['power8', 'power9']) {
    const { vector, msr, srr1 } = await arrival(`${enabled} sc`, cpu);
    assert.deepEqual([vector, msr & (tm | ts), srr1 & (tm | ts)], [0xc00n, 0n, tm]);
  }
});

test('tbegin. fails: CR0, TFHAR, TFIAR and TEXASR say so', async () => {
  const begin = `${enabled} li r4, -1\n mtcrf 255, r4\n bl 2f\n2: mflr r5\n tbegin. 0\n`;
  assert.equal((await result(`${begin} mfcr r3\n ${report('r3')}`)) >> 28n, 0b1010n);
  assert.equal(await result(`${begin} mfspr r3, 128\n subf r3, r5, r3\n ${report('r3')}`), 8n);
  assert.equal(await result(`${begin} mfspr r3, 129\n subf r3, r5, r3\n ${report('r3')}`), 4n);
  const texasr = (1n << 56n) | (1n << 54n) | failureSummary | (1n << 26n);
  assert.equal(await result(`${begin} mfspr r3, 130\n ${report('r3')}`), texasr);
  assert.equal(await result(`${begin} mfspr r3, 131\n ${report('r3')}`), texasr >> 32n);
  // In problem state with its own bit, and for a rollback-only one.
  const user = `${withHashTranslation} ${withMsr(problem | tm)} tbegin. 1\n mfspr r3, 130\n ${report('r3')}`;
  assert.equal(await result(user), texasr | (1n << 28n) | (1n << 25n));
});

test('outside a transaction the others do nothing but set CR0', async () => {
  const crAfter = async (instruction: string) =>
    result(`${enabled} li r4, -1\n mtcrf 255, r4\n li r3, 3\n li r4, 4\n ${instruction}\n mfcr r3\n ${report('r3')}`);
  for (const instruction of instructions.slice(1, 9)) {
    const expected = instruction === 'tcheck 1' ? 0xf8ff_ffffn : 0x0fff_ffffn;
    assert.equal(await crAfter(instruction), expected, instruction);
  }
});

test('treclaim. outside a transaction and trechkpt. without a recorded failure are bad things', async () => {
  for (const instruction of ['treclaim. r3', 'trechkpt.']) {
    const { vector, srr1 } = await arrival(`${enabled} li r3, 0\n mtspr 130, r3\n ${instruction}\n b .`);
    assert.deepEqual([vector, srr1 & 0x3f_0000n], [0x700n, badThing], instruction);
    const user = await arrival(`${withHashTranslation} ${withMsr(problem | tm)} ${instruction}\n b .`);
    assert.deepEqual([user.vector, user.srr1 & 0x3f_0000n], [0x700n, 0x4_0000n], instruction);
  }
});

/** Suspended state, made from a failure: r14 and CR 2 are checkpointed as 77 and 5. */
const checkpointed = `
        ${enabled}
        tbegin. 0
        li r14, 77
        lis r3, 0x50
        mtcrf 0x20, r3
        trechkpt.
        li r14, 88
        li r3, 0
        mtcrf 0x20, r3
`;

test('trechkpt. suspends, and treclaim. brings back the checkpointed registers', async () => {
  assert.equal((await result(`${checkpointed} mfmsr r3\n ${report('r3')}`)) & (ts | tm), suspended | tm);
  assert.equal(await result(`${checkpointed} ${report('r14')}`), 88n);
  assert.equal(await result(`${checkpointed} treclaim. r14\n ${report('r14')}`), 77n);
  // CR0 tells the state before: 0 || TS || 0.
  assert.equal(await result(`${checkpointed} treclaim. r14\n mfcr r3\n srdi r3, r3, 20\n ${report('r3')}`), 0x205n);
  assert.equal((await result(`${checkpointed} treclaim. r14\n mfmsr r3\n ${report('r3')}`)) & (ts | tm), tm);
});

test('an interrupt leaves the transaction suspended, and a handler that knows nothing of it returns there', async () => {
  const { msr, srr1 } = await arrival(`${checkpointed} sc`);
  assert.deepEqual([msr & (ts | tm), srr1 & (ts | tm)], [suspended, suspended | tm]);
  // Without MSR[TM] on either side, Suspended state stays.
  const kept = `${checkpointed} ${mtmsrd(supervisor | suspended)} ${withMsr(supervisor)} mfmsr r3\n ${report('r3')}`;
  assert.equal((await result(kept)) & (ts | tm), suspended);
});

test('resuming rolls back to the failure handler', async () => {
  // The failure handler is behind tbegin.: r15 counts how often control comes there.
  const resumed = (how: string, register: string) => `
        ${enabled}
        li r15, 0
        li r14, 77
        li r17, 8
        tbegin. 0
        mfcr r16
        cmpdi r15, 1
        addi r15, r15, 0
        beq 3f
        # The checkpoint is to hold 1 in r15, so that the second arrival ends.
        li r15, 1
        li r14, 78
        trechkpt.
        li r14, 79
        ${how}
        li r14, 80
3:      ${report(register)}
`;
  const byRfid = `${load64('r3', supervisor | tm | (2n << 33n))} mtspr 27, r3\n li r3, 0\n mtspr 26, r3\n rfid\n`;
  for (const how of ['tsr. 1', byRfid, mtmsrd(supervisor | tm | (2n << 33n))]) {
    assert.equal(await result(resumed(how, 'r14')), 78n, how);
    assert.equal((await result(resumed(how, 'r16'))) >> 28n, 0b1010n, how);
    const { srr1 } = await arrival(resumed(how, 'r14'));
    assert.equal(srr1 & (ts | tm), tm);
  }
});

test('transitions that must not be are bad things, with SRR0 at the instruction', async () => {
  const transactional = 2n << 33n;
  const badTransitions: readonly (readonly [from: string, to: bigint])[] = [
    [enabled, tm | transactional],
    [enabled, tm | suspended],
    [enabled, tm | ts],
    [checkpointed, tm],
    [checkpointed, tm | ts],
  ];
  for (const [from, to] of badTransitions) {
    const byMtmsrd = await arrival(
      `${from} ${load64('r3', supervisor | to)} bl 4f\n4: mflr r20\n mtctr r20\n mtmsrd r3\n b .`,
    );
    assert.deepEqual([byMtmsrd.vector, byMtmsrd.srr1 & 0x3f_0000n], [0x700n, badThing]);
    assert.equal(byMtmsrd.srr0, byMtmsrd.ctr + 8n);
    const byRfid = await arrival(
      `${from} ${load64('r3', supervisor | to)} mtspr 27, r3\n bl 4f\n4: mflr r20\n mtctr r20\n rfid\n b .`,
    );
    assert.deepEqual([byRfid.vector, byRfid.srr1 & 0x3f_0000n], [0x700n, badThing]);
    assert.equal(byRfid.srr0, byRfid.ctr + 8n);
  }
});

test('in Suspended state tend. and writes of the registers are bad things, tbegin. only sets CR0', async () => {
  for (const instruction of ['tend. 0', 'mtspr 128, r3', 'mtspr 130, r3', 'trechkpt.']) {
    const { vector, srr1 } = await arrival(`${checkpointed} ${instruction}\n b .`);
    assert.deepEqual([vector, srr1 & 0x3f_0000n], [0x700n, badThing], instruction);
  }
  assert.equal((await result(`${checkpointed} tbegin. 0\n mfcr r3\n ${report('r3')}`)) >> 28n, 0b0010n);
  assert.equal((await result(`${checkpointed} tcheck 0\n mfcr r3\n ${report('r3')}`)) >> 28n, 0b1010n);
});

test('at the level of a POWER7 problem state has none of it, and supervisor state all', async () => {
  for (const instruction of ['tbegin. 0', 'mfspr r3, 128']) {
    const at = async (source: string) =>
      (await runGuest(source, { request: { cpu: 'power8', 'max-cpu-compat': 'power7' } })).arrival();
    const user = await at(`${withHashTranslation} ${withMsr(problem | tm)} ${instruction}\n b .`);
    assert.deepEqual([user.vector, user.srr1 & 0x3f_0000n], [0x700n, 0x8_0000n], instruction);
    assert.equal((await at(`${enabled} ${instruction}\n sc`)).vector, 0xc00n, instruction);
  }
});
