// What of the guest's environment the platform shows and obeys: an `Environment` in the form in which papr uses it.
import type { Environment, LevelView } from '../environment/index.ts';

/** A compatibility level, or the raw CPU, as the guest can be in it. */
export interface PlatformLevel {
  readonly name: string;
  /** Value of `cpu-version`: the logical PVR, or the real one for the raw CPU. */
  readonly version: number;
  /** Its logical PVR; 0 for the raw CPU. */
  readonly logicalPvr: number;
  /** Contents of the PCR. */
  readonly pcr: bigint;
  /** Most threads of a core that the tree shows. */
  readonly maxThreads: number;
  /** Bytes 23…26 of vector 5 in `ibm,arch-vec-5-platform-support`. */
  readonly platformSupport: Environment['platformSupport'];
  /** `ibm,pa-features` and `ibm,pi-features` with their headers; empty where the level has none. */
  readonly paFeatures: readonly number[];
  readonly piFeatures: readonly number[];
}

/** Everything that papr needs to know about the guest, in numbers. */
export interface PlatformEnvironment {
  readonly memoryBytes: number;
  /** Largest real-mode area in bytes; 0: no limit. */
  readonly rmaLimit: number;
  readonly smp: Environment['smp'];
  readonly cpu: {
    /** Node name without unit address, such as `PowerPC,POWER9`. */
    readonly nodeName: string;
    readonly pvr: number;
    readonly slbEntries: number;
    /** Bytes. */
    readonly l1DataCache: number;
    readonly l1InstructionCache: number;
    readonly cacheLine: number;
    /** HostThrs; 0: not told. */
    readonly hostThreads: number;
    /** Hz. */
    readonly timebaseFrequency: number;
    readonly clockFrequency: number;
    /** `ibm,dec-bits`; 0 when the decrementer is 32 bits wide. */
    readonly decrementerBits: number;
    /** 0 none, 1 VMX, 2 VMX and VSX. */
    readonly vmx: number;
    readonly dfp: boolean;
    /** Radix translation exists (ISA 3.00). */
    readonly radix: boolean;
    /** CIABR and DAWR0 can be set (ISA 2.07). */
    readonly watchpoints: boolean;
    /** There is a second watchpoint (ISA 3.1). */
    readonly secondWatchpoint: boolean;
    /** Cells of the properties; `radixApEncodings` is empty without radix. */
    readonly segmentPageSizes: readonly number[];
    readonly segmentSizes: readonly number[];
    readonly radixApEncodings: readonly number[];
    /** log2 of the hash table's size for this much memory. */
    readonly hptShift: number;
  };
  /** Levels that CAS may choose by logical PVR, oldest first. */
  readonly levels: readonly PlatformLevel[];
  /** The raw CPU, when CAS may choose that. */
  readonly raw: PlatformLevel | undefined;
  /** The level of a reset: that of `max-cpu-compat`, else raw. */
  readonly resetLevel: PlatformLevel;
  /** Interrupt controllers that CAS chooses from. */
  readonly interruptModes: 'xics' | 'xive' | 'dual';
  /** MMUs that CAS chooses from. */
  readonly mmuModes: 'hash' | 'radix' | 'either';
  readonly hptResize: 'disabled' | 'enabled' | 'required';
  /** What option vector 5 offers besides the two modes. */
  readonly optionVector5: Environment['optionVector5'];
  /** `ibm,pe-total-#msi`. */
  readonly msiCount: number;
  /** First interrupt number of each range: console and NVRAM have two in a row, the PCI host INTA…INTD. */
  readonly interruptRanges: Environment['interruptModes']['ranges'];
  /** The calls that exist. */
  readonly hypercalls: readonly { readonly name: string; readonly number: number }[];
  readonly rtasCalls: readonly { readonly name: string; readonly token: number }[];
  /** Strings of `ibm,hypertas-functions` and `qemu,hypertas-functions`. */
  readonly hypertasFunctions: readonly string[];
  readonly privateHypertasFunctions: readonly string[];
  /** The two words of H_GET_CPU_CHARACTERISTICS. */
  readonly cpuCharacteristics: bigint;
  readonly cpuBehaviour: bigint;
  /** Modes that H_SET_MODE accepts for the location of interrupts. */
  readonly ailModes: readonly number[];
  readonly dawr1: boolean;
  /** The guest may be a hypervisor itself. */
  readonly nestedHv: boolean;
  /** ibm,nmi-register works. */
  readonly fwnmi: boolean;
  /** Choices of the machine type. */
  readonly traits: Environment['traits'];
}

