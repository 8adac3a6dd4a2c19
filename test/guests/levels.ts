// Guests in which samples of every edition are executed in problem and in supervisor state at every compatibility level:
// PCR takes later editions away from problem state alone (Power ISA v3.1 Book III, section 2.5).
import { assemble } from '../../src/isa/assemble.ts';
import { type Expectation, type Guest, type GuestCase, place } from './guest-case.ts';
import { completed, type Edition, editionOfCpu, facility, interrupt, msr, type Partition, program } from './model.ts';

const { SF, ME, EE, PR, IR, DR, RI, FP, VEC, VSX } = msr;

/** An instruction, the edition that it came with and the last one that has it. */
type Sample = readonly [text: string, since: Edition | 205, until?: Edition];

const samples: readonly Sample[] = [
  ...(['add r3, r4, r5', 'cmpb r3, r4, r5', 'prtyd r3, r4', 'dadd f0, f2, f4', 'fadd f1, f2, f3'] as const).map(
    (text): Sample => [text, 205],
  ),
  ...(['vadduwm v1, v2, v3', 'lfiwax f1, 0, r4', 'fcpsgn f1, f2, f3', 'isel r3, r4, r5, 2'] as const).map(
    (text): Sample => [text, 205],
  ),
  ...[
    ...['popcntw r3, r4', 'popcntd r3, r4', 'divde r3, r4, r5', 'divweu r3, r4, r5', 'bpermd r3, r4, r5'],
    ...['addg6s r3, r4, r5', 'cdtbcd r3, r4', 'cbcdtd r3, r4', 'ldbrx r3, 0, r4', 'fcfidu f1, f2', 'ftdiv cr1, f2, f3'],
    ...['lfiwzx f1, 0, r4', 'dcffix f0, f2', 'xsadddp vs1, vs2, vs3', 'xxlor vs1, vs2, vs3', 'lxvd2x vs1, 0, r4'],
    ...['xvmaddasp vs1, vs2, vs3', 'xxsel vs1, vs2, vs3, vs4'],
  ].map((text): Sample => [text, 206]),
  ...[
    ...['mfvsrd r3, vs1', 'mtvsrwz vs2, r3', 'fmrgew f1, f2, f3', 'vaddudm v1, v2, v3', 'vclzb v1, v2', 'vgbbd v1, v2'],
    ...['vcipher v1, v2, v3', 'vpmsumd v1, v2, v3', 'xsaddsp vs1, vs2, vs3', 'xxleqv vs1, vs2, vs3'],
    ...['bcdadd. v1, v2, v3, 0', 'vmrgew v1, v2, v3', 'lxsiwzx vs1, 0, r4', 'vaddcuq v1, v2, v3', 'lbarx r3, 0, r4, 0'],
  ].map((text): Sample => [text, text.startsWith('lbarx') ? 206 : 207]),
  ...[
    ...['modsw r3, r4, r5', 'cnttzd r3, r4', 'setb r3, cr1', 'cmprb cr1, 0, r3, r4', 'cmpeqb cr1, r3, r4'],
    ...['maddld r3, r4, r5, r6', 'extswsli r3, r4, 3', 'addpcis r3, 1', 'mfvsrld r3, vs1', 'mtvsrdd vs1, r3, r4'],
    ...['lxv vs1, 0(r4)', 'xsaddqp v1, v2, v3', 'xxspltib vs1, 7', 'vabsdub v1, v2, v3', 'mcrxrx cr1'],
    ...['vextublx r3, r5, v1', 'vpermr v1, v2, v3, v4', 'xxperm vs1, vs2, vs3', 'darn r3, 1', 'bcdcfn. v1, v2, 0'],
    ...['addex r3, r4, r5, 0', 'vmul10uq v1, v2', 'xvxexpdp vs1, vs2', 'lxvl vs1, r4, r5', 'dtstsfi cr1, 3, f2'],
  ].map((text): Sample => [text, 300]),
  ...[
    ...['brh r3, r4', 'brd r3, r4', 'cfuged r3, r4, r5', 'pextd r3, r4, r5', 'setbc r3, 2', 'setnbcr r3, 2'],
    ...['paddi r3, r4, 100, 0', 'pld r3, 0(r4), 0', 'pnop', 'vdivsd v1, v2, v3', 'mtvsrbm v1, r3', 'vstribr v1, v2'],
    ...['xscmpeqqp v1, v2, v3', 'lxvp vs2, 0(r4)', 'xxspltiw vs1, 5', 'vclzdm v1, v2, v3', 'xxsetaccz 0'],
    ...['vmsumcud v1, v2, v3, v4', 'lxvrbx vs1, 0, r4', 'xvtlsbb cr1, vs2', 'dcffixqq f2, v3'],
  ].map((text): Sample => [text, 310]),
];

