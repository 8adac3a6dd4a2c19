// Watchpoints and breakpoints that a guest sets with H_SET_MODE are kept: which accesses match, and what the interrupt says
// (Power ISA v3.1 Book III, sections 9.3, 9.4, 7.5.3 and 7.5.14).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load64, runGuest, userWindow, withHashTranslation } from './scripted-guest.ts';

const translated = 0x8000_0000_0280_3032n;
const real = 0x8000_0000_0280_3002n;
const problem = translated | 0x4000n;

const window = BigInt(userWindow);
/** What is watched: an address with nothing of the guest's own around it. */
const place = window + 0x2000n;

// DAWRX.
const [dw, dr, wt, wti, pnh, pro] = [0x40n, 0x20n, 0x10n, 0x08n, 2n, 1n];
const mrd = (doublewords: number): bigint => BigInt(doublewords - 1) << 10n;

const setMode = (resource: number, value1: bigint, value2: bigint): string => `
        li r3, H_SET_MODE
        li r4, 0
        li r5, ${resource}
        ${load64('r6', value1)}
        ${load64('r7', value2)}
        sc 1
        cmpdi r3, 0
        bne fail
`;

/**
 * Goes to the label `go` with an MSR; r2 is the watched address as that state sees it, r1 a mark. A handler at `vector`
 * reports, by sc, DAR in CTR and DSISR in LR; the end of `code` reports zeros.
 */
const trial = (msr: bigint, code: string, vector = 0x300): string => `
        lis r3, 0x4800
        ori r3, r3, handler - ${vector}
        li r4, 0
        stw r3, ${vector}(r4)
        ${load64('r2', msr & 0x10n ? place : place - window)}
        bl 1f
1:      mflr r3
        addi r3, r3, go - 1b
        ${msr & 0x20n ? `oris r3, r3, ${userWindow >>> 16}` : ''}
        mtspr 26, r3
        ${load64('r3', msr)}
        mtspr 27, r3
        li r3, 0
        mtctr r3
        mtlr r3
        rfid
handler:
        mfspr r3, 19
        mtctr r3
        mfspr r3, 18
        mtlr r3
        sc
go:     ${code}
        li r3, 0
        mtctr r3
        mtlr r3
        sc
`;

interface WatchCase {
  readonly name: string;
  /** POWER8, POWER9 and POWER10 unless given. */
  readonly cpus?: readonly string[];
  readonly control: bigint;
  /** Bytes from the watched address; 0 unless given. */
  readonly at?: number;
  readonly msr?: bigint;
  readonly access: string;
  /** Byte of the match, from the watched address; undefined: no match. */
  readonly match?: number;
  readonly isStore?: boolean;
  readonly resource?: number;
}

