// Guests that execute scv and rfscv in every context (guest-environment specification, section 5; Power ISA v3.1 Book III,
// sections 4.3.1 and 7.5.15).
import type { Guest, GuestCase } from './guest-case.ts';
import {
  completed,
  editionOfCpu,
  facility,
  interrupt,
  msr,
  type Partition,
  program,
  type Raised,
  vectoredCall,
} from './model.ts';
import { allModes, contexts, partitionCase, partitions } from './vectors.ts';

const { SF, ME, EE, PR, IR, DR, RI, LE, FP, VEC, VSX, FE0, FE1 } = msr;
/** FSCR[SCV]. */
const enabled = 0x1000n;
const causeByte = 0xff00_0000_0000_0000n;

/** FSCR values: the facility off and on, with causes of earlier interrupts and other facilities beside it. */
const fscrs = [
  ...[0n, enabled].flatMap((on) => [on, on | 0x0800_0000_0000_0000n, on | 0x0300_0000_0000_0104n, on | causeByte]),
];

/** Contexts in which EE, RI, translation and facilities come in every combination that matters. */
const more = [
  { name: 'EE without RI', msr: SF | ME | EE | IR | DR },
  { name: 'EE and RI, real', msr: SF | ME | EE | RI },
  { name: 'problem without RI', msr: SF | ME | EE | PR | IR | DR },
  { name: 'problem, facilities on', msr: SF | ME | EE | PR | IR | DR | RI | FP | VEC | VSX | FE0 | FE1 },
  { name: 'problem, little-endian, 32 bits', msr: ME | EE | PR | IR | DR | RI | LE },
];

const levels = Array.from({ length: 128 }, (_, level) => level);
/** Levels for contexts that do not go through all of them. */
const fewLevels = [0, 1, 5, 64, 127];

interface Call {
  readonly context: { readonly name: string; readonly msr: bigint };
  readonly fscr: bigint;
  readonly level: number;
}

function callCase(partition: Partition, prefix: string, { context, fscr, level }: Call): GuestCase {
  const parts = { msr: context.msr, fscr, lr: 0x1234n, ctr: 0x5678n, registers: [1n, 2n] };
  return {
    ...parts,
    name: `${prefix}, ${context.name}, FSCR ${fscr.toString(16)}: scv ${level}`,
    code: `scv ${level}`,
    expect: (at) => {
      if (partition.edition < 300) return interrupt(partition, parts, illegal(at));
      if (fscr & enabled) return vectoredCall(partition, parts, at, BigInt(level));
      return interrupt(partition, parts, { vector: 0xf60n, resume: at, cause: facility.SCV });
    },
  };
}

const illegal = (resume: bigint): Raised => ({ vector: 0x700n, resume, status: program.illegal });

/** rfscv to the trap behind it, with this MSR in CTR. */
function returnCase(partition: Partition, prefix: string, context: Call['context'], target: bigint): GuestCase {
  // Low bits of LR do not count.
  const parts = { msr: context.msr, ctr: target, registers: [0n, 3n] };
  const code = `
        bl 1f
1:      mflr r3
        add r3, r3, r4
        addi r3, r3, 24
        mtlr r3
        rfscv
        .long 0`;
  return {
    ...parts,
    name: `${prefix}, ${context.name}: rfscv to ${target.toString(16)}`,
    code,
    expect: (at) => {
      const lr = at + 4n + 24n + 3n;
      const end = at + 28n;
      const changed = { lr, r3: lr };
      if (partition.edition < 300) return { ...interrupt(partition, parts, illegal(at + 20n)), ...changed };
      if (context.msr & PR) {
        const status = program.privileged;
        return { ...interrupt(partition, parts, { vector: 0x700n, resume: at + 20n, status }), ...changed };
      }
      const next = (target & PR ? target | EE | IR | DR : target) | ME;
      return { ...completed(partition, parts, end, next), ...changed };
    },
  };
}

/** One guest for each CPU; before edition 3.0 both instructions are illegal. */
export function scvGuest(cpu: string): Guest {
  const edition = editionOfCpu(cpu);
  const cases = partitions(edition).flatMap((partition) => {
    const prefix = `AIL ${partition.ail}, ILE ${partition.ile ? 1 : 0}`;
    const calls = [...contexts, ...more].flatMap((context) =>
      fscrs.flatMap((fscr) => fewLevels.map((level) => callCase(partition, prefix, { context, fscr, level }))),
    );
    const every = levels.map((level) =>
      callCase(partition, prefix, {
        context: { name: 'all levels', msr: SF | ME | EE | PR | IR | DR | RI },
        fscr: enabled,
        level,
      }),
    );
    const returns = [...contexts, ...more].flatMap((context) => {
      const order = context.msr & LE;
      const targets = [SF | ME | RI, SF | ME | IR | DR, SF | EE | PR | IR | DR | RI, PR | FP, SF | ME | EE | RI | FE1];
      return targets.map((target) => returnCase(partition, prefix, context, target | order));
    });
    return [partitionCase(partition), ...calls, ...every, ...returns];
  });
  return { name: `scv ${cpu}`, options: allModes(cpu), cases };
}
