// Guests that use each facility with its enabling bit on and off: MSR[FP], [VEC], [VSX], [TM] in both states, the bits of
// FSCR in problem state (Power ISA v3.1 Book III, sections 4.2.1, 7.2.11 and 7.5.17; Book I, section 7.2.1.1).
import { assemble } from '../../src/isa/assemble.ts';
import { type Guest, type GuestCase, place } from './guest-case.ts';
import { completed, type Edition, editionOfCpu, facility, interrupt, msr, type Partition } from './model.ts';
import { partitionCase } from './vectors.ts';

const { SF, ME, EE, PR, IR, DR, RI, FP, VEC, VSX, LE } = msr;

/** Instructions of one facility. */
interface Use {
  readonly name: string;
  readonly since: Edition;
  readonly until?: Edition;
  readonly programs: readonly string[];
}

/** Facilities of FSCR: the bit's number from the right is the interrupt's cause, too. */
const fscrUses: readonly (Use & { readonly cause: bigint })[] = [
  { name: 'DSCR', since: 207, cause: facility.DSCR, programs: ['mfspr r3, 3', 'mtspr 3, r3'] },
  {
    name: 'EBB',
    since: 207,
    cause: facility.EBB,
    programs: [
      ...[800, 801, 802, 803, 804, 805, 806].flatMap((n) => [`mfspr r3, ${n}`, `mtspr ${n}, r3`]),
      'bl 1f\n1: mflr r5\n addi r5, r5, 16\n mtspr 805, r5\n rfebb 0',
    ],
  },
  { name: 'TAR', since: 207, cause: facility.TAR, programs: ['mfspr r3, 815', 'mtspr 815, r3', 'bctar 4, 2, 0'] },
  {
    name: 'PREFIX',
    since: 310,
    cause: facility.PREFIX,
    programs: ['paddi r3, r3, 1, 0', 'pld r3, 0(r4), 0', 'pnop', 'plwz r3, 8(r4), 0'],
  },
];

/** What decides of a register of 64: VSX for the lower half, the vector facility for the upper. */
const msrUses: readonly (Use & { readonly bit: bigint; readonly vector: bigint })[] = [
  {
    name: 'FP',
    since: 206,
    bit: FP,
    vector: 0x800n,
    programs: [
      ...['fadd f1, f2, f3', 'lfd f1, 0(r4)', 'stfs f1, 0(r4)', 'mffs f1', 'mtfsb0 31', 'fcmpu cr0, f1, f2'],
      ...['dadd f0, f2, f4', 'lfiwax f1, 0, r4', 'fctid f1, f2'],
    ],
  },
  {
    name: 'FP of 2.07',
    since: 207,
    bit: FP,
    vector: 0x800n,
    programs: ['mfvsrd r3, vs1', 'mtvsrwz vs2, r3', 'fmrgew f1, f2, f3'],
  },
  {
    name: 'VEC',
    since: 206,
    bit: VEC,
    vector: 0xf20n,
    programs: ['vadduwm v1, v2, v3', 'lvx v1, 0, r4', 'stvebx v1, 0, r4', 'mfvscr v1', 'vaddfp v1, v2, v3'],
  },
  { name: 'VEC of 2.07', since: 207, bit: VEC, vector: 0xf20n, programs: ['mfvsrd r3, vs33', 'vclzd v1, v2'] },
  {
    name: 'VEC of 3.0',
    since: 300,
    bit: VEC,
    vector: 0xf20n,
    programs: ['lxsd v1, 0(r4)', 'lxv vs40, 0(r4)', 'stxvx vs63, 0, r4', 'vabsdub v1, v2, v3', 'xxspltib vs33, 5'],
  },
  {
    name: 'VSX',
    since: 206,
    bit: VSX,
    vector: 0xf40n,
    programs: ['xsadddp vs1, vs2, vs3', 'xxlor vs33, vs34, vs35', 'lxvd2x vs1, 0, r4', 'stxsdx vs34, 0, r4'],
  },
  {
    name: 'VSX of 3.0',
    since: 300,
    bit: VSX,
    vector: 0xf40n,
    programs: ['xsaddqp v1, v2, v3', 'lxv vs3, 0(r4)', 'stxvx vs31, 0, r4', 'xxspltib vs3, 5'],
  },
];

