// What a test guest is: a list of small programs, each started in a given context, whose next interrupt is written down.

/** Registers as the interrupt that ended a case left them. */
export interface Recorded {
  /** Effective address of the vector at which execution went on. */
  readonly vector: bigint;
  readonly srr0: bigint;
  readonly srr1: bigint;
  /** The new MSR. */
  readonly msr: bigint;
  readonly dar: bigint;
  readonly dsisr: bigint;
  readonly lr: bigint;
  readonly ctr: bigint;
  /** 0 on a CPU without FSCR. */
  readonly fscr: bigint;
  readonly r3: bigint;
  readonly r4: bigint;
}

/** Names of {@link Recorded}, in the order in which the guest prints them. */
export const recordedFields = [
  ...(['vector', 'srr0', 'srr1', 'msr', 'dar', 'dsisr', 'lr', 'ctr', 'fscr', 'r3', 'r4'] as const),
] satisfies readonly (keyof Recorded)[];

/** What the model says of a case; fields that it leaves out may have any value. */
export type Expectation = Partial<Recorded>;

/** One small program: it is entered by rfid and runs to its first interrupt, the trap behind its end at the latest. */
export interface GuestCase {
  readonly name: string;
  /** Server number of the vCPU that runs it; 0 unless given. */
  readonly vcpu?: number;
  /** Assembler text that runs first: supervisor state, 64-bit, big-endian, translation off; r31 and LR are to be kept. */
  readonly prepare?: string;
  /** The same after the interrupt was written down. */
  readonly after?: string;
  readonly msr: bigint;
  /** Address of entry; the program itself unless given. */
  readonly entry?: bigint;
  readonly fscr?: bigint;
  readonly lr?: bigint;
  readonly ctr?: bigint;
  /** r3, r4 and so on up to r8; 0 unless given. */
  readonly registers?: readonly bigint[];
  /** Byte order of the program; that of `msr` unless given. */
  readonly littleEndian?: boolean;
  readonly code: string;
  /** Fields that depend on time: they are not compared with QEMU's. */
  readonly varies?: readonly (keyof Recorded)[];
  /** Why QEMU 7.2 cannot run it at all. */
  readonly notOnQemu?: string;
  /** What is due; `at` is the address of the program's first instruction. */
  readonly expect: (at: bigint) => Expectation;
}

/** A guest: one start of a machine. */
export interface Guest {
  readonly name: string;
  /** Options by their names in a request, `cpu` among them. */
  readonly options: Readonly<Record<string, string>> & { readonly cpu: string };
  /** Its ELF file is little-endian; it is entered big-endian all the same. */
  readonly littleEndianFile?: boolean;
  /** It negotiates, and translates by radix trees in place of a hash page table. */
  readonly radix?: boolean;
  readonly cases: readonly GuestCase[];
}

/** Values that registers hold when a case starts: what an interrupt does not write must still be there. */
export const before = { dar: 0xda0_0000n, dsisr: 0xd51_5000n } as const;

/** Places in the guest's effective address space that cases may use. */
export const place = {
  /** Real memory lies there for both states, and at 0 too. */
  kernel: 0xc000_0000_0000_0000n,
  /** Ordinary memory for loads and stores, 64 KiB. */
  data: 0xf0_0000n,
  /** May only be read. */
  readOnly: 0x100_0000n,
  /** May not be executed. */
  noExecute: 0x101_0000n,
  /** Supervisor state only. */
  supervisor: 0x102_0000n,
  /** In a segment, but without a page. */
  noPage: 0x800_0000n,
  /** Without a segment, under hash translation. */
  noSegment: 0x1000_0000n,
  /** Beyond the 52 bits of the radix tree. */
  outside: 0x10_0000_0000_0000n,
} as const;
