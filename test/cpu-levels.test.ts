// What problem and supervisor state may execute on each CPU at each compatibility level (specification section 7; Power ISA
// Book III, section 2.5 "PCR"): newer instructions are illegal in problem state, and only there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load64, negotiate, runGuest, userWindow, withHashTranslation, withMsr } from './scripted-guest.ts';

/** Instructions by the edition that brought them, as the change summaries of the editions list them. */
const samples: readonly (readonly [edition: string, instructions: readonly string[]])[] = [
  [
    '2.05',
    [
      // hashst, and another reserved-nop: before edition 3.1 they do nothing.
      '.long 0x7c2115a4',
      '.long 0x7c210424',
      'add r3, r3, r3',
      'cmpb r3, r3, r3',
      'prtyd r3, r3',
      'lfdpx f2, r0, r2',
      'fcpsgn f1, f1, f1',
      'vaddubm v1, v1, v1',
    ],
  ],
  [
    '2.06',
    [
      'popcntd r3, r3',
      'bpermd r3, r3, r3',
      'divde r3, r3, r14',
      'ldbrx r3, r0, r2',
      'xxlxor vs1, vs1, vs1',
      'lxvd2x vs1, r0, r2',
      'fcfids f1, f1',
    ],
  ],
  [
    '2.07',
    [
      'mtvsrd vs1, r3',
      'vaddudm v1, v1, v1',
      'xxlnand vs1, vs1, vs1',
      'xsaddsp vs1, vs1, vs1',
      'vcipher v1, v1, v1',
      'lqarx r4, r0, r2',
      'mfspr r3, 815',
    ],
  ],
  [
    '3.0',
    [
      'addpcis r3, 0',
      'modsd r3, r3, r14',
      'maddld r3, r3, r3, r3',
      'cmpeqb cr1, r3, r3',
      'setb r3, cr1',
      'xxspltib vs1, 3',
      'lxvx vs1, r0, r2',
      'xsaddqp v1, v1, v1',
      'extswsli r3, r3, 3',
      'mcrxrx cr1',
    ],
  ],
  [
    '3.1',
    [
      'brd r3, r3',
      'setbc r3, 2',
      'cfuged r3, r3, r3',
      'vdivsd v1, v1, v1',
      'xxgenpcvbm vs1, v1, 0',
      'lxvkq vs1, 1',
      'xxsetaccz 1',
      // The word behind the prefix is addi by itself, which the handler of program interrupts goes on with.
      'b 9f\n .balign 64\n9: paddi r3, r3, 1',
      'mfspr r3, 736',
    ],
  ],
];
const editions = samples.map(([edition]) => edition);
const instructions = samples.flatMap(([, list]) => list);

/** Bit n of the answer, from the left: instruction n was illegal. Supervisor state reads a register that is not there as a no-op. */
function illegalAbove(edition: string, isProblem: boolean): bigint {
  const newest = editions.indexOf(edition);
  return samples.reduce((mask, [own, list]) => {
    const newer = editions.indexOf(own) > newest;
    return list.reduce(
      (all, name) => (all << 1n) | (newer && (isProblem || !name.startsWith('mfspr')) ? 1n : 0n),
      mask,
    );
  }, 0n);
}

/** Everything but EE: SF, VEC, VSX, FP, ME, IR, DR, RI. */
const supervisor = 0x8000_0000_0280_3032n;
const problem = supervisor | 0x4000n;

/**
 * Executes each instruction in supervisor state and then, at the same place, in problem state. LR and CTR then have a bit for
 * each that was illegal, and `sc` reports them.
 */
function trial(): string {
  const attempts = instructions.map(
    (instruction) => `li r22, 0\n ${instruction}\n sldi r19, r19, 1\n or r19, r19, r22`,
  );
  return `
        # The handler of program interrupts: notes bit 44 of SRR1, and skips the instruction.
        lis r3, 0x4800
        ori r3, r3, handler - 0x700
        li r4, 0
        stw r3, 0x700(r4)
        ${load64('r3', (1n << 63n) - 1n)}
        mtspr 153, r3
        bl 1f
1:      mflr r3
        addi r15, r3, attempts - 1b
        oris r15, r15, ${userWindow >>> 16}
        li r16, 1
        ${load64('r3', supervisor)}
        mtspr 27, r3
again:  mtspr 26, r15
        li r2, 0x2000
        li r14, 1
        li r19, 0
        rfid
handler:
        mfspr r20, 26
        addi r20, r20, 4
        mtspr 26, r20
        mfspr r20, 27
        rldicl r22, r20, 45, 63
        rfid
attempts:
        ${attempts.join('\n')}
        cmpdi r16, 0
        beq 2f
        mr r17, r19
        li r16, 0
        ${load64('r3', problem)}
        mtspr 27, r3
        b again
2:      mtlr r17
        mtctr r19
        sc
`;
}

