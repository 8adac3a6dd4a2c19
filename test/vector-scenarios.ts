// Where running guests are taken by interrupts and system calls, by guests of a few instructions: what scenarios 17, 18, 20
// and 26 to 29 of the guest environment's specification say of that.
import assert from 'node:assert/strict';
import { load64, runGuest, setAil, userWindow, withTranslation } from './scripted-guest.ts';

const sf = 1n << 63n;
const ee = 0x8000n;
const pr = 0x4000n;
const translated = 0x30n;
const ri = 0x2n;

/** Goes on at the next instruction (in the window `at`) with this MSR. */
export const withMsr = (msr: bigint, at = 0): string => `
        ${load64('r3', msr)}
        mtspr 27, r3
        bl 1f
1:      mflr r3
        addi r3, r3, 20
        oris r3, r3, ${at >>> 16}
        mtspr 26, r3
        rfid
`;

/** Lets the decrementer run out under this MSR. */
export const decrementer = (msr: bigint): string => `li r3, 1\n mtdec r3\n ${withMsr(msr)} b .\n`;

/** Sets FSCR, then executes one instruction in problem state with EE and translation on. */
export const inProblemState = (fscr: bigint, instruction: string): string => `
        ${load64('r3', fscr)}
        mtspr 153, r3
        ${withMsr(sf | ee | pr | translated | ri, userWindow)}
        ${instruction}
        b .
`;

/** AIL 3 takes the decrementer of a POWER10 to 0xC000000000004900 with translation on. */
async function scenario17(): Promise<void> {
  const guest = await runGuest(withTranslation + setAil(3) + decrementer(sf | ee | translated | ri), {
    request: { cpu: 'power10', cpus: '2' },
  });
  const { vector, msr, srr1 } = guest.arrival();
  assert.equal(vector, 0xc000_0000_0000_4900n);
  assert.equal(msr & (translated | ee), translated);
  assert.equal(srr1 & (translated | ee), translated | ee);
}

/** With translation off AIL 3 changes nothing. */
async function scenario18(): Promise<void> {
  const guest = await runGuest(withTranslation + setAil(3) + decrementer(sf | ee | ri), {
    request: { cpu: 'power10' },
  });
  const { vector, msr } = guest.arrival();
  assert.equal(vector, 0x900n);
  assert.equal(msr & translated, 0n);
}

/** AIL 2 takes the decrementer of a POWER9 to 0x18900 and scv 1 to 0x17020. */
async function scenario20(): Promise<void> {
  const request = { cpu: 'power9', 'cap-ail-mode-2': 'on' };
  const timer = await runGuest(withTranslation + setAil(2) + decrementer(sf | ee | translated | ri), { request });
  assert.equal(timer.arrival().vector, 0x1_8900n);
  assert.equal(timer.arrival().msr & translated, translated);
  const call = await runGuest(withTranslation + setAil(2) + inProblemState(0x1000n, 'scv 1'), { request });
  assert.equal(call.arrival().vector, 0x1_7020n);
  assert.equal(call.arrival().msr & translated, translated);
}

/** Under KVM PR a guest that enables scv does not get it. */
async function scenario26(): Promise<void> {
  const pr518 = {
    host: 'power9-pr-5.18',
    request: {
      'cap-ail-mode-3': 'off',
      'cap-fwnmi': 'off',
      'cap-large-decr': 'off',
      'mmu-offer': 'hash',
    },
  };
  const guest = `${load64('r3', 0x1000n)} mtspr 153, r3\n scv 0\n b .\n`;
  const { vector, fscr } = (await runGuest(guest, pr518)).arrival();
  assert.equal(vector, 0xf60n);
  assert.equal(fscr, 0x0c00_0000_0000_0000n);
  const engine = (await runGuest(guest, { request: pr518.request })).arrival();
  assert.equal(engine.vector, 0x1_7000n, 'the same guest without that limit');
}

/** Scv 5 with AIL 3 arrives at 0xC0000000000030A0 with EE kept, LR and CTR set, SRR0 and SRR1 kept. */
async function scenario27(): Promise<void> {
  const guest = await runGuest(withTranslation + setAil(3) + inProblemState(0x1000n, 'scv 5'));
  const { vector, msr, lr, ctr, srr0, srr1 } = guest.arrival();
  assert.equal(vector, 0xc000_0000_0000_30a0n);
  assert.equal(msr & (ee | pr | translated | ri | sf), ee | translated | ri | sf);
  // The interrupt writes neither: they are still those of the rfid that went to problem state.
  assert.equal(srr1, sf | ee | pr | translated | ri);
  assert.equal(lr, srr0 + 4n);
  assert.equal(ctr & (ee | pr | translated | ri | sf), sf | ee | pr | translated | ri);
}

/** Scv without FSCR[SCV] gives 0xF60 and replaces the cause of an earlier one. */
async function scenario28(): Promise<void> {
  const guest = await runGuest(withTranslation + setAil(3) + inProblemState(0x0800_0000_0000_0000n, 'scv 5'));
  const { vector, fscr, srr0, srr1 } = guest.arrival();
  assert.equal(vector, 0xc000_0000_0000_4f60n);
  assert.equal(fscr, 0x0c00_0000_0000_0000n);
  assert.equal(srr0 >> 30n, 1n, 'the scv itself, in the window of problem state');
  assert.equal(srr1 & pr, pr);
}

/** A POWER8 has no scv. */
async function scenario29(): Promise<void> {
  const { vector, srr1 } = (await runGuest('scv 0\n b .\n', { request: { cpu: 'power8' } })).arrival();
  assert.equal(vector, 0x700n);
  assert.notEqual(srr1 & 0x8_0000n, 0n, 'illegal instruction');
}

/** What running guests see, by number of the scenario. */
export const vectorScenarios: ReadonlyMap<number, () => Promise<void>> = new Map([
  [17, scenario17],
  [18, scenario18],
  [20, scenario20],
  [26, scenario26],
  [27, scenario27],
  [28, scenario28],
  [29, scenario29],
]);
