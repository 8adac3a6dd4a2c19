// The CPUs and their compatibility levels: section 7.1 of the guest-environment specification.
import { bit64, type Hex, hex } from './text.ts';

/** A compatibility level that a guest can be held at, oldest to newest. */
export type LevelName = 'power6' | 'power7' | 'power7+' | 'power8' | 'power9' | 'power10' | 'power11';

/** One row of the table of compatibility levels. */
export interface Level {
  readonly name: LevelName;
  /** Logical PVR (PAPR). */
  readonly logicalPvr: number;
  /** PCR value of the level before the write mask of a CPU class is applied (Power ISA book III, PCR). */
  readonly pcr: bigint;
  /** Most threads of a core that the device tree shows in this level. */
  readonly maxThreads: number;
}

/** PCR bit that takes transactional memory away. */
const tmDisable = bit64(2);
/** PCR bit that takes VSX away. */
const vsxDisable = bit64(1);
/** PCR bit that takes VMX away. */
const vecDisable = bit64(0);

/** The levels, oldest first. Their order is this order, never that of the PVR numbers (0x0F100003 is older than 0x0F000004). */
export const levels: readonly Level[] = [
  { name: 'power6', logicalPvr: 0x0f000002, pcr: 0x3en | tmDisable | vsxDisable, maxThreads: 2 },
  { name: 'power7', logicalPvr: 0x0f000003, pcr: 0x3cn | tmDisable, maxThreads: 4 },
  { name: 'power7+', logicalPvr: 0x0f100003, pcr: 0x3cn | tmDisable, maxThreads: 4 },
  { name: 'power8', logicalPvr: 0x0f000004, pcr: 0x38n, maxThreads: 8 },
  { name: 'power9', logicalPvr: 0x0f000005, pcr: 0x30n, maxThreads: 8 },
  { name: 'power10', logicalPvr: 0x0f000006, pcr: 0x20n, maxThreads: 8 },
  { name: 'power11', logicalPvr: 0x0f000007, pcr: 0x20n, maxThreads: 8 },
];

/** @returns the place of a level in the table: a greater place is a newer level. */
export function levelRank(name: LevelName): number {
  return levels.findIndex((level) => level.name === name);
}

/** @returns the level of that name, or undefined. */
export function findLevel(name: string): Level | undefined {
  return levels.find((level) => level.name === name);
}

/** @returns the row of a level. */
export function levelRow(name: LevelName): Level {
  // Every LevelName has a row: the test of this file walks them all.
  return levels[levelRank(name)] as Level;
}

/** A family of CPUs that are alike for a guest. */
export type CpuClassName = 'POWER7' | 'POWER8' | 'POWER9' | 'POWER10' | 'POWER11';

/** What a CPU class has. Sizes in bytes. */
export interface CpuClass {
  readonly name: CpuClassName;
  /** Upper half-words of the real PVRs of this class. */
  readonly pvrFamilies: readonly number[];
  /** The newest level that the class can run in; it can run in all older ones of the table, too. */
  readonly newestLevel: LevelName;
  /** The PCR bits that a write reaches. */
  readonly pcrMask: bigint;
  readonly vsx: boolean;
  readonly dfp: boolean;
  /** Width of the decrementer with LPCR[LD], 0 where it is always 32 bits wide. */
  readonly largeDecrementerBits: number;
  /** True where LPCR[AIL] exists (ISA 2.07). */
  readonly hasAil: boolean;
  /** True where AIL mode 2 exists (ISA 2.07 and 3.0 only). */
  readonly hasAil2: boolean;
  /** True where the CPU has radix translation and `scv` (ISA 3.0). */
  readonly isa300: boolean;
  readonly slbEntries: number;
  readonly l1DataCache: number;
  readonly l1InstructionCache: number;
  readonly cacheLine: number;
  /** HostThrs of the partition's characteristics (ibm,get-system-parameter): threads of a real core; 0: not told. */
  readonly hostThreads: number;
  /** Name of the CPU's node in the device tree, before `@`. */
  readonly nodeName: string;
}

const common = { vsx: true, dfp: true, slbEntries: 32, l1DataCache: 0x8000, cacheLine: 0x80 } as const;