const all = ['power8', 'power9', 'power10'];
const user = wti | pro;
const cases: readonly WatchCase[] = [
  { name: 'a store', control: user | dw, access: 'std r1, 0(r2)', match: 0, isStore: true },
  { name: 'a store, loads watched', control: user | dr, access: 'std r1, 0(r2)' },
  { name: 'a load', control: user | dr, access: 'ld r1, 0(r2)', match: 0 },
  { name: 'a load, stores watched', control: user | dw, access: 'ld r1, 0(r2)' },
  { name: 'the byte before', control: user | dw, access: 'stb r1, -1(r2)' },
  { name: 'across the start', control: user | dw, access: 'std r1, -4(r2)', match: 0, isStore: true },
  { name: 'the last byte', control: user | dr, access: 'lbz r1, 7(r2)', match: 7 },
  { name: 'the byte behind', control: user | dr, access: 'lbz r1, 8(r2)' },
  { name: 'two doublewords', control: user | dr | mrd(2), access: 'lbz r1, 15(r2)', match: 15 },
  { name: 'behind two doublewords', control: user | dr | mrd(2), access: 'lbz r1, 16(r2)' },
  { name: '64 doublewords', control: user | dr | mrd(64), access: 'lbz r1, 511(r2)', match: 511 },
  { name: 'problem state, supervisor watched', control: wti | pnh | dr, access: 'ld r1, 0(r2)' },
  { name: 'supervisor state', control: wti | pnh | dr, msr: translated, access: 'ld r1, 0(r2)', match: 0 },
  { name: 'supervisor state, problem state watched', control: user | dr, msr: translated, access: 'ld r1, 0(r2)' },
  { name: 'translated, translated watched', control: wt | pro | dr, access: 'ld r1, 0(r2)', match: 0 },
  { name: 'translated, real watched', control: pro | dr, access: 'ld r1, 0(r2)' },
  {
    name: 'real, real watched',
    control: pnh | dr,
    at: -userWindow,
    msr: real,
    access: 'ld r1, 0(r2)',
    match: -userWindow,
  },
  { name: 'real, translated watched', control: wt | pnh | dr, at: -userWindow, msr: real, access: 'ld r1, 0(r2)' },
  {
    name: 'a vector across the start',
    control: user | dw,
    access: 'li r3, -8\n stxvd2x vs1, r3, r2',
    match: 0,
    isStore: true,
  },
  { name: 'a vector load', control: user | dr, access: 'lxvd2x vs1, r0, r2', match: 0 },
  { name: 'across a page', control: user | dr, at: 0x1000, access: 'ld r1, 0xffc(r2)', match: 0x1000 },
  {
    name: 'a store across a page',
    control: user | dw,
    at: 0x1000,
    access: 'std r1, 0xffc(r2)',
    match: 0x1000,
    isStore: true,
  },
  { name: 'load and reserve', control: user | dr, access: 'lwarx r1, r0, r2', match: 0 },
  {
    name: 'store conditional',
    control: user | dw,
    access: 'lwarx r1, r0, r2\n stwcx. r1, r0, r2',
    match: 0,
    isStore: true,
  },
  { name: 'dcbz', control: user | dw, at: 0x40, access: 'dcbz r0, r2', match: 0x40, isStore: true },
  { name: 'dcbf', control: user | dw | dr, access: 'dcbf r0, r2' },
  { name: 'dcbt', control: user | dw | dr, access: 'dcbt r0, r2' },
  { name: 'icbi', control: user | dw | dr, access: 'icbi r0, r2' },
  {
    name: 'an atomic',
    cpus: ['power9', 'power10'],
    control: user | dw,
    access: 'ldat r3, r2, 0',
    match: 0,
    isStore: true,
  },
  {
    name: 'behind 512 bytes',
    cpus: ['power8', 'power9'],
    control: user | dr | mrd(2),
    at: 0x1f8,
    access: 'lbz r1, 0x200(r2)',
  },
  {
    name: 'behind 512 bytes',
    cpus: ['power10'],
    control: user | dr | mrd(2),
    at: 0x1f8,
    access: 'lbz r1, 0x200(r2)',
    match: 0x200,
  },
  {
    name: 'the second watchpoint',
    cpus: ['power10', 'power11'],
    control: user | dr,
    resource: 5,
    access: 'ld r1, 0(r2)',
    match: 0,
  },
];