function platformLevel(view: LevelView): PlatformLevel {
  return {
    name: view.name,
    version: Number(view.cpuVersion),
    logicalPvr: Number(view.logicalPvr),
    pcr: BigInt(view.pcr),
    maxThreads: view.threadsPerCore,
    platformSupport: view.platformSupport,
    paFeatures: view.paFeatures,
    piFeatures: view.piFeatures,
  };
}

/** `ibm,segment-page-sizes`: per segment base shift, SLB encoding, number of page sizes, and these. */
function segmentPageSizes({ pageSizes }: Environment): number[] {
  return pageSizes.segments.flatMap(({ shift, slbEncoding, pages }) => [
    shift,
    slbEncoding,
    pages.length,
    ...pages.flatMap((page) => [page.shift, page.encoding]),
  ]);
}

/** `ibm,processor-segment-sizes`: 256 MiB, 1 TiB, then two that no CPU has. */
function segmentSizes({ segmentSizes: shifts }: Environment): number[] {
  return Array.from({ length: 4 }, (_, n) => shifts[n] ?? 0xffff_ffff);
}

/** Turns an environment into what papr works with. */
export function platformEnvironment(environment: Environment): PlatformEnvironment {
  const { cpu, facilities, pageSizes, memory, decrementer, characteristics } = environment;
  const views = environment.levels.map(platformLevel);
  const raw = views.find(({ name }) => name === 'raw');
  const resetLevel = cpu.maxCompat === undefined ? raw : views.find(({ name }) => name === cpu.maxCompat);
  if (resetLevel === undefined) throw new Error(`the environment lacks its reset level ${cpu.maxCompat ?? 'raw'}`);
  return {
    memoryBytes: memory.size,
    rmaLimit: memory.rmaLimit,
    smp: environment.smp,
    cpu: {
      nodeName: cpu.nodeName,
      pvr: Number(cpu.pvr),
      slbEntries: cpu.slbEntries,
      l1DataCache: cpu.l1DataCache,
      l1InstructionCache: cpu.l1InstructionCache,
      cacheLine: cpu.cacheLine,
      hostThreads: cpu.hostThreads,
      timebaseFrequency: environment.timebaseFrequency,
      clockFrequency: environment.clockFrequency,
      decrementerBits: decrementer.large ? decrementer.bits : 0,
      vmx: facilities.vmx,
      dfp: facilities.dfp,
      radix: pageSizes.radix.length > 0,
      watchpoints: facilities.watchpoints,
      secondWatchpoint: cpu.class === 'POWER10' || cpu.class === 'POWER11',
      segmentPageSizes: segmentPageSizes(environment),
      segmentSizes: segmentSizes(environment),
      // The AP field stands in the three most significant bits.
      radixApEncodings: pageSizes.radix.map(({ shift, ap }) => ((ap << 29) | shift) >>> 0),
      hptShift: memory.hptShift.initial,
    },
    levels: views.filter(({ name }) => name !== 'raw'),
    raw,
    resetLevel,
    interruptModes: environment.interruptModes.offered,
    mmuModes: environment.mmuOffer,
    hptResize: environment.resizeHpt,
    optionVector5: environment.optionVector5,
    msiCount: environment.interruptModes.msiCount,
    interruptRanges: environment.interruptModes.ranges,
    hypercalls: Object.entries(environment.hypercalls).map(([name, number]) => ({ name, number })),
    rtasCalls: Object.entries(environment.rtas).map(([name, token]) => ({ name, token })),
    hypertasFunctions: environment.hypertasFunctions,
    privateHypertasFunctions: environment.privateFunctions,
    cpuCharacteristics: BigInt(characteristics.character),
    cpuBehaviour: BigInt(characteristics.behaviour),
    ailModes: environment.ailModes,
    dawr1: facilities.dawr1,
    nestedHv: facilities.nestedHv,
    fwnmi: facilities.fwnmi,
    traits: environment.traits,
  };
}

/** Server number (interrupt server, processor number of hypercalls and RTAS) of a vCPU counted from 0. */
export function serverOf({ smp }: PlatformEnvironment, index: number): number {
  const { threads, vsmt } = smp;
  return Math.floor(index / threads) * vsmt + (index % threads);
}

/** The vCPU with a server number, or undefined. */
export function indexOfServer({ smp }: PlatformEnvironment, server: number): number | undefined {
  const { cpus, threads, vsmt } = smp;
  const index = Math.floor(server / vsmt) * threads + (server % vsmt);
  return Number.isInteger(server) && server >= 0 && server % vsmt < threads && index < cpus ? index : undefined;
}
