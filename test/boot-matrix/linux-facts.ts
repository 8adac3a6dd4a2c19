// What Linux 6.1 makes of a CPU and its device tree, as far as a program can see: bits of the auxiliary vector, names of CPUs.
// Facts from its sources (arch/powerpc): uapi/asm/cputable.h for the bits, kernel/cputable.c for what each processor version has,
// kernel/prom.c for the properties that add and take away, kernel/setup_64.c for `scv`, perf/*-pmu.c for event-based branches;
// from the configuration of Debian's package: CONFIG_PPC_TRANSACTIONAL_MEM and CONFIG_KVM_BOOK3S_PR_POSSIBLE are not set.

/** How the versions begin that these facts are about. */
export const kernelSeries = '6.1.';

/** AT_HWCAP. */
export const hwcap = {
  '32': 0x8000_0000,
  '64': 0x4000_0000,
  ALTIVEC: 0x1000_0000,
  FPU: 0x0800_0000,
  MMU: 0x0400_0000,
  SMT: 0x0000_4000,
  ICACHE_SNOOP: 0x0000_2000,
  DFP: 0x0000_0400,
  ARCH_2_06: 0x0000_0100,
  VSX: 0x0000_0080,
  PSERIES_PERFMON_COMPAT: 0x0000_0040,
  TRUE_LE: 0x0000_0002,
} as const;

/** AT_HWCAP2. */
export const hwcap2 = {
  ARCH_2_07: 0x8000_0000,
  HTM: 0x4000_0000,
  DSCR: 0x2000_0000,
  EBB: 0x1000_0000,
  ISEL: 0x0800_0000,
  TAR: 0x0400_0000,
  VEC_CRYPTO: 0x0200_0000,
  HTM_NOSC: 0x0100_0000,
  ARCH_3_00: 0x0080_0000,
  IEEE128: 0x0040_0000,
  DARN: 0x0020_0000,
  SCV: 0x0010_0000,
  ARCH_3_1: 0x0004_0000,
  MMA: 0x0002_0000,
} as const;

/** A bit of AT_HWCAP by name. */
export type HwcapName = keyof typeof hwcap;
/** A bit of AT_HWCAP2 by name. */
export type Hwcap2Name = keyof typeof hwcap2;

/** Types of entries of the auxiliary vector (uapi/linux/auxvec.h, uapi/asm/auxvec.h). */
export const auxiliaryType = {
  AT_PLATFORM: 15,
  AT_HWCAP: 16,
  AT_DCACHEBSIZE: 19,
  AT_ICACHEBSIZE: 20,
  AT_BASE_PLATFORM: 24,
  AT_HWCAP2: 26,
  AT_L1I_CACHESIZE: 40,
  AT_L1D_CACHESIZE: 42,
} as const;

/** What the kernel knows about a processor version: a real PVR's family, or a logical PVR. */
export interface KnownCpu {
  readonly mask: number;
  readonly version: number;
  /** Of `/proc/cpuinfo`. */
  readonly name: string;
  readonly platform: string;
  readonly hwcap: readonly HwcapName[];
  readonly hwcap2: readonly Hwcap2Name[];
}

/** What all from POWER7 on have. */
const common: readonly HwcapName[] = [
  '32',
  '64',
  'FPU',
  'MMU',
  'ARCH_2_06',
  'SMT',
  'ICACHE_SNOOP',
  'TRUE_LE',
  'PSERIES_PERFMON_COMPAT',
];
const isa207: readonly Hwcap2Name[] = ['ARCH_2_07', 'DSCR', 'ISEL', 'TAR', 'VEC_CRYPTO'];
const isa300: readonly Hwcap2Name[] = [...isa207, 'ARCH_3_00', 'IEEE128', 'DARN', 'SCV'];
const isa310: readonly Hwcap2Name[] = [...isa300, 'ARCH_3_1', 'MMA'];

function known(mask: number, version: number, name: string, platform: string, bits: readonly Hwcap2Name[]): KnownCpu {
  return { mask, version, name, platform, hwcap: common, hwcap2: bits };
}

const exact = 0xffff_ffff;
const family = 0xffff_0000;

/** Linux 6.1 knows no POWER11: such a guest runs in the level of POWER10, and its real PVR is that of the last row. */
export const knownCpus: readonly KnownCpu[] = [
  known(exact, 0x0f00_0004, 'POWER8 (architected)', 'power8', isa207),
  known(exact, 0x0f00_0005, 'POWER9 (architected)', 'power9', isa300),
  known(exact, 0x0f00_0006, 'POWER10 (architected)', 'power10', isa310),
  known(family, 0x004d_0000, 'POWER8 (raw)', 'power8', isa207),
  known(family, 0x004e_0000, 'POWER9 (raw)', 'power9', isa300),
  known(family, 0x0080_0000, 'POWER10 (raw)', 'power10', isa310),
  {
    mask: 0,
    version: 0,
    name: 'POWER5 (compatible)',
    platform: 'power5',
    hwcap: ['32', '64', 'FPU', 'MMU'],
    hwcap2: [],
  },
];

/** @returns what the kernel knows about a processor version, real or logical: the first row that matches. */
export function knownCpu(version: number): KnownCpu {
  const row = knownCpus.find((candidate) => (version & candidate.mask) >>> 0 === candidate.version);
  if (row === undefined) throw new Error('the last row matches every version');
  return row;
}

/**
 * Bytes of the first-level data cache that the kernel takes instead of the device tree's, by PVR family: the trees of POWER8
 * machines were wrong (kernel/setup_64.c).
 */
export const fixedDataCache: Readonly<Record<number, number>> = { 75: 0x1_0000, 76: 0x1_0000, 77: 0x1_0000 };

/** Logical PVRs that the kernel lists when it negotiates, oldest first (kernel/prom_init.c). */
export const negotiatedVersions: readonly number[] = [0x0f00_0004, 0x0f00_0005, 0x0f00_0006];

/** Features in `ibm,pa-features` that set or take away a bit: byte and bit (0 is the most significant) behind the header. */
export const paFeatureBits: readonly { readonly byte: number; readonly bit: number; readonly hwcap: HwcapName }[] = [
  { byte: 0, bit: 0, hwcap: 'MMU' },
  { byte: 0, bit: 1, hwcap: 'FPU' },
  { byte: 5, bit: 0, hwcap: 'TRUE_LE' },
];

/** The processor families in whose PVR four bits beside the revision tell the chip: the revision's major part has four bits. */
export const shortRevisionFamilies: readonly number[] = [0x004e, 0x0080];

/** What the kernel asks for in option vector 5, whatever the machine (kernel/prom_init.c). */
export const alwaysAsked = [
  'dynamicMemory',
  'form1Affinity',
  'form2Affinity',
  'hotplugEvents',
  'hptResize',
  'dynamicMemoryV2',
] as const;

/** Words of the kernel's command line by which it asks for less (admin-guide/kernel-parameters). */
export const kernelWords = {
  hash: 'disable_radix',
  xics: 'xive=off',
  /** Radix guest translation shootdown off: H_RPT_INVALIDATE in place of `tlbie`. */
  hypercallInvalidate: 'radix_hcall_invalidate=on',
} as const;

/** The number of a fatal SIGILL as the shell gives it. */
export const illegalInstructionStatus = 128 + 4;
/** EBADF. */
export const badDescriptor = 9;
