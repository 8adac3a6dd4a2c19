// Guests that take every interrupt that a guest can, from every kind of context, with every interrupt location and
// interrupt byte order (Power ISA v3.1 Book III, section 7.5).
import { type Guest, type GuestCase, place } from './guest-case.ts';
import {
  type Edition,
  editionOfCpu,
  facility,
  interrupt,
  msr,
  type Partition,
  program,
  type Raised,
  storage,
} from './model.ts';

/** A context that programs are entered in. */
export interface Context {
  readonly name: string;
  readonly msr: bigint;
}

const { SF, ME, EE, PR, FP, FE0, FE1, SE, BE, IR, DR, RI, LE, VEC, VSX } = msr;

/** All kinds of contexts. */
export const contexts: readonly Context[] = [
  { name: 'real', msr: ME | SF | RI },
  { name: 'IR', msr: ME | SF | IR },
  { name: 'DR', msr: ME | SF | DR | RI },
  { name: 'translated', msr: ME | SF | IR | DR | RI },
  { name: 'translated, facilities on', msr: ME | SF | IR | DR | FP | VEC | VSX | FE0 | FE1 },
  { name: '32 bits', msr: ME | IR | DR | RI },
  { name: 'little-endian', msr: ME | SF | IR | DR | RI | LE },
  { name: 'little-endian real', msr: ME | SF | LE },
  { name: 'problem', msr: ME | SF | EE | PR | IR | DR | RI },
  { name: 'problem, 32 bits', msr: ME | EE | PR | IR | DR },
  { name: 'problem, little-endian', msr: ME | SF | EE | PR | IR | DR | RI | LE },
];

/** One way to an interrupt. */
interface Cause {
  readonly name: string;
  readonly code: string;
  /** MSR bits that must be on, must be off, and that the cause sets or clears itself. */
  readonly needs?: bigint;
  readonly without?: bigint;
  readonly sets?: bigint;
  readonly clears?: bigint;
  readonly since?: Edition;
  readonly parts?: Pick<GuestCase, 'entry' | 'registers' | 'prepare' | 'after' | 'fscr' | 'notOnQemu'>;
  /** `problem` tells the state it is executed in. */
  readonly raised: (at: bigint, problem: boolean) => Raised;
  /** Registers that the program changes on its way. */
  readonly changes?: { readonly r3?: bigint; readonly r4?: bigint };
}

/** One at the program's first instruction. */
const simple =
  (vector: bigint, status = 0n, offset = 0n) =>
  (at: bigint): Raised => ({
    vector,
    resume: at + offset,
    status,
  });

const data =
  (ea: bigint, dsisr: bigint) =>
  (at: bigint): Raised => ({ vector: 0x300n, resume: at, dar: ea, dsisr });
const fetch = (ea: bigint, status: bigint) => (): Raised => ({ vector: 0x400n, resume: ea, status });

/** Prepares: an interprocessor interrupt of this vCPU; afterwards: takes it back. */
const ipi = `
        li r3, 0x68
        li r4, 0xff
        sc 1
        li r3, 0x6c
        li r4, 0
        li r5, 4
        sc 1
`;
const ipiTaken = `
        li r3, 0x6c
        li r4, 0
        li r5, 0xff
        sc 1
        li r3, 0x74
        sc 1
        li r3, 0x64
        sc 1
        li r3, 0x68
        li r4, 0
        sc 1
`;

/** SRR1 bit 34 (edition 3.1). */
const prefixed = 0x2000_0000n;
const allOn = 0x31bcn;

