// What running guests find of interrupt controllers, levels and a host's answers: what scenarios 25, 31 to 35 and 41 to 46 of the
// guest environment's specification say of that, by guests of a few instructions on the modelled host.
import assert from 'node:assert/strict';
import type { Request } from '../src/environment/index.ts';
import { type GuestSetting, load64, negotiate, runGuest } from './scripted-guest.ts';

/** Prints a character. */
const say = (character: string): string => `li r6, '${character}'\n bl print\n`;

/** H_SET_MODE; prints the status in hexadecimal. */
const setMode = (mflags: number, value1 = 0): string =>
  `li r3, H_SET_MODE\n li r4, ${mflags}\n li r5, 3\n li r6, ${value1}\n li r7, 0\n sc 1\n mr r6, r3\n bl hex\n`;

/**
 * Restarts the machine until it has run `lives` times: a byte of the NVRAM counts them. `body` is done in each life, and
 * `firstOnly` in the first one.
 */
const inLives = (lives: number, firstOnly: string, body: string): string => `
        li r3, 0
        ori r3, r3, 0xf000
        li r4, load
        sc 1
        lis r9, 0
        ori r9, r9, 0x9000
        lbz r31, 0(r9)
        addi r31, r31, 1
        stb r31, 0(r9)
        li r3, 0
        ori r3, r3, 0xf000
        li r4, save
        sc 1
        ${body}
        cmpwi r31, 1
        bne 7f
        ${firstOnly}
7:      cmpwi r31, ${lives}
        blt 8f
        bl off
8:      bl reboot
load:   .long 0x2012, 3, 2, 0, 0x9000, 1, 0, 0
save:   .long 0x2013, 3, 2, 0, 0x9000, 1, 0, 0
`;

const powerOff = { kind: 'power-off' } as const;

const pr: Request = { 'cap-ail-mode-3': 'off', 'cap-fwnmi': 'off' };
const power9Pr: Request = { ...pr, 'cap-large-decr': 'off', 'mmu-offer': 'hash' };
const noxive: GuestSetting = {
  host: 'power9-hv-4.14-noxive',
  request: {
    'cap-cfpc': 'broken',
    'cap-sbbc': 'broken',
    'cap-ibs': 'broken',
    'cap-ccf-assist': 'off',
    'cap-ail-mode-3': 'off',
    'ic-mode': 'dual',
  },
};

/** KVM PR answers −319 to every mode but 0, whatever the other arguments; a guest that asks for scv then runs without. */
async function scenario25(): Promise<void> {
  const asks = [3, 1, 0].map((mflags) => setMode(mflags)).join('') + setMode(0, 1);
  const clears = `cmpdi r3, 0\n ${load64('r3', 0n)} mtspr 153, r3\n scv 0\n b .\n`;
  const { output } = await runGuest(asks + clears, { host: 'power9-pr-5.18', request: power9Pr });
  const [three, one, zero, values, vector, ...rest] = output.trim().split(' ');
  const minus319 = 'fffffffffffffec1';
  assert.deepEqual([three, one, zero, values], [minus319, minus319, '0'.repeat(16), '0'.repeat(16)]);
  assert.equal(vector, '0000000000000f60');
  assert.equal(rest.at(-1), '0c00000000000000', 'FSCR');
}

/** A hypercall without arguments that matter; prints its status. */
const ask = (number: number): string =>
  `li r3, ${number}\n li r4, 0\n li r5, 0\n li r6, 0\n sc 1\n mr r6, r3\n bl hex\n`;
const hCppr = 0x68;
const hIntGetQueueInfo = 0x3b4;

/** XICS until the guest negotiates, then XIVE, and XICS again after a reset. */
async function scenario31(): Promise<void> {
  const both = ask(hCppr) + ask(hIntGetQueueInfo);
  const { outcome, output, statistics } = await runGuest(inLives(2, negotiate + both, both));
  assert.deepEqual(outcome, powerOff);
  const statuses = output
    .trim()
    .split(' ')
    .map((word) => BigInt.asIntN(64, BigInt(`0x${word}`)));
  const [success, hardware, noFunction] = [0n, -1n, -2n];
  assert.deepEqual(statuses, [success, noFunction, hardware, success, success, noFunction]);
  assert.deepEqual([statistics.host.controller, statistics.host.warnings], ['emulated', []]);
}

