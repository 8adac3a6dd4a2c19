// What running guests find of H_SET_MODE and of compatibility levels: what scenarios 19, 22, 23, 30 and 47 to 49 of the guest
// environment's specification say of that, by guests of a few instructions.
import assert from 'node:assert/strict';
import { differences, show } from './guests/compare.ts';
import type { Guest } from './guests/guest-case.ts';
import { guestImage, hasFscr } from './guests/image.ts';
import { levelGuest } from './guests/levels.ts';
import { runOnContinuo } from './guests/run-continuo.ts';
import { prHostGuest } from './guests/set-mode.ts';
import { type GuestSetting, runGuest, withTranslation } from './scripted-guest.ts';
import { decrementer, inProblemState } from './vector-scenarios.ts';

const translated = 0x8000_0000_0000_8032n;

/** Calls H_SET_MODE and prints its status. */
const setMode = (mflags: number, resource: number, value1 = 0, value2 = 0): string => `
        li r3, H_SET_MODE
        li r4, ${mflags}
        li r5, ${resource}
        li r6, ${value1}
        li r7, ${value2}
        sc 1
        mr r6, r3
        bl hex
`;

const wordsOf = (output: string): bigint[] =>
  output
    .trim()
    .split(' ')
    .map((word) => BigInt.asIntN(64, BigInt(`0x${word}`)));

/** Runs a guest of test/guests: everything is as the model says. */
async function asModelled(guest: Guest): Promise<void> {
  const { elf, addresses } = guestImage(guest, hasFscr(guest));
  const { records, complete } = await runOnContinuo(guest, elf);
  assert.deepEqual(differences(guest, records, (i) => guest.cases[i]?.expect(addresses[i] ?? 0n)).map(show), []);
  assert.ok(complete);
}

/** Without the capability mode 3 is refused and changes nothing: a decrementer arrives at 0x900, in real mode. */
async function scenario19(): Promise<void> {
  const request = { cpu: 'power10', 'cap-ail-mode-3': 'off' };
  const guest = `${withTranslation}${setMode(3, 3)}${setMode(0, 3)}${setMode(3, 3)}${decrementer(translated)}`;
  const { output } = await runGuest(guest, { request });
  const [three, zero, again, vector, msr = 0n] = wordsOf(output);
  assert.deepEqual([three, zero, again, vector], [-256n, 0n, -256n, 0x900n]);
  assert.equal(msr & 0x30n, 0n);
}

/** Wrong arguments by their numbers, an unknown resource, a reserved mode; the mode in force stays. */
async function scenario22(): Promise<void> {
  const calls = setMode(3, 3) + setMode(3, 3, 1) + setMode(3, 3, 0, 1) + setMode(0, 9) + setMode(1, 3);
  const { output } = await runGuest(`${withTranslation}${calls}${decrementer(translated)}`);
  const [set, value1, value2, resource, reserved, vector] = wordsOf(output);
  assert.deepEqual([set, value1, value2, resource, reserved], [0n, -56n, -57n, -55n, -256n]);
  assert.equal(BigInt.asUintN(64, vector ?? 0n), 0xc000_0000_0000_4900n);
}

/** On a kernel without the capability, started with it off, the guest is told the truth. */
async function scenario23(): Promise<void> {
  const { output } = await runGuest(`${setMode(3, 3)}${setMode(0, 3)} bl off\n`, {
    host: 'power9-hv-5.15',
    request: { 'cap-ail-mode-3': 'off' },
  });
  assert.deepEqual(wordsOf(output), [-256n, 0n]);
}

/** A guest that is a PR host turns AIL off and on again, on all its vCPUs. */
const scenario30 = (): Promise<void> => asModelled(prHostGuest('power9'));

const real = [0xffff_0000, 0x004e_0000] as const;
const end = [0xffff_fffe, 0x0f00_0001] as const;
const level = (pvr: number) => [0xffff_ffff, pvr] as const;
/** modsw is of ISA 3.0; the trap behind it tells that it was executed. */
const newInstruction = inProblemState(0n, 'modsw r3, r4, r5\n trap');

/** A guest that lists the real CPU and its level runs at the level, which takes nothing away. */
async function scenario47(): Promise<void> {
  const wish = { pvrs: [real, level(0x0f00_0004), level(0x0f00_0005), end] };
  const { vector, srr1 } = (await runGuest(withTranslation + newInstruction, { wish })).arrival();
  assert.deepEqual([vector, srr1 & 0xe_0000n], [0x700n, 0x2_0000n]);
}

/** A guest that knows no level gets none where one is asked for, and the CPU as it is otherwise. */
async function scenario48(): Promise<void> {
  const wish: GuestSetting['wish'] = { pvrs: [real, end] };
  const request = { cpu: 'power9', 'max-cpu-compat': 'power9' };
  const { output } = await runGuest(`${withTranslation} bl off\n`, { request, wish });
  assert.deepEqual(wordsOf(output), [-1n], 'H_HARDWARE');
  const { vector, srr1 } = (await runGuest(withTranslation + newInstruction, { wish })).arrival();
  assert.deepEqual([vector, srr1 & 0xe_0000n], [0x700n, 0x2_0000n]);
}

/** A POWER8 as POWER7+: problem state has neither ISA 2.07 nor transactional memory, supervisor state has both. */
const scenario49 = (): Promise<void> => asModelled(levelGuest('power8', 'power7+', 206));

/** What running guests find, by number of the scenario. */
export const modeScenarios: ReadonlyMap<number, () => Promise<void>> = new Map([
  [19, scenario19],
  [22, scenario22],
  [23, scenario23],
  [30, scenario30],
  [47, scenario47],
  [48, scenario48],
  [49, scenario49],
]);