/** Interrupts of prefixed instructions. */
const prefixedCauses: readonly Cause[] = [
  {
    name: 'prefixed load without page',
    code: 'pld r3, 16(r4), 0',
    needs: DR,
    since: 310,
    parts: { registers: [0n, place.noPage], fscr: allOn },
    raised: (at) => ({ ...data(place.noPage + 16n, storage.noTranslation)(at), status: prefixed }),
  },
  {
    name: 'prefixed store to a page to be read',
    code: 'pstd r3, 0(r4), 0',
    needs: DR,
    since: 310,
    parts: { registers: [0n, place.readOnly], fscr: allOn },
    raised: (at) => ({ ...data(place.readOnly, storage.protection | storage.store)(at), status: prefixed }),
  },
  {
    name: 'prefixed load unavailable',
    code: 'plfd f1, 0(r4), 0',
    clears: FP,
    since: 310,
    parts: { registers: [0n, place.data], fscr: allOn },
    raised: simple(0x800n, prefixed),
  },
  {
    name: 'prefixed facility unavailable',
    code: 'pnop',
    needs: PR,
    since: 310,
    raised: (at) => ({ vector: 0xf60n, resume: at, cause: facility.PREFIX, status: prefixed }),
  },
  {
    name: 'prefixed step',
    code: 'pnop\n nop',
    sets: SE,
    since: 310,
    parts: { fscr: allOn },
    raised: simple(0xd00n, 0x4000_0000n | prefixed, 8n),
  },
];

const noSegment = (radix: boolean): bigint => (radix ? place.outside : place.noSegment);
/** Addresses beyond 32 bits need 64-bit mode. */
const wide = (radix: boolean): bigint => (radix ? SF : 0n);