/** Levels by name, with the edition that problem state then has. */
const levels: readonly (readonly [name: string, edition: Edition])[] = [
  ['power7', 206],
  ['power7+', 206],
  ['power8', 207],
  ['power9', 300],
  ['power10', 310],
  ['power11', 310],
];

function sampleCase(partition: Partition, [text, since]: Sample, problem: boolean, held: Edition): GuestCase {
  const context = SF | ME | RI | FP | VEC | VSX | (problem ? EE | PR | IR | DR : 0n);
  const parts = { msr: context, fscr: 0x31bcn, registers: [5n, place.data, 3n, 7n] };
  const there = since <= (problem ? held : partition.edition);
  const prefixed = since === 310 && text.startsWith('p') && !text.startsWith('pe');
  const bytes = BigInt(assemble(text).bytes.length);
  return {
    ...parts,
    name: `${problem ? 'problem' : 'supervisor'}: ${text}`,
    code: text,
    // A random number; registers that instructions before have left undefined.
    ...(/^(darn|mfvsrl?d)/.test(text) ? { varies: ['r3'] } : {}),
    expect: (at): Expectation => {
      if (there) {
        const { r3: _, ...rest } = completed(partition, parts, at + bytes);
        return rest;
      }
      // SRR1 bit 34 tells of a prefix, which there is from edition 3.1 on, in the states that have that edition.
      const known = prefixed || bytes === 8n;
      const due = interrupt(partition, parts, { vector: 0x700n, resume: at, status: program.illegal });
      const { srr1: _, ...rest } = due;
      return known && partition.edition >= 310 ? rest : due;
    },
  };
}

/**
 * Transactional memory is a facility of its own: with MSR[TM] off an instruction is unavailable, and illegal where the
 * level takes ISA 2.07 from problem state or the edition has none.
 */
function transactionCase(partition: Partition, problem: boolean, held: Edition): GuestCase {
  const parts = { msr: SF | ME | RI | (problem ? EE | PR | IR | DR : 0n), fscr: 0x31bcn };
  const edition = problem ? held : partition.edition;
  return {
    ...parts,
    name: `${problem ? 'problem' : 'supervisor'}: tbegin. 0`,
    code: 'tbegin. 0',
    expect: (at) =>
      edition < 207 || partition.edition >= 310
        ? interrupt(partition, parts, { vector: 0x700n, resume: at, status: program.illegal })
        : interrupt(partition, parts, { vector: 0xf60n, resume: at, cause: facility.TM }),
  };
}

/** A guest at one level of one CPU; raw where the level is undefined. */
export function levelGuest(cpu: string, level: string | undefined, held: Edition): Guest {
  const partition = { edition: editionOfCpu(cpu), ail: 0n, ile: false };
  const cases = [false, true].flatMap((problem) => [
    ...samples.map((sample) => sampleCase(partition, sample, problem, held)),
    transactionCase(partition, problem, held),
  ]);
  const options = { cpu, ...(level === undefined ? {} : { 'max-cpu-compat': level }) };
  return { name: `levels ${cpu}${level === undefined ? '' : ` as ${level}`}`, options, cases };
}

/** Guests of one CPU at each of its levels. */
export function levelGuests(cpu: string): readonly Guest[] {
  const edition = editionOfCpu(cpu);
  const held = levels
    .filter(([name, of]) => of <= edition && (name !== 'power11' || cpu === name))
    .map(([name, of]) => levelGuest(cpu, name, of));
  return [levelGuest(cpu, undefined, edition), ...held];
}