/** The CPU classes, oldest first. */
export const cpuClasses: readonly CpuClass[] = [
  {
    ...common,
    name: 'POWER7',
    pvrFamilies: [0x003f, 0x004a],
    newestLevel: 'power7+',
    pcrMask: vecDisable | vsxDisable | 0x2n,
    largeDecrementerBits: 0,
    hasAil: false,
    hasAil2: false,
    isa300: false,
    l1InstructionCache: 0x8000,
    hostThreads: 0,
    nodeName: 'PowerPC,POWER7',
  },
  {
    ...common,
    name: 'POWER8',
    pvrFamilies: [0x004b, 0x004c, 0x004d],
    newestLevel: 'power8',
    pcrMask: tmDisable | 0x6n,
    largeDecrementerBits: 0,
    hasAil: true,
    hasAil2: true,
    isa300: false,
    l1InstructionCache: 0x8000,
    hostThreads: 8,
    nodeName: 'PowerPC,POWER8',
  },
  {
    ...common,
    name: 'POWER9',
    pvrFamilies: [0x004e],
    newestLevel: 'power9',
    pcrMask: 0xen,
    largeDecrementerBits: 56,
    hasAil: true,
    hasAil2: true,
    isa300: true,
    l1InstructionCache: 0x8000,
    hostThreads: 4,
    nodeName: 'PowerPC,POWER9',
  },
  {
    ...common,
    name: 'POWER10',
    pvrFamilies: [0x0080],
    newestLevel: 'power10',
    pcrMask: 0x1en,
    largeDecrementerBits: 56,
    hasAil: true,
    hasAil2: false,
    isa300: true,
    l1InstructionCache: 0x8000,
    hostThreads: 0,
    nodeName: 'PowerPC,POWER10',
  },
  {
    ...common,
    name: 'POWER11',
    pvrFamilies: [0x0082],
    newestLevel: 'power11',
    pcrMask: 0x1en,
    largeDecrementerBits: 56,
    hasAil: true,
    hasAil2: false,
    isa300: true,
    l1InstructionCache: 0x8000,
    hostThreads: 0,
    nodeName: 'PowerPC,POWER11',
  },
];

/** A CPU that can be asked for by name. */
export interface CpuModel {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly pvr: number;
  readonly class: CpuClassName;
}

/** The CPU models, oldest first. */
export const cpuModels: readonly CpuModel[] = [
  { name: 'power7_v2.3', aliases: ['power7'], pvr: 0x003f0203, class: 'POWER7' },
  { name: 'power7+_v2.1', aliases: ['power7+'], pvr: 0x004a0201, class: 'POWER7' },
  { name: 'power8e_v2.1', aliases: ['power8e'], pvr: 0x004b0201, class: 'POWER8' },
  { name: 'power8nvl_v1.0', aliases: ['power8nvl'], pvr: 0x004c0100, class: 'POWER8' },
  { name: 'power8_v2.0', aliases: ['power8'], pvr: 0x004d0200, class: 'POWER8' },
  { name: 'power9_v2.0', aliases: [], pvr: 0x004e1200, class: 'POWER9' },
  { name: 'power9_v2.2', aliases: ['power9'], pvr: 0x004e1202, class: 'POWER9' },
  { name: 'power10_v2.0', aliases: ['power10'], pvr: 0x00801200, class: 'POWER10' },
  { name: 'power11_v2.0', aliases: ['power11'], pvr: 0x00821200, class: 'POWER11' },
];

/** @returns the model of that name or alias (any case), or undefined. */
export function findCpuModel(name: string): CpuModel | undefined {
  const low = name.toLowerCase();
  return cpuModels.find((model) => model.name === low || model.aliases.includes(low));
}

/** @returns the class of that name. */
export function cpuClass(name: CpuClassName): CpuClass {
  // Every CpuClassName has a row: the test of this file walks all models.
  return cpuClasses.find((row) => row.name === name) as CpuClass;
}

/** @returns the class whose PVR family `pvr` belongs to, or undefined. */
export function classOfPvr(pvr: number): CpuClass | undefined {
  return cpuClasses.find((row) => row.pvrFamilies.includes(pvr >>> 16));
}

/** @returns whether a CPU class can run in a level. */
export function classSupports(row: CpuClass, level: LevelName): boolean {
  return levelRank(level) <= levelRank(row.newestLevel);
}

/** @returns the PCR of a class in a level (Power ISA book III), as the register reads afterwards. */
export function pcrFor(row: CpuClass, level: LevelName): Hex {
  return hex(levelRow(level).pcr & row.pcrMask, 16);
}

/**
 * Whether a raw guest that has seen one real PVR may go on as a CPU model (section 7.4): the same family and major revision;
 * POWER9 DD2.0 and DD2.1 are alike, and so are DD2.2 and DD2.3, but not the two pairs.
 */
export function pvrMatches(pvr: number, modelPvr: number): boolean {
  if (pvr >>> 16 !== modelPvr >>> 16) return false;
  if ((pvr & 0x0f00) !== (modelPvr & 0x0f00)) return false;
  const isPower9Dd2 = pvr >>> 16 === 0x004e && (pvr & 0x0f00) === 0x0200;
  return !isPower9Dd2 || (pvr & 0xf) < 2 === (modelPvr & 0xf) < 2;
}

/** @returns the models of the class of a real PVR: those that match it first, then the newest; empty for a PVR of no known class. */
export function modelsForPvr(pvr: number): CpuModel[] {
  const row = classOfPvr(pvr);
  return cpuModels
    .filter((model) => model.class === row?.name)
    .sort((a, b) => Number(pvrMatches(pvr, b.pvr)) - Number(pvrMatches(pvr, a.pvr)) || b.pvr - a.pvr);
}
