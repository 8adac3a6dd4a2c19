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

/** Every number, both accesses, both states. */
export function sprGuest(cpu: string): Guest {
  const partition = { edition: editionOfCpu(cpu), ail: 0n, ile: false };
  const numbers = Array.from({ length: 1024 }, (_, number) => number);
  const cases = numbers.flatMap((number) =>
    ([false, true] as const).flatMap((problem) =>
      (['r', 'w'] as const).map((access) => accessCase(partition, number, access, problem)),
    ),
  );
  return { name: `registers ${cpu}`, options: { cpu }, cases };
}
