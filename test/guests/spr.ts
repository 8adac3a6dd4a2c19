// Guests that read and write every SPR number in both privilege states (Power ISA v3.1 Book III, section 4.4.4 "Move
// To/From System Register"). Which registers there are comes from the register table; what an access does to any number
// is the architecture's rule, and QEMU's answers are an independent check of the table.
import { type SprRow, sprTable } from '../../src/isa/spr-table.ts';
import { isaVersions } from '../../src/isa/version.ts';
import type { Expectation, Guest, GuestCase } from './guest-case.ts';
import { completed, type Edition, editionOfCpu, facility, interrupt, msr, type Partition, program } from './model.ts';

const { SF, ME, EE, PR, IR, DR, RI } = msr;

/** All facilities that FSCR names are on. */
const allFacilities = 0x31bcn;

/** What an access does. */
type Outcome = 'done' | 'nothing' | 'illegal' | 'privileged' | 'no transactional memory';

const versionOf: Readonly<Record<Edition, number>> = {
  206: isaVersions.indexOf('2.06'),
  207: isaVersions.indexOf('2.07'),
  300: isaVersions.indexOf('3.0'),
  310: isaVersions.indexOf('3.1'),
};

function registerOf(edition: Edition, number: number): SprRow | undefined {
  const present = (row: SprRow): boolean =>
    versionOf[edition] >= isaVersions.indexOf(row.since) &&
    versionOf[edition] <= isaVersions.indexOf(row.until ?? '3.1');
  return sprTable.find((row) => row.number === number && present(row));
}

/** The rule for any number; `access` is a read or a write. */
function outcomeOf(edition: Edition, number: number, access: 'r' | 'w', problem: boolean): Outcome {
  const register = registerOf(edition, number);
  if (register?.facility === Number(facility.TM)) return 'no transactional memory';
  const rights = register === undefined ? '-' : problem ? register.problem : register.supervisor;
  if (rights.includes(access)) return 'done';
  // Reserved for software.
  if (edition >= 207 && number >= 808 && number <= 811) return 'nothing';
  // The bit that makes a number privileged.
  if (problem) return number & 0x10 ? 'privileged' : 'illegal';
  const refused = access === 'r' ? [0, 4, 5, 6] : [0];
  return refused.includes(number) ? 'illegal' : 'nothing';
}

/** Registers that a write of zero leaves with another value than the case gave them. */
const written: Readonly<Record<number, Expectation>> = {
  18: { dsisr: 0n },
  19: { dar: 0n },
  153: { fscr: 0n },
};

/** Registers that count time or what happens. */
const counting: readonly number[] = [
  22, 268, 269, 308, 309, 771, 772, 773, 774, 775, 776, 787, 788, 789, 790, 791, 792, 848, 849,
];

function accessCase(partition: Partition, number: number, access: 'r' | 'w', problem: boolean): GuestCase {
  const context = SF | ME | RI | (problem ? EE | PR | IR | DR : 0n);
  const parts = { msr: context, fscr: allFacilities, registers: [access === 'w' ? 0n : 0x1234_5678_9abc_def0n] };
  const outcome = outcomeOf(partition.edition, number, access, problem);
  const code = access === 'r' ? `mfspr r3, ${number}` : `mtspr ${number}, r3`;
  return {
    ...parts,
    name: `${problem ? 'problem' : 'supervisor'}: ${code}`,
    code,
    ...(access === 'r' && counting.includes(number) ? { varies: ['r3'] } : {}),
    expect: (at) => {
      const program700 = (status: bigint): Expectation =>
        interrupt(partition, parts, { vector: 0x700n, resume: at, status });
      if (outcome === 'illegal') return program700(program.illegal);
      if (outcome === 'privileged') return program700(program.privileged);
      if (outcome === 'no transactional memory') {
        return interrupt(partition, parts, { vector: 0xf60n, resume: at, cause: facility.TM });
      }
      const end = completed(partition, parts, at + 4n);
      if (outcome === 'nothing') return end;
      if (access === 'w') return { ...end, ...written[number] };
      const { r3: _, ...rest } = end;
      return rest;
    },
  };
}

const pattern = 0x0123_4567_89ab_cdefn;

/** What is read after the pattern was written, where it is not the pattern, or its low word in a register of 32 bits. */
const reads: Readonly<Record<number, bigint | undefined>> = {
  // Registers that count.
  22: undefined,
  // Numbers that set and clear bits of BESCR.
  800: pattern,
  801: 0x89ab_cdefn,
  802: 0n,
  803: 0n,
};

/** What a register gives back of the pattern; undefined: it counts. */
function keptValue(edition: Edition, { number, width }: SprRow): bigint | undefined {
  // SO, OV32 from edition 3.0 on, and the byte count: reserved bits read as zero.
  if (number === 1) return edition < 300 ? 0x8000_006fn : 0x8008_006fn;
  // Before ISA 2.07 the numbers of problem state are for reading alone.
  if (edition < 207 && number >= 768 && number <= 782) return 0n;
  if (number in reads) return reads[number];
  return width === 32 ? pattern & 0xffff_ffffn : pattern;
}

/** A register of 64 bits keeps all of them, one of 32 bits the low ones; what else may happen is in {@link reads}. */
function keepCase(partition: Partition, row: SprRow): GuestCase {
  const { number, name } = row;
  const parts = { msr: SF | ME | RI, fscr: allFacilities, registers: [0n, 0n, pattern, 0n] };
  const clearEvents = number >= 800 && number <= 806 ? { prepare: 'li r3, 0\n mtspr 806, r3' } : {};
  const code = `mtspr ${number}, r6\n mtspr ${number}, r5\n mfspr r3, ${number}\n mtspr ${number}, r6`;
  const due = keptValue(partition.edition, row);
  return {
    ...parts,
    ...clearEvents,
    name: `supervisor: ${name} (${number}) keeps what was written`,
    code,
    ...(number in reads && due === undefined ? { varies: ['r3'] } : {}),
    expect: (at) => {
      const { r3: _, lr: _l, ctr: _c, ...rest } = completed(partition, parts, at + 16n);
      return { ...rest, ...written[number], ...(due === undefined ? {} : { r3: due }) };
    },
  };
}

/** Every number, both accesses, both states. */
export function sprGuest(cpu: string): Guest {
  const partition = { edition: editionOfCpu(cpu), ail: 0n, ile: false };
  const numbers = Array.from({ length: 1024 }, (_, number) => number);
  const cases = numbers.flatMap((number) =>
    ([false, true] as const).flatMap((problem) =>
      (['r', 'w'] as const).map((access) => accessCase(partition, number, access, problem)),
    ),
  );
  const kept = numbers.flatMap((number) => {
    const row = registerOf(partition.edition, number);
    return row === undefined || row.supervisor !== 'rw' || row.facility === Number(facility.TM) ? [] : [row];
  });
  return {
    name: `registers ${cpu}`,
    options: { cpu },
    cases: [...cases, ...kept.map((row) => keepCase(partition, row))],
  };
}