for (const engine of ['interpreter', 'stress'] as const) {
  for (const {
    name,
    cpus = all,
    control,
    at = 0,
    msr = problem,
    access,
    match,
    isStore = false,
    resource = 2,
  } of cases) {
    test(`watchpoint, ${engine}: ${name}, ${cpus.join(', ')}`, async () => {
      for (const cpu of cpus) {
        const source = withHashTranslation + setMode(resource, place + BigInt(at), control) + trial(msr, access);
        const { vector, lr, ctr } = (await runGuest(source, { request: { cpu }, engine })).arrival();
        assert.equal(vector, 0xc00n);
        const wanted = match === undefined ? [0n, 0n] : [isStore ? 0x240_0000n : 0x40_0000n, place + BigInt(match)];
        assert.deepEqual([lr, ctr], wanted, cpu);
      }
    });
  }

  test(`${engine}: a watchpoint set after many accesses matches, and one taken away does not`, async () => {
    const loop = `
        li r9, 2000
        mtctr r9
2:      ld r1, 0(r2)
        std r1, 8(r2)
        bdnz 2b
`;
    const source = (before: string, after: string) => `
        ${withHashTranslation}
        ${before}
        ${trial(translated, `${loop} ${after} ${loop}`)}
`;
    const late = await runGuest(source('', setMode(2, place, wti | pnh | dr)), { engine });
    assert.equal(late.arrival().ctr, place);
    const gone = await runGuest(source(setMode(2, place + 0x80n, wti | pnh | dr), setMode(2, 0n, 0n)), { engine });
    assert.equal(gone.arrival().ctr, 0n);
  });

  test(`${engine}: a store that matches is not performed`, async () => {
    const source = `
        ${withHashTranslation}
        ${setMode(2, place, user | dw)}
        ${trial(problem, 'li r1, 77\n std r1, 0(r2)').replace('mfspr r3, 19', 'ld r3, 0x2000(r0)')}
`;
    assert.equal((await runGuest(source, { engine })).arrival().ctr, 0n);
  });
}

// --- CIABR

interface BreakCase {
  readonly name: string;
  /** 1 problem state, 2 supervisor state; 0 off. */
  readonly privilege: bigint;
  readonly msr: bigint;
  /** Instructions; `here` is where CIABR points, r1 counts those behind it. */
  readonly code: string;
  /** SRR0 of the trace interrupt, from `base`; undefined: none comes. */
  readonly next?: number;
  /** Register that `next` counts from, when it is not the address of `here`. */
  readonly base?: string;
}

const breakCases: readonly BreakCase[] = [
  { name: 'a straight run', privilege: 1n, msr: problem, code: 'nop\nhere: addi r1, r1, 1\n nop\n nop', next: 4 },
  { name: 'supervisor state', privilege: 2n, msr: translated, code: 'nop\nhere: addi r1, r1, 1\n nop\n nop', next: 4 },
  { name: 'mtmsrd', privilege: 2n, msr: translated, code: 'mfmsr r3\nhere: mtmsrd r3\n nop\n nop', next: 4 },
  { name: 'the other state', privilege: 2n, msr: problem, code: 'nop\nhere: addi r1, r1, 1\n nop\n nop' },
  { name: 'off', privilege: 0n, msr: problem, code: 'nop\nhere: addi r1, r1, 1\n nop\n nop' },
  {
    name: 'a branch in the page',
    privilege: 1n,
    msr: problem,
    code: 'nop\nhere: b 3f\n nop\n nop\n nop\n3: nop',
    next: 16,
  },
  { name: 'a branch over', privilege: 1n, msr: problem, code: 'b 3f\nhere: nop\n3: nop' },
  {
    name: 'after a loop',
    privilege: 1n,
    msr: problem,
    code: 'li r9, 500\n mtctr r9\n4: addi r1, r1, 1\n bdnz 4b\nhere: nop\n nop',
    next: 4,
  },
  {
    name: 'a branch to another page that was run before',
    privilege: 1n,
    msr: problem,
    // The page at 0x2000 has `blr`.
    code: `lis r3, 0x4e80\n ori r3, r3, 0x20\n stw r3, 0x100(r2)\n addi r3, r2, 0x100\n mtctr r3\n bctrl\n bctrl\nhere: bctr\n nop`,
    next: 0x100,
    base: 'r2',
  },
];