/** In-kernel XICS, XIVE after each negotiation, XICS after each reset: one device at a time, however often. */
async function scenario32(): Promise<void> {
  const lives = 101;
  const { outcome, statistics } = await runGuest(inLives(lives, '', negotiate), { host: 'power9-hv-6.1' });
  assert.deepEqual(outcome, powerOff);
  const { holdings, controller, warnings } = statistics.host;
  assert.deepEqual([holdings.device, controller, warnings], ['xive', 'kernel', []]);
  assert.deepEqual(holdings.mappings, ['ESB', 'TIMA']);
  assert.deepEqual([holdings.presenters, holdings.tokens], [[0], []]);
  const after = await runGuest(inLives(2, negotiate, ''), { host: 'power9-hv-6.1' });
  const { device, tokens, mappings } = after.statistics.host.holdings;
  assert.deepEqual([device, tokens.length, mappings], ['xics', 4, []], 'after a reset');
}

/** kernel-irqchip=off: nothing of the kernel is ever used, without a word. */
async function scenario33(): Promise<void> {
  const { outcome, statistics } = await runGuest(`${negotiate} bl off\n`, {
    host: 'power9-hv-5.15',
    request: { 'cap-ail-mode-3': 'off', 'ic-mode': 'dual' },
    constraints: { 'kernel-irqchip': 'off' },
  });
  assert.deepEqual(outcome, powerOff);
  assert.deepEqual([statistics.host.controller, statistics.host.holdings.device], ['emulated', undefined]);
  assert.deepEqual(statistics.host.warnings, []);
}

/** The same on a kernel without XIVE: the guest has XIVE all the same, not XICS. */
async function scenario34(): Promise<void> {
  const { outcome, output, statistics } = await runGuest(`${negotiate}${ask(hIntGetQueueInfo)} bl off\n`, {
    ...noxive,
    constraints: { 'kernel-irqchip': 'off' },
  });
  assert.deepEqual(outcome, powerOff);
  assert.equal(output, `${'0'.repeat(16)} `);
  assert.deepEqual([statistics.host.controller, statistics.host.warnings], ['emulated', []]);
}

/** A guest that asks for XIVE where it is told that there is none stops the machine. */
async function scenario41(): Promise<void> {
  const { outcome } = await runGuest(`${negotiate} bl off\n`, { request: { machine: 'pseries-4.0' } });
  assert.equal(outcome.kind, 'guest-panic');
  assert.match(JSON.stringify(outcome), /E_CAS_IC\b/);
}

/** A guest that does not ask for XIVE where there is nothing else stops the machine, too. */
async function scenario42(): Promise<void> {
  const { outcome } = await runGuest(`${negotiate} bl off\n`, { request: { 'ic-mode': 'xive' }, wish: { xive: 0 } });
  assert.equal(outcome.kind, 'guest-panic');
  assert.match(JSON.stringify(outcome), /E_CAS_IC\b/);
}

/** A kernel that cannot create XICS again: emulated XIVE after CAS, emulated XICS after a reset, one warning. */
async function scenario35(): Promise<void> {
  const { outcome, output, statistics } = await runGuest(inLives(3, negotiate, say('b')), noxive);
  assert.deepEqual(outcome, powerOff);
  assert.equal(output, 'bbb');
  const { controller, holdings, warnings } = statistics.host;
  assert.deepEqual([controller, holdings.device], ['emulated', undefined]);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['W_IRQCHIP_FALLBACK'],
  );
  const boot = await runGuest('bl off\n', noxive);
  assert.equal(boot.statistics.host.controller, 'kernel', 'XICS at boot');
  const negotiated = await runGuest(`${negotiate} bl off\n`, noxive);
  assert.equal(negotiated.statistics.host.controller, 'emulated', 'XIVE, of which the start has warned');
  assert.deepEqual(negotiated.statistics.host.warnings, []);
}

