// What tells the CPU classes apart for a running guest beyond the instructions of their edition (specification sections 4, 5
// and 7; Power ISA v2.06 to v3.1, Books I and III).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GuestLife, load64, runGuest, withHashTranslation, withMsr } from './scripted-guest.ts';

const cpus = ['power7', 'power7+', 'power8', 'power8e', 'power8nvl', 'power9', 'power10', 'power11'] as const;
type Cpu = (typeof cpus)[number];

/** MSR of the guests' problem state: SF, VEC, VSX, FP, PR, ME, IR, DR, RI. */
const problem = 0x8000_0000_0280_7032n;

/** Runs `source` in supervisor state with real addresses; a guest that reports ends with `sc`. */
const supervisorGuest = (cpu: Cpu, source: string): Promise<GuestLife> => runGuest(source, { request: { cpu } });

/** Runs `source` in problem state, FSCR all ones. */
const problemGuest = (cpu: Cpu, source: string): Promise<GuestLife> =>
  runGuest(
    `${withHashTranslation}
        ${load64('r3', (1n << 63n) - 1n)}
        mtspr 153, r3
        ${withMsr(problem)}
        ${source}
        mtctr r3
        sc
`,
    { request: { cpu } },
  );

/** One fact of the classes: what CTR holds, or which interrupt comes, by CPU. */
interface Fact {
  readonly name: string;
  readonly run: (cpu: Cpu) => Promise<GuestLife>;
  readonly seen: (life: GuestLife) => bigint;
  readonly expected: Readonly<Record<Cpu, bigint>>;
}

const ctr = (life: GuestLife): bigint => {
  const { vector, ctr: value } = life.arrival();
  assert.equal(vector, 0xc00n);
  return value;
};
const vector = (life: GuestLife): bigint => life.arrival().vector;
/** The reason of a program interrupt, 0 when there was none. */
const reason = (life: GuestLife): bigint => {
  const { vector: at, srr1 } = life.arrival();
  return at === 0x700n ? srr1 & 0x1f_0000n : 0n;
};
const illegal = 0x8_0000n;
const privileged = 0x4_0000n;

/** The same value on all CPUs of an edition; `editions` are 2.06, 2.07, 3.0 and 3.1. */
function byEdition(p7: bigint, p8: bigint, p9: bigint, p10: bigint): Readonly<Record<Cpu, bigint>> {
  return {
    power7: p7,
    'power7+': p7,
    power8: p8,
    power8e: p8,
    power8nvl: p8,
    power9: p9,
    power10: p10,
    power11: p10,
  };
}

const report = 'mtctr r3\n sc';
const allOnes = load64('r3', (1n << 64n) - 1n);

const facts: readonly Fact[] = [
  {
    name: 'PVR',
    run: (cpu) => supervisorGuest(cpu, `mfspr r3, 287\n ${report}`),
    seen: ctr,
    expected: {
      power7: 0x003f0203n,
      'power7+': 0x004a0201n,
      power8: 0x004d0200n,
      power8e: 0x004b0201n,
      power8nvl: 0x004c0100n,
      power9: 0x004e1202n,
      power10: 0x00801200n,
      power11: 0x00821200n,
    },
  },
  {
    name: 'XER has OV32 and CA32 from edition 3.0 on',
    run: (cpu) => supervisorGuest(cpu, `li r3, -1\n addic r4, r3, 1\n mfspr r3, 1\n ${report}`),
    seen: ctr,
    expected: byEdition(0x2000_0000n, 0x2000_0000n, 0x2004_0000n, 0x2004_0000n),
  },
  {
    name: 'XER written with all ones reads',
    run: (cpu) => supervisorGuest(cpu, `${allOnes} mtspr 1, r3\n mfspr r3, 1\n ${report}`),
    seen: ctr,
    expected: byEdition(0xe000_007fn, 0xe000_007fn, 0xe00c_007fn, 0xe00c_007fn),
  },
  {
    name: 'lq is of supervisor state before edition 2.07',
    run: (cpu) => problemGuest(cpu, 'li r2, 0x2000\n lq r4, 0(r2)'),
    seen: reason,
    expected: byEdition(privileged, 0n, 0n, 0n),
  },
  {
    name: 'supervisor state has lq everywhere',
    run: (cpu) => supervisorGuest(cpu, `li r2, 0x2000\n lq r4, 0(r2)\n ${report}`),
    seen: reason,
    expected: byEdition(0n, 0n, 0n, 0n),
  },
  {
    name: 'interrupts move (H_SET_MODE 3) from edition 2.07 on',
    run: (cpu) =>
      supervisorGuest(cpu, `li r3, H_SET_MODE\n li r4, 3\n li r5, 3\n li r6, 0\n li r7, 0\n sc 1\n ${report}`),
    seen: ctr,
    expected: byEdition(BigInt.asUintN(64, -256n), 0n, 0n, 0n),
  },
  {
    name: 'interrupts can be little-endian (H_SET_MODE 4) everywhere',
    run: (cpu) =>
      supervisorGuest(
        cpu,
        `li r3, H_SET_MODE\n li r4, 1\n li r5, 4\n li r6, 0\n li r7, 0\n sc 1\n mr r6, r3\n bl hex\n bl off`,
      ),
    seen: (life) => BigInt(`0x${life.output.trim()}`),
    expected: byEdition(0n, 0n, 0n, 0n),
  },
  ...(
    [
      [1, byEdition(BigInt.asUintN(64, -55n), 0n, 0n, 0n)],
      [2, byEdition(BigInt.asUintN(64, -55n), 0n, 0n, 0n)],
      [5, byEdition(BigInt.asUintN(64, -55n), BigInt.asUintN(64, -55n), BigInt.asUintN(64, -55n), 0n)],
    ] as const
  ).map(
    ([resource, expected]): Fact => ({
      name: `H_SET_MODE knows resource ${resource}`,
      run: (cpu) =>
        supervisorGuest(
          cpu,
          `li r3, H_SET_MODE\n li r4, 0\n li r5, ${resource}\n li r6, 0\n li r7, 0\n sc 1\n ${report}`,
        ),
      seen: ctr,
      expected,
    }),
  ),
  {
    name: 'the decrementer at reset is 32 bits wide unless it is large, and then reads its sign',
    run: (cpu) => supervisorGuest(cpu, `li r3, -5\n mtspr 22, r3\n mfspr r3, 22\n sradi r3, r3, 31\n ${report}`),
    seen: ctr,
    expected: byEdition(1n, 1n, BigInt.asUintN(64, -1n), BigInt.asUintN(64, -1n)),
  },
  {
    name: 'the facility unavailable interrupt of TAR exists from edition 2.07 on',
    run: (cpu) => problemGuest(cpu, 'mfspr r3, 815\n nop'),
    seen: reason,
    expected: byEdition(illegal, 0n, 0n, 0n),
  },
];

for (const { name, run, seen, expected } of facts) {
  test(name, async () => {
    for (const cpu of cpus) assert.equal(seen(await run(cpu)), expected[cpu], cpu);
  });
}

test('scv is illegal before edition 3.0, and unavailable without FSCR[SCV] from there on', async () => {
  for (const cpu of cpus) {
    const life = await supervisorGuest(cpu, 'scv 0\n b .');
    assert.equal(vector(life), cpu.startsWith('power7') || cpu.startsWith('power8') ? 0x700n : 0xf60n, cpu);
  }
});