/** All ways; what has no segment under hash translation is outside the tree under radix translation. */
const causesOf = (radix: boolean): readonly Cause[] => [
  { name: 'sc', code: 'sc 0', raised: simple(0xc00n, 0n, 4n) },
  { name: 'trap', code: 'trap', raised: simple(0x700n, program.trap) },
  { name: 'trap in the second instruction', code: 'nop\n tdi 31, r3, 0', raised: simple(0x700n, program.trap, 4n) },
  { name: 'opcode 0', code: '.long 0', raised: simple(0x700n, program.illegal) },
  { name: 'reserved opcode', code: '.long 0x24000000', raised: simple(0x700n, program.illegal) },
  { name: 'privileged instruction', code: 'mfmsr r3', needs: PR, raised: simple(0x700n, program.privileged) },
  { name: 'privileged register', code: 'mfspr r3, 26', needs: PR, raised: simple(0x700n, program.privileged) },
  { name: 'rfid', code: 'rfid', needs: PR, raised: simple(0x700n, program.privileged) },
  ...([FE0 | FE1, FE0, FE1] as const).map(
    (mode, i): Cause => ({
      name: `enabled floating-point exception, mode ${3 - i}`,
      code: 'mtfsb0 24\n mtfsb0 21\n mtfsb1 24\n mtfsb1 21\n nop',
      sets: FP | mode,
      clears: (FE0 | FE1) & ~mode,
      raised: simple(0x700n, program.floatingPoint, 12n),
    }),
  ),
  { name: 'floating-point unavailable', code: 'fmr f1, f2', clears: FP, raised: simple(0x800n) },
  { name: 'floating-point load unavailable', code: 'lfd f1, 0(r3)', clears: FP, raised: simple(0x800n) },
  { name: 'vector unavailable', code: 'vor v1, v2, v3', clears: VEC, raised: simple(0xf20n) },
  { name: 'VSX unavailable', code: 'xxlor vs1, vs2, vs3', clears: VSX, raised: simple(0xf40n) },
  {
    name: 'facility unavailable',
    code: 'mfspr r3, 815',
    needs: PR,
    since: 207,
    parts: { fscr: 0x0c00_0000_0000_0004n },
    raised: (at) => ({ vector: 0xf60n, resume: at, cause: facility.TAR }),
  },
  // Prefixed instructions are told by a bit of SRR1.
  ...prefixedCauses,
  {
    name: 'load without page',
    code: 'ld r3, 8(r4)',
    needs: DR,
    parts: { registers: [0n, place.noPage] },
    raised: data(place.noPage + 8n, storage.noTranslation),
  },
  {
    name: 'store without page',
    code: 'nop\n std r3, 0(r4)',
    needs: DR,
    parts: { registers: [0n, place.noPage] },
    raised: (at) => data(place.noPage, storage.noTranslation | storage.store)(at + 4n),
  },
  {
    name: 'load of another state',
    code: 'lwz r3, 0(r4)',
    needs: PR,
    parts: { registers: [0n, place.supervisor] },
    raised: data(place.supervisor, storage.protection),
  },
  {
    name: 'store to a page to be read',
    code: 'stb r3, 1(r4)',
    needs: DR,
    parts: { registers: [0n, place.readOnly] },
    raised: data(place.readOnly + 1n, storage.protection | storage.store),
  },
  {
    name: 'load without segment',
    code: 'lbz r3, 0(r4)',
    needs: DR | wide(radix),
    parts: { registers: [0n, noSegment(radix)] },
    raised: (at) => ({ vector: 0x380n, resume: at, dar: noSegment(radix), dsisr: 'any' }),
  },
  {
    name: 'store without segment',
    code: 'stw r3, 4(r4)',
    needs: DR | wide(radix),
    parts: { registers: [0n, noSegment(radix)] },
    raised: (at) => ({ vector: 0x380n, resume: at, dar: noSegment(radix) + 4n, dsisr: 'any' }),
  },
  {
    name: 'fetch without page',
    code: '',
    needs: IR,
    parts: { entry: place.noPage },
    raised: fetch(place.noPage, storage.noTranslation),
  },
  {
    name: 'fetch from data',
    code: '',
    needs: IR,
    parts: { entry: place.noExecute },
    raised: fetch(place.noExecute, storage.noExecute),
  },
  {
    name: 'fetch of another state',
    code: '',
    needs: PR,
    parts: { entry: place.supervisor },
    // A radix entry's rights to execute are told by the bit of no-execute pages.
    raised: fetch(place.supervisor, radix ? storage.noExecute : storage.protection),
  },
  {
    name: 'fetch without segment',
    code: '',
    needs: IR | wide(radix),
    parts: { entry: noSegment(radix) },
    raised: () => ({ vector: 0x480n, resume: noSegment(radix) }),
  },
  {
    name: 'branch to where no page is',
    code: 'nop\n mtctr r4\n bctr',
    needs: IR,
    parts: { registers: [0n, place.noPage + 0x20n] },
    raised: fetch(place.noPage + 0x20n, storage.noTranslation),
  },
  {
    name: 'reservation at an odd address',
    code: 'lwarx r3, 0, r4',
    parts: { registers: [0n, place.data + 1n] },
    raised: (at) => ({ vector: 0x600n, resume: at, dar: place.data + 1n, dsisr: 'any' }),
  },
  {
    name: 'decrementer',
    code: 'b .',
    sets: EE,
    parts: { prepare: 'li r3, -1\n mtdec r3' },
    raised: simple(0x900n),
  },
  { name: 'external', code: 'b .', sets: EE, parts: { prepare: ipi, after: ipiTaken }, raised: simple(0x500n) },
  {
    name: 'external before decrementer',
    code: 'b .',
    sets: EE,
    parts: { prepare: `${ipi}\n li r3, -1\n mtdec r3`, after: ipiTaken },
    raised: simple(0x500n),
  },
  {
    name: 'decrementer that waits for EE',
    code: 'ori r3, r3, 0x8002\n mtmsrd r3, 1\n b .',
    needs: 0n,
    without: PR | EE,
    parts: { prepare: 'li r3, -1\n mtdec r3' },
    raised: simple(0x900n, 0n, 8n),
    changes: { r3: 0x8002n },
  },
  { name: 'step', code: 'nop\n nop', sets: SE, raised: simple(0xd00n, 0x4000_0000n, 4n) },
  { name: 'branch traced', code: 'nop\n b .+8\n nop\n nop', sets: BE, raised: simple(0xd00n, 0x4000_0000n, 12n) },
  {
    name: 'doorbell',
    code: 'msgsndp r4\n b .',
    sets: EE,
    without: PR,
    since: 207,
    parts: {
      registers: [0n, 5n << 27n],
      notOnQemu: 'QEMU 7.2 ends: it has no doorbells in a guest and delivers what the hypervisor would get',
    },
    raised: simple(0xa00n, 0n, 4n),
  },
  {
    name: 'system reset',
    code: 'li r3, 0x380\n li r4, 0\n sc 1\n b .',
    without: PR,
    raised: simple(0x100n, 0n, 12n),
    changes: { r3: 0n, r4: 0n },
  },
];