for (const engine of ['interpreter', 'stress'] as const) {
  for (const { name, privilege, msr, code, next, base = 'r31' } of breakCases) {
    test(`breakpoint, ${engine}: ${name}`, async () => {
      for (const cpu of ['power8', 'power9', 'power10']) {
        // CIABR is set by the guest itself, which knows where `here` is.
        const source = `
        ${withHashTranslation}
        bl 5f
5:      mflr r6
        addi r6, r6, here - 5b
        # Problem and supervisor state run in the window.
        oris r6, r6, ${userWindow >>> 16}
        mr r31, r6
        ori r6, r6, ${privilege}
        li r3, H_SET_MODE
        li r4, 0
        li r5, 1
        li r7, 0
        sc 1
        cmpdi r3, 0
        bne fail
        ${trial(msr, code, 0xd00).replace('mfspr r3, 19', `mfspr r3, 26\n subf r3, ${base}, r3`).replace('mfspr r3, 18', 'mfspr r3, 27')}
`;
        const { vector, lr, ctr } = (await runGuest(source, { request: { cpu }, engine })).arrival();
        assert.equal(vector, 0xc00n);
        if (next === undefined) assert.deepEqual([lr, ctr], [0n, 0n], cpu);
        else {
          assert.equal(lr & 0x783f_0000n, 0x4010_0000n, cpu);
          assert.equal(lr & 0x4030n, msr & 0x4030n, cpu);
          assert.equal(ctr, BigInt(next), cpu);
        }
      }
    });
  }
}

// A function in another page, as words: addi r1, r1, 1; nop; blr.
const callee = [0x38210001, 0x60000000, 0x4e800020];

for (const engine of ['interpreter', 'translator', 'stress'] as const) {
  test(`breakpoint, ${engine}: set after a hot loop has called the function in another page, and taken away again`, async () => {
    const call = (times: number) => `
        li r9, ${times}
        mr r10, r9
        addi r11, r2, 0x100
6:      mtctr r11
        bctrl
        subi r10, r10, 1
        cmpdi r10, 0
        bne 6b
`;
    const code = `
        ${callee.map((word, i) => `${load64('r3', BigInt(word))} stw r3, ${0x100 + 4 * i}(r2)`).join('\n')}
        li r1, 0
        ${call(30_000)}
        ${setMode(1, place + 0x100n + 2n, 0n)}
        ${setMode(1, 0n, 0n)}
        ${call(30_000)}
        ${setMode(1, place + 0x104n + 2n, 0n)}
        ${call(1)}
`;
    const source = `${withHashTranslation} ${trial(translated, code, 0xd00)
      .replace('mfspr r3, 19', 'mfspr r3, 26\n subf r3, r2, r3')
      .replace('mfspr r3, 18', 'mr r3, r1')}`;
    const { vector, lr, ctr } = (await runGuest(source, { request: { cpu: 'power10' }, engine })).arrival();
    assert.equal(vector, 0xc00n);
    // The next instruction is `blr`, and the function was entered 60,001 times.
    assert.deepEqual([ctr, lr], [0x108n, 60_001n]);
  });
}

for (const engine of ['interpreter', 'translator', 'stress'] as const) {
  test(`watchpoint, ${engine}: hot code whose accesses off one register lie in two pages`, async () => {
    // Offsets 0 and 8 from r11 are in one page, 16 and 24 in the next one.
    const loop = (times: number) => `
        li r9, ${times}
        mtctr r9
        addi r11, r2, 0xff0
7:      ld r3, 0(r11)
        ld r4, 8(r11)
        ld r5, 16(r11)
        std r5, 24(r11)
        bdnz 7b
`;
    for (const [offset, control, match] of [
      [0xff0n, dr, 0n],
      [0xff8n, dr, 8n],
      [0xff8n, dw, undefined],
      [0x1000n, dr, 16n],
      [0x1008n, dw, 24n],
      [0x1008n, dr, undefined],
      [0x1010n, dr | dw, undefined],
    ] as const) {
      const set = setMode(2, place + offset, wti | pnh | control);
      const source = `${withHashTranslation} ${trial(translated, `${loop(30_000)} ${set} ${loop(3)}`)}`;
      const { lr, ctr } = (await runGuest(source, { engine })).arrival();
      if (match === undefined) assert.deepEqual([lr, ctr], [0n, 0n], `${offset} ${control}`);
      else assert.deepEqual([ctr, lr & 0x40_0000n], [place + 0xff0n + match, 0x40_0000n], `${offset} ${control}`);
    }
  });
}