/** Every FSCR bit that names a facility. */
const all = 0x31bcn;
const on = FP | VEC | VSX;
const supervisor = SF | ME | RI;
const states: readonly bigint[] = [
  supervisor,
  supervisor | IR | DR,
  SF | ME | EE | PR | IR | DR | RI,
  ME | EE | PR | IR | DR | LE,
];

/** SRR1 bit 34: a prefixed instruction (edition 3.1). */
const prefixedBit = 0x2000_0000n;

const bytesOf = (code: string): bigint => BigInt(assemble(code).bytes.length);

/** A program that completes, or does not. Values that it computes are no matter here. */
function useCase(
  partition: Partition,
  name: string,
  code: string,
  parts: { readonly msr: bigint; readonly fscr: bigint },
  raised: { readonly vector: bigint; readonly cause?: bigint } | undefined,
): GuestCase {
  const prefixed = bytesOf(code) === 8n && !code.includes('\n');
  const unavailable = raised && { ...raised, status: prefixed ? prefixedBit : 0n };
  const given = { ...parts, registers: [3n, place.data] };
  return {
    ...given,
    name,
    code,
    expect: (at) => {
      const due = unavailable
        ? interrupt(partition, given, { ...unavailable, resume: at + firstUse(code) })
        : completed(partition, given, at + bytesOf(code));
      const { r3: _3, lr: _lr, ...rest } = due;
      return rest;
    },
  };
}

/** Bytes before the first instruction that needs the facility: others only prepare for it. */
const firstUse = (code: string): bigint =>
  code.includes('\n') ? 4n * BigInt(code.split('\n').findIndex((line) => /mtspr|rfebb/.test(line))) : 0n;

function fscrCases(partition: Partition): GuestCase[] {
  const known = fscrUses.filter(({ since }) => since <= partition.edition);
  return known.flatMap(({ name, cause, programs }) =>
    programs.flatMap((code) =>
      states.flatMap((state) =>
        [0n, 1n << cause, all, all & ~(1n << cause), 0xff00_0000_0000_0000n | (all & ~(1n << cause))].map((fscr) => {
          const off = (state & PR) !== 0n && !((fscr >> cause) & 1n);
          const title = `${name}, FSCR ${fscr.toString(16)}, MSR ${state.toString(16)}: ${code.split('\n').pop()?.trim()}`;
          const raised = off ? { vector: 0xf60n, cause } : undefined;
          return useCase(partition, title, code, { msr: state, fscr }, raised);
        }),
      ),
    ),
  );
}

function msrCases(partition: Partition): GuestCase[] {
  return msrUses
    .filter(({ since }) => since <= partition.edition)
    .flatMap(({ name, bit, vector, programs }) =>
      programs.flatMap((code) =>
        states.flatMap((state) =>
          [on, on & ~bit, bit, 0n].map((enabled) => {
            const parts = { msr: state | enabled, fscr: all };
            const raised = enabled & bit ? undefined : { vector };
            return useCase(partition, `${name}, MSR ${parts.msr.toString(16)}: ${code}`, code, parts, raised);
          }),
        ),
      ),
    );
}

/** Without MSR[TM] every instruction and register of transactional memory is unavailable, whatever the state. */
function transactionCases(partition: Partition): GuestCase[] {
  if (partition.edition < 207 || partition.edition >= 310) return [];
  const programs = ['tbegin. 0', 'tend. 0', 'tabort. r3', 'tcheck cr1', 'tsr. 0', 'mfspr r3, 130', 'mtspr 128, r3'];
  return programs.flatMap((code) =>
    states.flatMap((state) =>
      [0n, all].map((fscr) =>
        useCase(
          partition,
          `TM, FSCR ${fscr.toString(16)}, MSR ${state.toString(16)}: ${code}`,
          code,
          { msr: state, fscr },
          {
            vector: 0xf60n,
            cause: facility.TM,
          },
        ),
      ),
    ),
  );
}

/** One guest for each CPU, with and without AIL 3. */
export function facilityGuest(cpu: string): Guest {
  const edition = editionOfCpu(cpu);
  const cases = (edition < 207 ? [0n] : [0n, 3n]).flatMap((ail) => {
    const partition = { edition, ail, ile: false };
    return [partitionCase(partition), ...fscrCases(partition), ...msrCases(partition), ...transactionCases(partition)];
  });
  return { name: `facilities ${cpu}`, options: { cpu }, cases };
}
