// What the architecture says of interrupts in a pseries guest, as pure functions over plain data: Power ISA v3.1 Book III,
// sections 2.2 (LPCR), 4.2.1 (MSR), 7.5 (interrupts), and the editions before it. Independent of the engine's code.
import { before, type Expectation, type GuestCase } from './guest-case.ts';

/** Editions of the Power ISA as numbers that compare. */
export type Edition = 206 | 207 | 300 | 310;

/** CPUs that guests are written for, with their edition. */
const editionOf: Readonly<Record<string, Edition>> = {
  power7: 206,
  'power7+': 206,
  power8: 207,
  power8e: 207,
  power8nvl: 207,
  power9: 300,
  power10: 310,
  power11: 310,
};

/** All of them. */
export const allCpus: readonly string[] = Object.keys(editionOf);
/** One of each edition. */
export const mainCpus: readonly string[] = ['power7', 'power8', 'power9', 'power10'];

/** The edition of a CPU that guests are written for. */
export function editionOfCpu(cpu: string): Edition {
  const edition = editionOf[cpu];
  if (edition === undefined) throw new Error(`no edition of ${cpu}`);
  return edition;
}

/** MSR bits (section 4.2.1). */
export const msr = {
  SF: 1n << 63n,
  HV: 1n << 60n,
  TS: 3n << 33n,
  TM: 1n << 32n,
  VEC: 1n << 25n,
  VSX: 1n << 23n,
  EE: 1n << 15n,
  PR: 1n << 14n,
  FP: 1n << 13n,
  ME: 1n << 12n,
  FE0: 1n << 11n,
  SE: 1n << 10n,
  BE: 1n << 9n,
  FE1: 1n << 8n,
  IR: 1n << 5n,
  DR: 1n << 4n,
  PMM: 1n << 2n,
  RI: 1n << 1n,
  LE: 1n,
} as const;

/** SRR1 bits 33:36 and 42:47 tell of the interrupt and are not copied from MSR. */
const statusBits = 0x783f_0000n;

/** What the partition has set for its interrupts. */
export interface Partition {
  readonly edition: Edition;
  readonly ail: bigint;
  readonly ile: boolean;
}

/** What an instruction or a condition raises. */
export interface Raised {
  readonly vector: bigint;
  /** What SRR0 gets. */
  readonly resume: bigint;
  /** Bits of SRR1 that tell of the interrupt. */
  readonly status?: bigint;
  readonly dar?: bigint;
  /** Undefined: not said by the architecture. */
  readonly dsisr?: bigint | 'any';
  /** Cause that replaces FSCR bits 0:7. */
  readonly cause?: bigint;
}

/** The MSR that a guest's rfid installs: it cannot clear ME; problem state implies external interrupts and translation. */
export function entered(value: bigint): bigint {
  return (value & msr.PR ? value | msr.EE | msr.IR | msr.DR : value) | msr.ME;
}

/** Mode in force for an interrupt from this MSR: 0, 2 or 3 (section 2.2 "Alternate Interrupt Location"; specification 4.3). */
export function location({ edition, ail }: Partition, old: bigint): bigint {
  const translated = msr.IR | msr.DR;
  if (edition < 207 || (old & translated) !== translated) return 0n;
  return ail === 3n || (ail === 2n && edition < 310) ? ail : 0n;
}

/** MSR of an interrupt's handler: ME is kept, everything else that is not the partition's choice is off. */
function newMsr({ ile }: Partition, relocated: boolean): bigint {
  return msr.SF | msr.ME | (ile ? msr.LE : 0n) | (relocated ? msr.IR | msr.DR : 0n);
}

const within = (old: bigint, address: bigint): bigint => (old & msr.SF ? address : address & 0xffff_ffffn);

/** Registers that a case has when it starts. */
function initial(one: Pick<GuestCase, 'lr' | 'ctr' | 'fscr' | 'registers'>, edition: Edition): Expectation {
  return {
    ...before,
    lr: one.lr ?? 0n,
    ctr: one.ctr ?? 0n,
    fscr: edition < 207 ? 0n : (one.fscr ?? 0n),
    r3: one.registers?.[0] ?? 0n,
    r4: one.registers?.[1] ?? 0n,
  };
}

/** An interrupt through SRR0 and SRR1. `from` is the MSR at that time when the program has changed it. */
export function interrupt(
  partition: Partition,
  one: Omit<GuestCase, 'expect' | 'name' | 'code'>,
  raised: Raised,
  from: bigint = entered(one.msr),
): Expectation {
  const exempt = raised.vector === 0x100n || raised.vector === 0x200n;
  const mode = exempt ? 0n : location(partition, from);
  const base = mode === 3n ? 0xc000_0000_0000_4000n : mode === 2n ? 0x1_8000n : 0n;
  const start = initial(one, partition.edition);
  const { dsisr: _, ...withoutDsisr } = start;
  const fscr = start.fscr ?? 0n;
  return {
    ...(raised.dsisr === 'any' ? withoutDsisr : start),
    vector: raised.vector | base,
    srr0: within(from, raised.resume),
    srr1: (from & ~statusBits) | (raised.status ?? 0n),
    msr: newMsr(partition, mode !== 0n),
    ...(raised.dar === undefined ? {} : { dar: raised.dar }),
    ...(typeof raised.dsisr === 'bigint' ? { dsisr: raised.dsisr } : {}),
    ...(raised.cause === undefined ? {} : { fscr: (fscr & 0x00ff_ffff_ffff_ffffn) | (raised.cause << 56n) }),
  };
}

/** The trap behind a program of `instructions` instructions that has completed. */
export function completed(
  partition: Partition,
  one: Omit<GuestCase, 'expect' | 'name' | 'code'>,
  end: bigint,
  from?: bigint,
): Expectation {
  return interrupt(partition, one, { vector: 0x700n, resume: end, status: program.trap }, from);
}

/** scv with its facility on (specification section 5): LR and CTR instead of SRR0 and SRR1, EE and RI kept. */
export function vectoredCall(
  partition: Partition,
  one: Omit<GuestCase, 'expect' | 'name' | 'code'>,
  at: bigint,
  level: bigint,
): Expectation {
  const from = entered(one.msr);
  const mode = location(partition, from);
  return {
    ...initial(one, partition.edition),
    vector: (mode === 3n ? 0xc000_0000_0000_3000n : 0x1_7000n) + level * 0x20n,
    // What the rfid that entered the program has left: the interrupt writes neither.
    srr0: one.entry ?? at,
    srr1: one.msr,
    msr: newMsr(partition, mode !== 0n) | (from & (msr.EE | msr.RI)),
    lr: within(from, at + 4n),
    ctr: from & ~statusBits,
  };
}

/** SRR1 bits of the program interrupt (section 7.5.9). */
export const program = {
  floatingPoint: 0x10_0000n,
  illegal: 0x8_0000n,
  privileged: 0x4_0000n,
  trap: 0x2_0000n,
  /** SRR0 is not the instruction that raised it. */
  later: 0x1_0000n,
} as const;

/** DSISR bits, and SRR1 bits of the instruction storage interrupt (sections 7.5.3, 7.5.5). */
export const storage = {
  noTranslation: 0x4000_0000n,
  noExecute: 0x1000_0000n,
  protection: 0x0800_0000n,
  store: 0x0200_0000n,
} as const;

/** Causes in FSCR bits 0:7 (section 7.5.17). */
export const facility = { DSCR: 2n, TM: 5n, EBB: 7n, TAR: 8n, SCV: 12n, PREFIX: 13n } as const;