interface LevelRow {
  readonly cpu: string;
  /** Edition of the CPU. */
  readonly edition: string;
  /** Level → edition of problem state. */
  readonly levels: Readonly<Record<string, string>>;
}

const rows: readonly LevelRow[] = [
  { cpu: 'power7', edition: '2.06', levels: { 'power7+': '2.06', power7: '2.06', power6: '2.05' } },
  { cpu: 'power7+', edition: '2.06', levels: {} },
  { cpu: 'power8', edition: '2.07', levels: { power8: '2.07', 'power7+': '2.06', power7: '2.06', power6: '2.05' } },
  { cpu: 'power9', edition: '3.0', levels: { power9: '3.0', power8: '2.07', power7: '2.06', power6: '2.05' } },
  {
    cpu: 'power10',
    edition: '3.1',
    levels: { power10: '3.1', power9: '3.0', power8: '2.07', power7: '2.06', power6: '2.05' },
  },
  { cpu: 'power11', edition: '3.1', levels: { power11: '3.1', power10: '3.1', power9: '3.0', power8: '2.07' } },
];

for (const engine of ['interpreter', 'stress'] as const) {
  for (const { cpu, edition, levels } of rows) {
    for (const [level, allowed] of [['none', edition], ...Object.entries(levels)] as const) {
      test(`${cpu} at level ${level}, ${engine}: problem state has edition ${allowed}, supervisor state ${edition}`, async () => {
        const request = { cpu, ...(level === 'none' ? {} : { 'max-cpu-compat': level }) };
        const life = await runGuest(withHashTranslation + trial(), { request, engine });
        const { vector, lr, ctr } = life.arrival();
        assert.equal(vector, 0xc00n);
        for (const [state, mask, wanted] of [
          ['supervisor', lr, illegalAbove(edition, false)],
          ['problem', ctr, illegalAbove(allowed, true)],
        ] as const) {
          const differs = (i: number) => ((mask ^ wanted) >> BigInt(instructions.length - 1 - i)) & 1n;
          assert.deepEqual(
            instructions.filter((_, i) => differs(i)),
            [],
            `${state} state`,
          );
        }
      });
    }
  }
}

/** FSCR all ones. */
const allFacilities = `${load64('r3', (1n << 63n) - 1n)} mtspr 153, r3\n`;

const power8Level = { cpu: 'power9', 'max-cpu-compat': 'power8' };

test('scv is illegal in problem state of a POWER9 at the level of a POWER8, and only there', async () => {
  const vector = async (request: Record<string, string>, msr: bigint) =>
    (await runGuest(`${withHashTranslation} ${allFacilities} ${withMsr(msr)} scv 0\n b .\n`, { request })).arrival();
  const illegal = await vector(power8Level, problem);
  assert.equal(illegal.vector, 0x700n);
  assert.equal(illegal.srr1 & 0x783f_0000n, 0x8_0000n);
  assert.equal((await vector(power8Level, supervisor)).vector, 0x1_7000n);
  assert.equal((await vector({ cpu: 'power9' }, problem)).vector, 0x1_7000n);
});

test('a word that an older edition reads as another instruction is that one in problem state', async () => {
  // mffscrn sets RN; before edition 3.0 its word is mffs.
  const rounding = async (request: Record<string, string>, msr: bigint) => {
    const source = `${withHashTranslation} ${allFacilities} ${withMsr(msr)}
        li r2, 0x2000
        li r3, 3
        std r3, 0(r2)
        lfd f2, 0(r2)
        mffscrn f1, f2
        mffs f3
        stfd f3, 0(r2)
        ld r3, 0(r2)
        mtctr r3
        sc
`;
    const { vector, ctr } = (await runGuest(source, { request })).arrival();
    assert.equal(vector, 0xc00n);
    return ctr;
  };
  assert.equal(await rounding(power8Level, problem), 0n);
  assert.equal(await rounding(power8Level, supervisor), 3n);
  assert.equal(await rounding({ cpu: 'power9' }, problem), 3n);
  assert.equal(await rounding({ cpu: 'power8' }, supervisor), 0n);
});

test('a level that is negotiated holds from then on, also for code that was run before', async () => {
  for (const engine of ['interpreter', 'stress'] as const) {
    for (const [logical, allowed] of [
      [3, '2.06'],
      [4, '2.07'],
      [5, '3.0'],
    ] as const) {
      const wish = {
        pvrs: [
          [0xffff_ffff, 0x0f00_0000 + logical],
          [0xffff_fffe, 0x0f00_0001],
        ],
        ...{ xive: 0, mmu: 0, gtse: 0 },
      } as const;
      const life = await runGuest(withHashTranslation + negotiate + trial(), {
        request: { cpu: 'power10' },
        wish,
        engine,
      });
      const { vector, lr, ctr } = life.arrival();
      assert.equal(vector, 0xc00n);
      assert.deepEqual([lr, ctr], [illegalAbove('3.1', false), illegalAbove(allowed, true)], allowed);
    }
  }
});
