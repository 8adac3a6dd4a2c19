// A host as data: what its accelerator answers: section 9 of the specification. No code tests a profile's name.
import { bit64, type Hex } from './text.ts';

/** The KVM capabilities that the machine asks for, by the kernel's names without `KVM_CAP_`, with their numbers. */
export const kvmCapabilities = {
  PPC_SEGSTATE: 43,
  PPC_UNSET_IRQ: 53,
  PPC_GET_PVINFO: 57,
  PPC_IRQ_LEVEL: 58,
  SPAPR_TCE: 63,
  PPC_SMT: 64,
  PPC_HIOR: 67,
  PPC_PAPR: 68,
  ONE_REG: 70,
  PPC_GET_SMMU_INFO: 78,
  PPC_ALLOC_HTAB: 80,
  PPC_HTAB_FD: 84,
  PPC_RTAS: 91,
  IRQ_XICS: 92,
  SPAPR_MULTITCE: 94,
  PPC_FIXUP_HCALL: 103,
  PPC_ENABLE_HCALL: 104,
  PPC_HWRNG: 115,
  SPAPR_TCE_64: 125,
  PPC_HTM: 132,
  SPAPR_RESIZE_HPT: 133,
  PPC_MMU_RADIX: 134,
  PPC_MMU_HASH_V3: 135,
  SPAPR_TCE_VFIO: 142,
  PPC_FWNMI: 146,
  PPC_SMT_POSSIBLE: 147,
  PPC_GET_CPU_CHAR: 151,
  PPC_NESTED_HV: 160,
  PPC_IRQ_XIVE: 169,
  PPC_DAWR1: 194,
  PPC_RPT_INVALIDATE: 202,
  PPC_AIL_MODE_3: 210,
} as const;

/** The name of a KVM capability of {@link kvmCapabilities}. */
export type KvmCapability = keyof typeof kvmCapabilities;

/** How far a host protects against speculation, in the values of the capabilities of that name. */
export interface SecurityLevels {
  readonly cfpc: number;
  readonly sbbc: number;
  readonly ibs: number;
  readonly ccfAssist: number;
}

/** The answer of KVM_PPC_GET_CPU_CHAR: two words and the masks of their valid bits. */
export interface CpuCharacteristicsAnswer {
  readonly character: Hex;
  readonly characterMask: Hex;
  readonly behaviour: Hex;
  readonly behaviourMask: Hex;
}

/** What every profile says. */
interface CommonProfile {
  readonly name: string;
  readonly description: string;
  /** Rate of the timebase, Hz. */
  readonly timebaseFrequency: number;
}

/** Our own engine: it can be any CPU. */
export interface EngineProfile extends CommonProfile {
  readonly accelerator: 'engine';
}

/** A Linux host with KVM. */
export interface KvmProfile extends CommonProfile {
  readonly accelerator: 'kvm';
  /** The kinds of virtual machine that it can make; the first is what `kvm-type=auto` gets. */
  readonly kvmTypes: readonly ('hv' | 'pr')[];
  /** The real PVR of the host's CPUs. */
  readonly pvr: Hex;
  /** `class`: a guest gets the host's class of CPU; `up-to-class`: that or an older one. */
  readonly cpuRule: 'class' | 'up-to-class';
  /** Answers to KVM_CHECK_EXTENSION on the virtual machine; what is missing is 0. */
  readonly kvm: Readonly<Partial<Record<KvmCapability, number>>>;
  /** The host's AT_HWCAP2 shows transactional memory: older kernels have no capability for it. */
  readonly transactionalMemory: boolean;
  /** Levels, or the kernel's words from which they follow; neither: all 0. */
  readonly security?: SecurityLevels;
  readonly cpuCharacteristics?: CpuCharacteristicsAnswer;
  /** Width of the decrementer with LPCR[LD]; 0 where the bit cannot be set. */
  readonly largeDecrementerBits: number;
  /** What a write of KVM_REG_PPC_ARCH_COMPAT does. */
  readonly compatRegister: 'sets' | 'refuses' | 'ignores';
  /** The in-kernel XICS device can be destroyed and created again. */
  readonly xicsReconnect: boolean;
  /** Hypercalls with a handler in the kernel that KVM_CAP_PPC_ENABLE_HCALL accepts. */
  readonly kernelHypercalls: readonly string[];
  /** Who answers H_SET_MODE resource 3 (section 4.2): the machine after an HV kernel, a PR kernel, or an older, advisory one. */
  readonly setMode: 'hv' | 'pr' | 'pr-advisory';
  /** FSCR bits that a guest cannot set: a write loses them (section 5); none where absent. */
  readonly fscrLost?: Hex;
  /** Size of the pages that back guest memory, bytes. */
  readonly ramPageSize: number;
  /** Guest hash pages must lie in host pages of at least their size (KVM_PPC_PAGE_SIZES_REAL). */
  readonly pageSizesReal: boolean;
}

/** A host profile. */
export type HostProfile = EngineProfile | KvmProfile;

/** Bits of the KVM_PPC_GET_CPU_CHAR words (Linux, KVM_PPC_CPU_CHAR_*, KVM_PPC_CPU_BEHAV_*). */
const character = {
  barrierOri31: bit64(0),
  branchSerialised: bit64(1),
  flushOri30: bit64(2),
  flushTrig2: bit64(3),
  threadPrivate: bit64(4),
  countDisabled: bit64(7),
  flushAssist: bit64(9),
} as const;
const behaviour = { flushOnPrivilege: bit64(1), barrier: bit64(2), flushCountCache: bit64(5) } as const;

/** The levels that follow from the kernel's words (section 3.4); POWER8 hosts flush without the thread-private bit. */
function levelsFromWords(answer: CpuCharacteristicsAnswer, isPower8: boolean): SecurityLevels {
  const c = BigInt(answer.character);
  const cMask = BigInt(answer.characterMask);
  const b = BigInt(answer.behaviour);
  const bMask = BigInt(answer.behaviourMask);
  const has = (bit: bigint) => (c & cMask & bit) !== 0n;
  const clear = (bit: bigint) => (cMask & bit) !== 0n && (c & bit) === 0n;
  const needs = (bit: bigint) => (b & bMask & bit) !== 0n;
  const unneeded = (bit: bigint) => (bMask & bit) !== 0n && (b & bit) === 0n;

  const flushes =
    (isPower8 || has(character.threadPrivate)) && (has(character.flushOri30) || has(character.flushTrig2));
  const cfpc = unneeded(behaviour.flushOnPrivilege) ? 2 : flushes ? 1 : 0;
  const sbbc = unneeded(behaviour.barrier) ? 2 : has(character.barrierOri31) ? 1 : 0;
  let ibs = 0;
  if (unneeded(behaviour.flushCountCache) && clear(character.countDisabled) && clear(character.branchSerialised))
    ibs = 4;
  else if (needs(behaviour.flushCountCache)) ibs = 1;
  else if (has(character.countDisabled)) ibs = 3;
  else if (has(character.branchSerialised)) ibs = 2;
  return { cfpc, sbbc, ibs, ccfAssist: has(character.flushAssist) ? 1 : 0 };
}

/** @returns how far a KVM host protects against speculation (section 3.4). */
export function securityLevels(host: KvmProfile): SecurityLevels {
  if (host.security !== undefined) return host.security;
  const answer = host.cpuCharacteristics;
  if (answer === undefined) return { cfpc: 0, sbbc: 0, ibs: 0, ccfAssist: 0 };
  const family = Number(BigInt(host.pvr)) >>> 16;
  return levelsFromWords(answer, family >= 0x004b && family <= 0x004d);
}