/** The third vCPU cannot be connected: the guest has XIVE all the same, and nothing of the kernel is left. */
async function scenario43(): Promise<void> {
  let connects = 0;
  const setting: GuestSetting = {
    host: 'power9-hv-6.1',
    request: { cpus: '4' },
    hostParts: {
      // The first four are those of XICS at boot.
      hostFault: (step) => step.startsWith('connect') && ++connects === 7,
    },
  };
  const { outcome, statistics } = await runGuest(`${negotiate} bl off\n`, setting);
  assert.deepEqual(outcome, powerOff);
  const { controller, holdings, warnings } = statistics.host;
  assert.equal(controller, 'emulated');
  assert.deepEqual(holdings, {
    device: undefined,
    presenters: [],
    sources: [],
    tokens: [],
    mappings: [],
    flags: [],
  });
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['W_IRQCHIP_FALLBACK'],
  );
  connects = 0;
  const strict = await runGuest(`${negotiate} bl off\n`, { ...setting, constraints: { 'kernel-irqchip': 'on' } });
  assert.equal(strict.outcome.kind, 'guest-panic');
  assert.match(JSON.stringify(strict.outcome), /E_IRQCHIP_XIVE/);
}

/** A host without the register: no write at start, and a guest that knows the real CPU goes on without a level. */
async function scenario44(): Promise<void> {
  const host = 'power8-pr-5.10';
  const quiet = await runGuest(inLives(2, '', ''), { host, request: { ...pr, cpu: 'power8' } });
  assert.deepEqual(quiet.outcome, powerOff);
  assert.equal(quiet.statistics.host.levelWrites, 0);
  const old = { xive: 0, mmu: 0, gtse: 0 };
  const raw = await runGuest(`${negotiate} bl off\n`, { host, request: { ...pr, cpu: 'power8' }, wish: old });
  assert.deepEqual(raw.outcome, powerOff);
  assert.deepEqual(
    raw.statistics.host.warnings.map(({ code }) => code),
    ['W_PR_APPROX'],
  );
  const levelOnly = { ...old, pvrs: [[0xffff_ffff, 0x0f00_0004] as const, [0xffff_fffe, 0x0f00_0001] as const] };
  const failed = await runGuest(`${negotiate} bl off\n`, { host, request: { ...pr, cpu: 'power8' }, wish: levelOnly });
  assert.equal(failed.output, `${'f'.repeat(16)} `, 'H_HARDWARE');
}

/** A register that is accepted and has no effect is written at the first start and never again. */
async function scenario45(): Promise<void> {
  const request = { ...pr, cpu: 'power8', 'max-cpu-compat': 'power8', cpus: '2' };
  const { outcome, statistics } = await runGuest(inLives(3, '', ''), { host: 'pr-compat-ignore', request });
  assert.deepEqual(outcome, powerOff);
  assert.equal(statistics.host.levelWrites, 2);
}

/** One write for each vCPU when the level changes, none when it does not. */
async function scenario46(): Promise<void> {
  const wish = { pvrs: [[0xffff_ffff, 0x0f00_0004] as const, [0xffff_fffe, 0x0f00_0001] as const], xive: 0, mmu: 0 };
  const setting: GuestSetting = { host: 'power9-hv-6.1', request: { cpus: '3' }, wish };
  const writes = async (lives: number): Promise<number> =>
    (await runGuest(inLives(lives, negotiate, ''), setting)).statistics.host.levelWrites;
  assert.deepEqual([await writes(1), await writes(2), await writes(3)], [3, 6, 6]);
}

/** What running guests find, by number of the scenario. */
export const hostScenarios: ReadonlyMap<number, () => Promise<void>> = new Map([
  [25, scenario25],
  [31, scenario31],
  [32, scenario32],
  [33, scenario33],
  [34, scenario34],
  [35, scenario35],
  [41, scenario41],
  [42, scenario42],
  [43, scenario43],
  [44, scenario44],
  [45, scenario45],
  [46, scenario46],
]);