/** Sets both of the partition's choices: r3 tells the last answer. */
export const setPartition = (ail: bigint, ile: boolean): string => `
        li r3, 0x31c
        li r4, ${ail}
        li r5, 3
        li r6, 0
        li r7, 0
        sc 1
        li r3, 0x31c
        li r4, ${ile ? 1 : 0}
        li r5, 4
        li r6, 0
        li r7, 0
        sc 1
`;

function caseOf(partition: Partition, context: Context, cause: Cause, prefix: string): GuestCase | undefined {
  const own = (context.msr | (cause.sets ?? 0n)) & ~(cause.clears ?? 0n);
  const needed = cause.needs ?? 0n;
  if ((own & needed) !== needed || own & (cause.without ?? 0n)) return undefined;
  if (partition.edition < (cause.since ?? 0)) return undefined;
  const parts = {
    lr: 0x1234n,
    ctr: 0x5678n,
    ...cause.parts,
    msr: own,
  };
  return {
    ...parts,
    name: `${prefix}, ${context.name}: ${cause.name}`,
    code: cause.code,
    expect: (at) => {
      const raised = cause.raised(at, (own & PR) !== 0n);
      const from = own & PR ? own | EE | IR | DR : own;
      const changed = /mtctr r4/.test(cause.code) ? { ctr: cause.parts?.registers?.[1] ?? 0n } : {};
      const after = /mtmsrd/.test(cause.code) ? from | EE | RI : from;
      return { ...interrupt(partition, parts, raised, after), ...cause.changes, ...changed };
    },
  };
}

/** A case that sets the partition's choices, and shows that it has. */
export function partitionCase(partition: Partition): GuestCase {
  const { ail, ile } = partition;
  return {
    name: `AIL ${ail}, ILE ${ile ? 1 : 0} set`,
    prepare: setPartition(ail, ile),
    msr: SF | ME,
    code: 'sc 0',
    expect: (at) => interrupt(partition, { msr: SF | ME }, { vector: 0xc00n, resume: at + 4n }),
  };
}

/** Every pair of interrupt location and byte order that an edition has. */
export function partitions(edition: Edition): readonly Partition[] {
  const ails = edition < 207 ? [0n] : edition < 310 ? [0n, 2n, 3n] : [0n, 3n];
  return ails.flatMap((ail) => [false, true].map((ile) => ({ edition, ail, ile })));
}

/** Options with which a CPU has all modes of {@link partitions}. */
export function allModes(cpu: string): Guest['options'] {
  const edition = editionOfCpu(cpu);
  return { cpu, ...(edition >= 207 && edition < 310 ? { 'cap-ail-mode-2': 'on' } : {}) };
}

/** One guest for each CPU: all contexts and causes for each interrupt location and byte order. */
export function vectorGuest(cpu: string, radix = false): Guest {
  const causes = causesOf(radix);
  const cases = partitions(editionOfCpu(cpu)).flatMap((partition) => {
    const prefix = `AIL ${partition.ail}, ILE ${partition.ile ? 1 : 0}`;
    const all = contexts.flatMap((context) =>
      causes.flatMap((cause) => caseOf(partition, context, cause, prefix) ?? []),
    );
    return [partitionCase(partition), ...all];
  });
  return { name: `vectors ${cpu}${radix ? ', radix' : ''}`, options: allModes(cpu), radix, cases };
}
